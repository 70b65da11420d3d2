/** Reads tokens back: the token itself, or its loggable form. */
import { signCompact, signerFor } from '@approov-guard/testkit';
import { createGuard, type KeysOptions, type Verdict } from 'approov-guard';
import { CloudError } from '../cloud-error.ts';
import type { AccountState } from '../state/state.ts';
import { privateKey, publicJwk } from './keys.ts';

/** What was found. */
export interface TokenCheck {
  /** Whether it verifies with one of the account's keys and lives. */
  readonly valid: boolean;
  /** The reason code where it does not, or a text for loggable tokens. */
  readonly reason: string | null;
  /** The claims, where the signature verifies or the text is a loggable token. */
  readonly claims: { readonly [claim: string]: unknown } | null;
}

/**
 * The loggable form of a token: its claims as JSON, and `sip`, the first six characters of the signature's base64. It cannot be used as a token.
 */
export function loggableToken(token: string): string {
  const [, payload = '', signature = ''] = token.split('.');
  const sip = Buffer.from(signature, 'base64url').toString('base64').slice(0, 6);
  return JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')), sip });
}

/** The public keys and the secret of an account, as a guard takes them. */
export function verificationKeys(account: AccountState): KeysOptions {
  const keys = Object.entries(account.keys).map(([kid, key]) => publicJwk(kid, key));
  const { base64, keyId } = account.secret;
  const secret = { secret: { base64, ...(keyId === null ? {} : { kid: keyId }) } };
  // The cast holds: a list of parts is one of the forms.
  return (keys.length === 0 ? secret : [secret, { jwks: { keys } }]) as KeysOptions;
}

/**
 * Checks a token or loggable token.
 * @param now - milliseconds since the epoch
 * @throws CloudError `input-malformed` if it is neither
 */
export async function checkToken(account: AccountState, text: string, now: number): Promise<TokenCheck> {
  if (text.trimStart().startsWith('{')) return checkLoggable(account, text, now);
  const guard = createGuard({ keys: verificationKeys(account), token: { audience: null }, environment: 'development', now: () => now });
  try {
    return reported(await guard.verifyToken(text.trim()));
  } finally {
    await guard.close();
  }
}

function reported(verdict: Verdict): TokenCheck {
  if (verdict.outcome === 'accepted') return { valid: true, reason: null, claims: verdict.attestation.claims };
  const reason = verdict.outcome === 'rejected' ? verdict.reason : verdict.fault;
  return { valid: false, reason, claims: null };
}

/** With six characters of the signature it is right in all but one of 2^36 cases. Only for tokens that the secret signs. */
function checkLoggable(account: AccountState, text: string, now: number): TokenCheck {
  const { sip, ...claims } = parsed(text);
  if (typeof claims.status === 'string' && sip === undefined)
    return { valid: false, reason: `there was no token: ${claims.status.slice(0, 40)}`, claims };
  const signed = candidates(account).some((sign) => signatureOf(sign(claims)).startsWith(String(sip)) && String(sip).length === 6);
  if (!signed) return { valid: false, reason: 'token-signature-invalid', claims };
  const isAlive = typeof claims.exp === 'number' && now / 1000 < claims.exp;
  return { valid: isAlive, reason: isAlive ? null : 'token-expired', claims };
}

type Claims = { readonly [claim: string]: unknown };

function parsed(text: string): { readonly sip?: unknown } & Claims {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CloudError('input-malformed', 'expected a token, or a loggable token between quotes: its JSON text is cut or not whole', {
      cause,
    });
  }
}

function candidates(account: AccountState): readonly ((claims: Claims) => string)[] {
  const { base64, keyId } = account.secret;
  const header = { alg: 'HS256', typ: 'JWT', ...(keyId === null ? {} : { kid: keyId }) };
  const bySecret = (payload: Claims): string => signCompact({ header, payload, sign: signerFor({ secret: { base64 } }) });
  // RSA with PKCS #1 padding and Ed25519 sign alike each time; the others do not, and cannot be recomputed.
  const repeatable = Object.entries(account.keys).filter(([, { algorithm }]) => /^(RS|Ed)/.test(algorithm));
  const byKey = repeatable.map(
    ([kid, { algorithm, privateKey: pem }]) =>
      (payload: Claims): string =>
        signCompact({ header: { alg: algorithm, typ: 'JWT', kid }, payload, sign: signerFor({ key: privateKey(pem), algorithm }) }),
  );
  return [bySecret, ...byKey];
}

function signatureOf(token: string): string {
  return Buffer.from(token.split('.')[2] ?? '', 'base64url').toString('base64');
}
