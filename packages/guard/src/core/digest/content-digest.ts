/** Content digests (RFC 9530 §2): does the body match what the header says? */
import { decodeBase64, encodeBase64, equalInConstantTime, trimOptionalWhiteSpace } from '../bytes.ts';
import type { RequestView } from '../request-view.ts';
import type { MaybePromise } from '../result.ts';
import { type Member, parseDictionary } from '../sfv/parse.ts';
import { type Rejected, rejected } from '../verdict.ts';

/** The algorithms that are secure (RFC 9530 §5). The others are ignored, as if they were not there. */
export type DigestAlgorithm = 'sha-256' | 'sha-512';

/** Digests the body: padded base64. */
export type DigestBody = (algorithm: DigestAlgorithm) => MaybePromise<string>;

const DIGEST_BYTES: ReadonlyMap<DigestAlgorithm, number> = new Map([
  ['sha-256', 32],
  ['sha-512', 64],
]);
const LONGEST_FIELD = 2048;

/** A digest that the client stated. */
export interface StatedDigest {
  readonly algorithm: DigestAlgorithm;
  /** Padded base64. */
  readonly value: string;
}

/**
 * Reads `Content-Digest`.
 * @param allowStrings - the tolerance for Strings in place of Byte Sequences
 * @returns the stated digests of known algorithms, at least one; `null` if the field is absent
 */
export function statedDigests(request: RequestView, allowStrings: boolean): readonly StatedDigest[] | null | Rejected {
  const lines = request.lines('content-digest');
  if (lines.length === 0) return null;
  const text = lines.map(trimOptionalWhiteSpace).join(', ');
  const dictionary = text.length > LONGEST_FIELD ? null : parseDictionary(text);
  if (dictionary === null || dictionary.size === 0) return rejected('digest-malformed');
  const stated: StatedDigest[] = [];
  for (const [algorithm, bytes] of DIGEST_BYTES) {
    const member = dictionary.get(algorithm);
    if (member === undefined) continue;
    const value = digestValue(member, allowStrings);
    if (value?.length !== bytes) return rejected('digest-malformed', algorithm);
    stated.push({ algorithm, value: encodeBase64(value, 'base64') });
  }
  return stated.length > 0 ? stated : rejected('digest-algorithm-unsupported');
}

function digestValue(member: Member, allowStrings: boolean): Uint8Array | null {
  if (member.kind !== 'item') return null;
  if (member.value.type === 'bytes') return member.value.value;
  return member.value.type === 'string' && allowStrings ? decodeBase64(member.value.value, 'base64') : null;
}

/** Compares the body with every stated digest: all must match. */
export function checkContentDigest(stated: readonly StatedDigest[], digestBody: DigestBody): MaybePromise<'verified' | Rejected> {
  return checkFrom(stated, digestBody, 0);
}

function checkFrom(stated: readonly StatedDigest[], digestBody: DigestBody, from: number): MaybePromise<'verified' | Rejected> {
  for (let index = from; index < stated.length; index++) {
    // The cast holds: the index is below the length of an array without holes.
    const { algorithm, value } = stated[index] as StatedDigest;
    const actual = digestBody(algorithm);
    if (actual instanceof Promise) {
      return actual.then((text) =>
        equalInConstantTime(text, value) ? checkFrom(stated, digestBody, index + 1) : rejected('digest-mismatch', algorithm),
      );
    }
    if (!equalInConstantTime(actual, value)) return rejected('digest-mismatch', algorithm);
  }
  return 'verified';
}
