/** Texts from outside, for places that take printable ASCII only. */

/** The text with each other character, and each of `unsafe`, percent-encoded as UTF-8. */
export function printable(text: string, unsafe: RegExp): string {
  return text.replace(unsafe, (character) => Buffer.from(character).toString('hex').replace(/../g, '%$&'));
}
