/** The text of a file as people have them: UTF-8 or UTF-16, with or without a byte order mark, lines ended either way. */

/**
 * Decodes a file. Windows PowerShell redirects output as UTF-16; without a mark it is told by the zero bytes, which no key file holds.
 */
export function fileText(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

function encodingOf([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if ((first === 0xff && second === 0xfe) || (first !== undefined && first !== 0 && second === 0)) return 'utf-16le';
  return (first === 0xfe && second === 0xff) || (first === 0 && second !== undefined && second !== 0) ? 'utf-16be' : 'utf-8';
}

/**
 * The lines of base64 that a tool wrapped as one: all but the last are equally long, as MIME and PEM have them, and none can be read alone.
 * Other lines stay as they are.
 */
export function unwrapped(lines: readonly string[]): readonly string[] {
  const [first = ''] = lines;
  const last = lines.at(-1) ?? '';
  const isWrapped =
    lines.length > 1 &&
    WIDTHS.has(first.length) &&
    lines.slice(0, -1).every((line) => line.length === first.length && /^[\w+/-]+$/.test(line)) &&
    last.length <= first.length &&
    /^[\w+/-]+=*$/.test(last);
  return isWrapped ? [lines.join('')] : lines;
}

/** RFC 7468 §2 and RFC 2045 §6.8. */
const WIDTHS: ReadonlySet<number> = new Set([64, 76]);

/** A text without the quotation marks around it. */
export function unquoted(text: string): string {
  return /^(["'])([^"']*)\1$/.exec(text)?.[2] ?? text;
}
