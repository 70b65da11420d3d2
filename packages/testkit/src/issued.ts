/** Tokens of the kinds that the issuing cloud makes, by name. */
import { durationSeconds } from './duration.ts';
import { bindingHash, mintToken, type TokenContent } from './mint.ts';
import { anotherSecret, type SecretText } from './secret.ts';

/** What the named kinds take: an account secret beside the content. */
export interface IssueOptions extends TokenContent {
  readonly secret: SecretText;
}

/** The claims of the vendor's examples, beside `exp` and `pay`. */
export const exampleClaims: { readonly ip: string; readonly did: string } = Object.freeze({
  ip: '1.2.3.4',
  did: 'ExampleApproovTokenDID==',
});

/** How long the vendor's command line lets its examples live. */
const EXAMPLE_LIFETIME_SECONDS = 3600;

/** A token in the shape of the vendor's command line: `exp` in one hour, `ip`, `did`, and `pay` last if it is bound. */
export function exampleToken(options: IssueOptions): string {
  return mintToken({ lifetimeSeconds: EXAMPLE_LIFETIME_SECONDS, ...options, claims: { ...exampleClaims, ...options.claims } });
}

/**
 * The token of an app that failed attestation: it looks genuine and is signed with another secret. Nothing but the signature
 * tells it from a valid one.
 */
export function lookalikeToken(options: IssueOptions): string {
  return exampleToken({ ...options, secret: anotherSecret(options.secret) });
}

/**
 * A fail-over token, as served while the primary cloud is down: never `pay`, never `ipk`. A text to bind to is ignored.
 * `iss` is left out; give `claims: { iss: 'failover' }` for the shape of 2019.
 */
export function failoverToken(options: IssueOptions): string {
  const { bind: _, ...unbound } = options;
  return exampleToken({ ...unbound, claims: { ...options.claims, pay: undefined, ipk: undefined } });
}

/** Options of {@link longLivedToken}. */
export interface LongLivedOptions extends Omit<IssueOptions, 'lifetimeSeconds'> {
  /** The claim `iss`. */
  readonly issuer: string;
  /** How long it lives: a count and one of `s m h d w y`, such as `1y` or `30d`. */
  readonly duration: string;
}

/**
 * A long-lived token, as `approov token -genLongLived ISSUER,DURATION` makes it for tests and servers.
 * @throws RangeError if `duration` is not a duration
 */
export function longLivedToken(options: LongLivedOptions): string {
  const lifetimeSeconds = durationSeconds(options.duration);
  if (lifetimeSeconds === null) throw new RangeError('duration: expected a count and one of s m h d w y, such as 1y or 30d');
  return mintToken({ ...options, lifetimeSeconds, claims: { iss: options.issuer, ...options.claims } });
}

/** A web token: no `did`, ten seconds of life, and the web check provider's result under `embed`. */
export function webToken(options: IssueOptions): string {
  const embed = { 'fp:example-key': { visitorId: 'oKgUvQjYbHn1Kz9fZ3mE', visits: [{ requestId: '1690000000000.Ab3dEf' }] } };
  return mintToken({
    lifetimeSeconds: 10,
    ...options,
    claims: { ip: exampleClaims.ip, arc: 'IXPSB7TRK26LXE3M', embed, ...options.claims },
  });
}

/** A bound token whose `pay` belongs to another text than `options.bind`: what a stolen token looks like. */
export function misboundToken(options: IssueOptions): string {
  const { bind, ...unbound } = options;
  return exampleToken({ ...unbound, claims: { ...options.claims, pay: bindingHash(`not ${bind ?? ''}`) } });
}
