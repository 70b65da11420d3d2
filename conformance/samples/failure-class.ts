/** The classes of requests for which it is written down how the vendor's samples answer. */
import type { RequestCase } from '../table/case.ts';
import { bound, tokenOnly } from '../table/setups.ts';

export const FAILURE_CLASSES = [
  'token missing',
  'token malformed',
  'signature bad',
  'token expired',
  'no expiry',
  'pay missing',
  'bound header missing',
  'binding mismatch',
] as const;

export type FailureClass = (typeof FAILURE_CLASSES)[number];

const BY_REASON: { readonly [reason: string]: FailureClass } = {
  'token-missing': 'token missing',
  // A word instead of a token, and an algorithm that is not the pinned one: to a sample both are tokens that do not decode.
  'token-sdk-status': 'token malformed',
  'token-algorithm-not-allowed': 'token malformed',
  'token-signature-invalid': 'signature bad',
  'token-expired': 'token expired',
  'binding-claim-missing': 'pay missing',
  'binding-value-missing': 'bound header missing',
  'binding-mismatch': 'binding mismatch',
};

/**
 * The class of a case of the table; `accepted` for genuine requests; `null` where nothing is written about such requests, as for repeated
 * headers, and where the case has options that no sample has.
 */
export function classOf({ setup, request, expected }: RequestCase): FailureClass | 'accepted' | null {
  if (setup !== tokenOnly && setup !== bound) return null;
  const { verdict } = expected;
  if (verdict === 'accepted') return 'accepted';
  const token = (request.headers ?? []).find(([name]) => name.toLowerCase() === 'approov-token')?.[1] ?? '';
  const payload = payloadOf(token);
  // Finer points of form (duplicate members, padding) are left to each sample's library.
  if (verdict === 'token-malformed') return payload === null ? 'token malformed' : null;
  // Some libraries refuse an `exp` that is not a number; none but ours and a few refuse a token without.
  if (verdict === 'token-expiry-missing') return payload !== null && !('exp' in payload) ? 'no expiry' : null;
  return BY_REASON[verdict] ?? null;
}

function payloadOf(token: string): object | null {
  const segments = token.split('.');
  if (segments.length !== 3) return null;
  try {
    const [header, payload] = segments.slice(0, 2).map((segment) => JSON.parse(Buffer.from(segment, 'base64url').toString()));
    return isObject(header) && isObject(payload) ? payload : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
