/** Random UUIDs (RFC 9562 §5.4), made by the hundred: one by one they would be the dearest part of a cached decision. */

const BATCH = 128;
const BYTES = 16;
const LETTERS = 36;
const ASCII = new TextDecoder();
const HEX = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const HYPHEN = 0x2d;

let batch = '';
let next = 0;

/** An id that nobody can guess. */
export function newId(): string {
  if (next === batch.length) {
    batch = freshBatch();
    next = 0;
  }
  next += LETTERS;
  return batch.slice(next - LETTERS, next);
}

function freshBatch(): string {
  const random = globalThis.crypto.getRandomValues(new Uint8Array(BATCH * BYTES));
  const letters = new Uint8Array(BATCH * LETTERS);
  let at = 0;
  for (let index = 0; index < random.length; index++) {
    const place = index % BYTES;
    if (place === 4 || place === 6 || place === 8 || place === 10) letters[at++] = HYPHEN;
    const byte = markedByte(random[index] as number, place);
    letters[at++] = HEX[byte >> 4] as number;
    letters[at++] = HEX[byte & 15] as number;
  }
  return ASCII.decode(letters);
}

/** RFC 9562 §4.1, §4.2: version 4 in the seventh byte, the variant in the ninth. */
function markedByte(byte: number, place: number): number {
  if (place === 6) return (byte & 0x0f) | 0x40;
  return place === 8 ? (byte & 0x3f) | 0x80 : byte;
}
