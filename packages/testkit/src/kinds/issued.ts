/** The kinds that the issuing cloud makes. */
import { exampleToken, failoverToken, longLivedToken, lookalikeToken, misboundToken, webToken } from '../issued.ts';
import { mintToken } from '../mint.ts';
import { freshInstallationKey } from '../signing-keys.ts';
import { boundText, type KindTable, kind, secondsOf, withClaims } from './kind.ts';

/** Tokens as the issuing cloud makes them, valid and not. */
export const issuedKinds: KindTable = {
  valid: kind('accepted', 'an app’s token of five minutes', ({ secret, now }) => mintToken({ secret, now })),
  example: kind('accepted', 'the shape of the vendor’s command line: exp, ip, did', (context) => exampleToken(context)),
  lookalike: kind('token-signature-invalid', 'the token of an app that failed attestation', (context) => lookalikeToken(context)),
  expired: kind('token-expired', 'dead for one minute', ({ secret, now }) => mintToken({ secret, now, lifetimeSeconds: -60 })),
  bound: kind('accepted', 'bound to the authorization header', (context) => exampleToken({ ...context, bind: boundText }), 'accepted'),
  'bound-to-another': kind(
    'accepted',
    'bound to another session',
    (context) => misboundToken({ ...context, bind: boundText }),
    'binding-mismatch',
  ),
  failover: kind('accepted', 'a fail-over token, which never carries pay', (context) => failoverToken(context)),
  'failover-issuer': kind('accepted', 'a fail-over token that names its issuer', (context) =>
    failoverToken({ ...context, claims: { iss: 'failover' } }),
  ),
  'long-lived': kind('accepted', 'a long-lived token of one year', (context) =>
    longLivedToken({ ...context, issuer: 'example-server', duration: '1y' }),
  ),
  'with-installation-key': kind('accepted', 'with ipk, for message signing', ({ secret, now }) =>
    exampleToken({ secret, now, claims: { ipk: freshInstallationKey().ipk } }),
  ),
  'fractional-expiry': kind('accepted', 'exp with a fraction, as in the published test tokens', ({ secret, now }) =>
    mintToken({ secret, now, claims: { exp: secondsOf(now) + 300.891912 } }),
  ),
  'with-kid': kind('accepted', 'names a key id; the secret has none', ({ secret, now }) => mintToken({ secret, now, kid: 'approov' })),
  web: kind('accepted', 'a web token with embed and without did', (context) => webToken(context)),
  'all-claims': kind(
    'accepted',
    'every claim that the platform knows, except for aud',
    withClaims({
      iss: 'example.approov.io',
      sub: 'approov|ExampleApproovTokenDID==',
      arc: 'EAM2W37PSU',
      mskid: 'j3AWy6',
    }),
  ),
  audience: kind(
    'token-audience-unexpected',
    'names the API domain, which a guard must know: option `token.audience`, or the host of `origin`',
    withClaims({ aud: 'api.example.com' }),
  ),
  'with-annotation': kind('accepted', 'with a claim that nobody knows', withClaims({ 'x-annotation': { tier: ['gold', 1] } })),
};
