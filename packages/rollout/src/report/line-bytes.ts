/** Reads lines where they lie, in the bytes of a file: no text is made of them. */

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** Whether there is nothing but white space. */
export function isBlank(bytes: Buffer, from: number, to: number): boolean {
  let at = from;
  while (at < to && (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0d)) at++;
  return at === to;
}

/** The text of a line; empty where it is not one: its bytes are damaged. */
export function textOf(bytes: Uint8Array): string {
  try {
    return UTF_8.decode(bytes);
  } catch {
    return '';
  }
}

/** Whether the text stands at this place. */
export function isAt(bytes: Buffer, from: number, text: Buffer): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[from + index] !== text[index]) return false;
  return true;
}

/** The digit at this place; -1 where there is none. */
export function digitAt(bytes: Buffer, at: number): number {
  const digit = (bytes[at] ?? 0) - 0x30;
  return digit <= 9 ? digit : -1;
}

/** Where the text ends that is letters, digits and marks: at its quotation mark, or at what makes it none of ours. */
export function endOfWord(bytes: Buffer, from: number, to: number): number {
  let at = from;
  for (let byte = bytes[at] ?? 0; at < to && byte !== 0x22 && byte !== 0x5c && byte >= 0x20 && byte < 0x7f; byte = bytes[at] ?? 0) at++;
  return at;
}

/** A hash of the bytes, four at a time. */
export function hashOfWords(view: DataView, from: number, to: number): number {
  let hash = to - from;
  let at = from;
  for (; at + 4 <= to; at += 4) hash = Math.imul(((hash << 5) | (hash >>> 27)) ^ view.getInt32(at, true), 0x9e3779b1);
  for (; at < to; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x01000193);
  return hash;
}

/** Whether the bytes are all of `other`. */
export function isSame(view: DataView, from: number, to: number, other: DataView): boolean {
  const length = to - from;
  if (length !== other.byteLength) return false;
  let index = 0;
  for (; index + 4 <= length; index += 4) if (view.getInt32(from + index, true) !== other.getInt32(index, true)) return false;
  for (; index < length; index++) if (view.getUint8(from + index) !== other.getUint8(index)) return false;
  return true;
}

/** Bytes of their own: a part of a chunk would keep the whole alive. */
export function viewOf(text: string): DataView {
  const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
  return new DataView(bytes.buffer);
}
