/** Why requests as such, and tokens, are rejected. */
import type { ReasonCode, ReasonRow } from './codes.ts';

/** The rows of the stage `request`. */
export const REQUEST_REASONS: { readonly [Code in Extract<ReasonCode, `request-${string}`>]: ReasonRow } = {
  'request-headers-cut': {
    stage: 'request',
    spec: 'RFC 9110 §5.4',
    meaning:
      'The request has as many header lines as the server keeps, so that others may have been dropped: among them what frames its body, or a second token.',
    action:
      'No genuine app sends so many (Node keeps 1000). If yours does, raise `server.maxHeadersCount`, or set it to 0, which drops none; `maxHeaderSize` bounds them all the same.',
  },
};

/** The rows of the stage `token`. */
export const TOKEN_REASONS: { readonly [Code in Extract<ReasonCode, `token-${string}`>]: ReasonRow } = {
  'token-missing': {
    stage: 'token',
    spec: 'Approov: token header',
    meaning: 'The token header is absent or empty.',
    action:
      'Expected from scripts, browsers and app versions without the SDK. From your own app: protect this API domain with `approov api -add`, and call the API through the SDK.',
  },
  'token-duplicated': {
    stage: 'token',
    spec: 'RFC 9110 §5.3',
    meaning: 'The token header occurs more than once, or holds a comma-joined list.',
    action: 'Look for a proxy or an interceptor that adds the header a second time; otherwise it is an attack.',
  },
  'token-too-large': {
    stage: 'token',
    spec: 'RFC 8725 §3.11',
    meaning: 'The token header is longer than `token.maxBytes`.',
    action: 'Raise `token.maxBytes` only if genuine tokens carry large annotations.',
  },
  'token-sdk-status': {
    stage: 'token',
    spec: 'Approov SDK: setUseApproovStatusIfNoToken',
    meaning:
      'The app could not fetch a token, and its SDK put the fetch status (such as NO_NETWORK) into the header, or into `Approov-Status`.',
    action: 'A genuine app without a token: look at the status in the detail; MITM_DETECTED points at an intercepting network.',
  },
  'token-malformed': {
    stage: 'token',
    spec: 'RFC 7515 §5.2, RFC 7519 §7.2',
    meaning: 'The value is not a compact JWS of a JSON claims set: segments, base64url, UTF-8, JSON, `typ`, `crit` or `b64`.',
    action: 'Check that `token.prefix` matches what the app sends and that no proxy truncates headers; otherwise it is garbage.',
  },
  'token-algorithm-not-allowed': {
    stage: 'token',
    spec: 'RFC 8725 §3.1',
    meaning: 'No configured key has the algorithm that the token names.',
    action: 'If every token fails so, configure the key set that `approov api` attaches to this domain; otherwise it is an attack.',
  },
  'token-key-unknown': {
    stage: 'token',
    spec: 'RFC 7515 §4.1.4',
    meaning: 'The token names a key id (`kid`) that is not configured, or the request goes to a place for which `keys.choose` has no keys.',
    action:
      'Add the key, or remove the `kid` from a single configured key so that it is tried for any token. The detail says if the place is unknown.',
  },
  'token-signature-invalid': {
    stage: 'token',
    spec: 'RFC 7515 §5.2',
    meaning: 'The signature does not verify with any candidate key. The usual sign of a rooted device, a repackaged app or a forgery.',
    action:
      'A few are the attacks you bought protection against. If all tokens fail so, the secret is wrong: compare with `approov secret -get base64`.',
  },
  'token-expiry-missing': {
    stage: 'token',
    spec: 'RFC 7519 §4.1.4',
    meaning: 'The token is signed but has no `exp`, or its `exp` is not a finite number.',
    action: 'The issuing cloud always sets `exp`: find out who else signs with this key.',
  },
  'token-expired': {
    stage: 'token',
    spec: 'RFC 7519 §4.1.4',
    meaning: 'The token is signed and its `exp` has passed.',
    action:
      'A few are retries and sleeping apps. Many at once: check this server’s clock (NTP) before raising `token.clockToleranceSeconds`.',
  },
  'token-not-yet-valid': {
    stage: 'token',
    spec: 'RFC 7519 §4.1.5',
    meaning: '`nbf` lies in the future beyond the clock tolerance. (`iat` is not judged.)',
    action: 'Check this server’s clock (NTP).',
  },
  'token-lifetime-too-long': {
    stage: 'token',
    spec: 'RFC 8725 §3.10',
    meaning: 'The token is valid for longer than `token.maxLifetimeSeconds`.',
    action: 'Long-lived tokens (`-genLongLived`) are for tests; raise the limit where you mean to accept them.',
  },
  'token-issuer-unexpected': {
    stage: 'token',
    spec: 'RFC 7519 §4.1.1',
    meaning: '`iss` is absent or not one of `token.issuer`.',
    action: 'Switch the claim on with `approov policy -setIssuer on`, and compare the account name.',
  },
  'token-audience-unexpected': {
    stage: 'token',
    spec: 'RFC 7519 §4.1.3',
    meaning:
      '`aud` is absent or names none of `token.audience`; or that option was left out, and `aud` names no host of the option `origin`.',
    action:
      'Switch the claim on with `approov policy -setAudience on`, and compare the API domain. If the option was left out, name your API domains in it; `null` accepts any.',
  },
  'token-claim-invalid': {
    stage: 'token',
    spec: 'RFC 7519 §4.1',
    meaning: 'A registered or Approov claim of a signed token has the wrong JSON type.',
    action: 'The detail names the claim. Check custom annotations in the account’s policy.',
  },
  'token-from-emulator': {
    stage: 'token',
    spec: 'claim approov-guard-emulator',
    meaning: 'The token verified, and it says that a local stand-in for the issuing cloud made it: nothing was attested.',
    action:
      "This server has the stand-in’s secret or keys: configure those of your account. On a test server that runs as production, set `environment: 'development'`.",
  },
  'token-denied': {
    stage: 'token',
    spec: 'none: option `rules`',
    meaning: 'The token verified, and a deny or allow rule refused it.',
    action: 'The detail names the rule. Look there whether this device, token or claim is meant to be refused.',
  },
  'token-replayed': {
    stage: 'token',
    spec: 'none: option `token.replay`',
    meaning: 'The route takes each token once, and this one was used before.',
    action: 'A client that repeats requests by itself, or a replay. The app must fetch a fresh token for such a route.',
  },
  'token-share-exceeded': {
    stage: 'token',
    status: 429,
    spec: 'RFC 6585 §4, option `share`',
    meaning: 'This device used more one-time tokens than its share allows, at a time or in all that are remembered.',
    action: 'No app does this by itself: it is a script on a genuine device. Others are not affected. The gauge `shares` counts it.',
  },
};
