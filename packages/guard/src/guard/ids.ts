/** The ids of judgements: random UUIDs in form (RFC 9562 §5.4). */

const SUFFIXES: readonly string[] = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'));

let beginning = '';
let next = SUFFIXES.length;

/**
 * An id for the operator. 256 in a row differ in their last two digits only: a random one each would be the dearest part of a decision about
 * a token that is known. Not for answers: it tells how many came before.
 */
export function nextId(): string {
  if (next === SUFFIXES.length) {
    beginning = randomId().slice(0, -2);
    next = 0;
  }
  // The cast holds: `next` is below the length.
  return beginning + (SUFFIXES[next++] as string);
}

/** An id that clients may see: it tells nothing of any other. */
export function randomId(): string {
  return globalThis.crypto.randomUUID();
}
