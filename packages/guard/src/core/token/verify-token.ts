/** The token verifier: form, signature, claims set, then claims (RFC 7519 §7.2, in the order of our invariant). */
import { parseJsonObject } from '../bytes/json.ts';
import { parseUnverifiedCompact, type UnverifiedJws } from '../jws/compact.ts';
import type { KeySet, VerificationKey } from '../jws/key-set.ts';
import { verifyJws } from '../jws/verify.ts';
import type { ReasonCode } from '../reasons.ts';
import { isPromise, type MaybePromise } from '../result.ts';
import { type Rejected, rejected } from '../verdict.ts';
import type { Claims } from './claims.ts';
import type { VerifiedToken, VerifiedTokens } from './verified-tokens.ts';

/** What verification needs beside the token. */
export interface TokenEvidence {
  readonly keys: KeySet;
  /** The verified tokens of exactly these keys, or `null` if they are not remembered. */
  readonly verified: VerifiedTokens | null;
  /** Decodes a base64url segment of UTF-8 text, or answers `null`. */
  readonly decodeText: (segment: string) => string | null;
}

/** The detail of a token that is no compact JWS. */
export const NO_COMPACT_FORM = 'not three canonical base64url segments';

/** Deeper nesting than any genuine claim has (`embed` nests three levels). */
const CLAIMS_MAX_DEPTH = 32;

/**
 * Verifies the form and the signature of a token and parses its claims set. Does not check any claim, not even `exp`:
 * see {@link checkClaims}.
 * @returns the verified token, or `token-malformed`, `token-algorithm-not-allowed`, `token-key-unknown`, `token-signature-invalid`
 */
export function verifyToken(token: string, evidence: TokenEvidence): MaybePromise<VerifiedToken | Rejected> {
  const known = evidence.verified?.get(token);
  if (known !== undefined) return known;
  const jws = parseUnverifiedCompact(token);
  if (jws === null) return rejected('token-malformed', NO_COMPACT_FORM);
  const signer = verifyJws(jws, evidence.keys);
  if (isPromise(signer)) return signer.then((found) => readClaims(token, jws, found, evidence));
  return readClaims(token, jws, signer, evidence);
}

function readClaims(
  token: string,
  jws: UnverifiedJws,
  signer: VerificationKey | ReasonCode,
  evidence: TokenEvidence,
): VerifiedToken | Rejected {
  if (typeof signer === 'string') return rejected(signer, signer === 'token-malformed' ? 'header' : undefined);
  const text = evidence.decodeText(jws.payload);
  const object = text === null ? null : parseJsonObject(text, CLAIMS_MAX_DEPTH);
  if (object === null) return rejected('token-malformed', 'claims set');
  // The cast holds for each member only after `checkClaims`, which every caller runs before it hands the claims on.
  const claims = freezeDeep(object) as Claims;
  const entry: VerifiedToken = { token, claims, key: signer };
  evidence.verified?.add(entry);
  return entry;
}

/** Claims are shared between requests: nobody may change them. The depth is bounded by the parser. */
function freezeDeep(value: object): object {
  for (const name in value) {
    // The cast holds: the value came out of a JSON parser, so its members are its own and have text names.
    const member = (value as { readonly [name: string]: unknown })[name];
    if (typeof member === 'object' && member !== null) freezeDeep(member);
  }
  return Object.freeze(value);
}
