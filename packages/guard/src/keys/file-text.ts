/** Texts as people have them in files: UTF-8 or UTF-16, with or without a byte order mark, wrapped, quoted, with a note above. */
import { ConfigurationError } from '../checks/configuration-error.ts';

/**
 * Decodes a file. Windows PowerShell redirects output as UTF-16; without a byte order mark it is told by the zero bytes, which no key file holds.
 * It does **not** check what the text says.
 * @param bytes - the content of the file
 * @param from - what messages call it. If it is given, bytes that are neither UTF-8 nor UTF-16 are refused; default: they become U+FFFD
 * @throws ConfigurationError `file-malformed`, only where `from` is given
 *
 * @example
 * ```ts
 * import { fileText } from 'approov-guard/keys-file';
 * console.log(fileText(Buffer.from('\ufeffsecret', 'utf16le'))); // secret
 * ```
 */
export function fileText(bytes: Uint8Array, from?: string): string {
  const encoding = encodingOf(bytes);
  try {
    const text = new TextDecoder(encoding, { fatal: from !== undefined }).decode(bytes);
    if (from === undefined || !text.includes('\0')) return text;
  } catch {
    // Said below.
  }
  const before = new TextDecoder(encoding).decode(bytes).split(/[\0\ufffd]/, 1)[0] ?? '';
  const line = before.split(/\r\n?|\n/).length;
  const remedy = `line ${line} is neither UTF-8 nor UTF-16: save the file as UTF-8 (it may be in a code page of Windows, or no text at all)`;
  throw new ConfigurationError('file-malformed', from ?? 'file', remedy);
}

function encodingOf([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if ((first === 0xff && second === 0xfe) || (first !== undefined && first !== 0 && second === 0)) return 'utf-16le';
  return (first === 0xfe && second === 0xff) || (first === 0 && second !== undefined && second !== 0) ? 'utf-16be' : 'utf-8';
}

/**
 * The one secret that the content of a file holds: without the note that the vendor's command line prints before it, comments (`#`), quotation marks,
 * and line breaks that a tool put into base64. It does **not** check whether the secret is any good: `createGuard` does.
 * @param content - the bytes of the file, or its text
 * @param from - what messages call it. Default `file`
 * @throws ConfigurationError `secret-missing` or `secret-encoding` where it holds none, or several lines
 *
 * @example
 * ```ts
 * import { secretText } from 'approov-guard/keys-file';
 * console.log(secretText('note: this operation requires the admin role\r\n"c2VjcmV0"\r\n')); // c2VjcmV0
 * ```
 */
export function secretText(content: Uint8Array | string, from: string = 'file'): string {
  const lines = unwrapped(linesOf(typeof content === 'string' ? content : fileText(content)).map(unquoted));
  const [secret] = lines;
  if (secret === undefined) throw new ConfigurationError('secret-missing', from, 'holds no secret: it is empty, or has comments only');
  if (lines.length === 1) return secret;
  const remedy = `holds ${lines.length} lines where one secret is expected; give the line of the key alone, or all that \`approov secret -get base64\` prints`;
  throw new ConfigurationError('secret-encoding', from, remedy);
}

/** The lines that say something: no comments, and no note of the vendor's command line. */
export function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r\n?|\n/).map((line) => line.trim());
  return lines.filter((line) => line !== '' && !/^(?:#|note\b)/i.test(line));
}

/**
 * The lines of base64 that a tool wrapped as one, if that is the only way to read them: all but the last are equally long, as MIME and PEM have them
 * or too short for a secret, and the last is too short for one, or there are more than two.
 */
export function unwrapped(lines: readonly string[]): readonly string[] {
  const [first = ''] = lines;
  const last = lines.at(-1) ?? '';
  const isWrapped =
    lines.length > 1 &&
    (WIDTHS.has(first.length) || (first.length < SHORTEST && lines.length > 2)) &&
    lines.slice(0, -1).every((line) => line.length === first.length && /^[\w+/-]+$/.test(line)) &&
    (last.length < SHORTEST || (last.length <= first.length && lines.length > 2)) &&
    /^[\w+/-]+=*$|^=+$/.test(last);
  return isWrapped ? [lines.join('')] : lines;
}

/** RFC 7468 §2 and RFC 2045 §6.8. */
const WIDTHS: ReadonlySet<number> = new Set([64, 76]);
/** The base64 of 32 bytes, without padding. */
const SHORTEST = 43;

/** A text without the quotation marks around it. */
export function unquoted(text: string): string {
  return /^(["'])([^"']*)\1$/.exec(text)?.[2]?.trim() ?? text;
}
