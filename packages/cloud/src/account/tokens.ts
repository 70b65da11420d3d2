/** Mints what the issuing cloud mints, each token with the mark by which a guard in production refuses it. */
import { anotherSecret, bindingHash, exampleClaims, mintToken, type SigningOptions } from '@approov-guard/testkit';
import { EMULATOR_CLAIM } from 'approov-guard';
import { CloudError } from '../cloud-error.ts';
import type { AccountState } from '../state/state.ts';
import { domainName, requireDomain, requireKey } from './domains.ts';
import { privateKey } from './keys.ts';

/** The value of the mark: a person who decodes the token reads it. */
export const EMULATOR_MARK = 'made by approov-guard cloud, not for production';

/** `valid`, `invalid` (looks the same and does not verify), or `failover` (valid, never `pay`, never `ipk`). */
export type TokenType = 'valid' | 'invalid' | 'failover';

/** The names of {@link TokenType}. */
export const TOKEN_TYPES: readonly TokenType[] = ['valid', 'invalid', 'failover'];

/** What a token says beside what the account's policy adds. */
export interface TokenRequest {
  /** The API domain for which the token is; `null`: for none, signed with the account secret. */
  readonly domain: string | null;
  readonly type: TokenType;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly lifetimeSeconds: number;
  readonly device?: string;
  readonly ip?: string;
  /** The app's package, for the subject. */
  readonly app?: string;
  readonly arc?: string;
  /** The claim `ipk`, put in if the policy says so. */
  readonly installationKey?: string;
  /** The text to which the token is bound. */
  readonly bind?: string;
  /** Claims that win over all others. */
  readonly claims?: { readonly [claim: string]: unknown };
}

/** Mints a token. @throws CloudError `domain-unknown`, or `input-malformed` for a domain without tokens */
export function issueToken(account: AccountState, name: string, request: TokenRequest): string {
  const { signing, kid } = signingFor(account, request.domain, request.type !== 'invalid');
  const { now, lifetimeSeconds, bind } = request;
  const isBound = bind !== undefined && request.type !== 'failover';
  const claims = { ...claimsOf(account, name, request), ...request.claims, ...(isBound ? { pay: bindingHash(bind) } : {}) };
  return mintToken({ ...signing, now, lifetimeSeconds, claims, ...(kid === null ? {} : { kid }) });
}

function claimsOf(account: AccountState, name: string, request: TokenRequest): { readonly [claim: string]: unknown } {
  const { policy, messageKey } = account;
  const { domain, device = exampleClaims.did, ip = exampleClaims.ip, app, arc, installationKey, type } = request;
  return {
    ip,
    did: device,
    ...(policy.issuer ? { iss: `${name}.approov.io` } : {}),
    ...(policy.audience && domain !== null ? { aud: domainName(domain) } : {}),
    ...(policy.subject ? { sub: app === undefined ? `approov|${device}` : `approov|device|${app}` } : {}),
    ...(arc === undefined ? {} : { arc }),
    ...(policy.installPubKey && installationKey !== undefined && type !== 'failover' ? { ipk: installationKey } : {}),
    ...(messageKey === null ? {} : { mskid: messageKey.id }),
    [EMULATOR_CLAIM]: EMULATOR_MARK,
  };
}

interface Signing {
  readonly signing: SigningOptions;
  readonly kid: string | null;
}

function signingFor(account: AccountState, domain: string | null, isGood: boolean): Signing {
  const state = domain === null || isOpen(account, domain) ? null : requireDomain(account, domain);
  if (state?.pinsOnly === true)
    throw new CloudError(
      'input-malformed',
      'this API domain is only pinned (-noApproovToken). For tokens add it again without that option.',
    );
  if (state === null || state.kid === null) {
    const { base64, keyId } = account.secret;
    return { signing: { secret: isGood ? { base64 } : anotherSecret({ base64 }) }, kid: keyId };
  }
  const key = requireKey(account, state.kid);
  return { signing: { key: privateKey(isGood ? key.privateKey : key.failKey), algorithm: key.algorithm }, kid: state.kid };
}

/** In wildcard mode every domain gets tokens; those of domains that were not added never verify (see {@link attest}). */
function isOpen(account: AccountState, domain: string): boolean {
  return account.wildcard && !Object.hasOwn(account.domains, domainName(domain));
}
