/**
 * Why a request was rejected (reason codes: the client's side) or could not be judged (fault codes: our side).
 * One row a code; `docs/reasons.md` is generated from these tables.
 */

/** The part of the judgement that gave the verdict. */
export type Stage = 'token' | 'binding' | 'signature' | 'digest';

/** Why a request was rejected. Stable strings: operators alert on them, dashboards group by them. */
export type ReasonCode =
  | 'token-missing'
  | 'token-duplicated'
  | 'token-too-large'
  | 'token-sdk-status'
  | 'token-malformed'
  | 'token-algorithm-not-allowed'
  | 'token-key-unknown'
  | 'token-signature-invalid'
  | 'token-expiry-missing'
  | 'token-expired'
  | 'token-not-yet-valid'
  | 'token-lifetime-too-long'
  | 'token-issuer-unexpected'
  | 'token-audience-unexpected'
  | 'token-claim-invalid'
  | 'token-denied'
  | 'token-replayed'
  | 'binding-claim-missing'
  | 'binding-value-missing'
  | 'binding-value-duplicated'
  | 'binding-mismatch'
  | 'signature-missing'
  | 'signature-malformed'
  | 'signature-label-missing'
  | 'signature-parameter-missing'
  | 'signature-parameter-invalid'
  | 'signature-key-missing'
  | 'signature-key-invalid'
  | 'signature-algorithm-not-allowed'
  | 'signature-component-not-covered'
  | 'signature-component-repeated'
  | 'signature-component-unknown'
  | 'signature-component-unresolvable'
  | 'signature-created-in-future'
  | 'signature-too-old'
  | 'signature-expired'
  | 'signature-invalid'
  | 'signature-replayed'
  | 'digest-missing'
  | 'digest-malformed'
  | 'digest-algorithm-unsupported'
  | 'digest-mismatch'
  | 'digest-body-too-large';

/** Why the guard could not tell. Never the client's fault: answered with 503, and never accepted in `enforce`. */
export type FaultCode = 'keys-unavailable' | 'keys-empty' | 'rule-failed' | 'body-unavailable' | 'replay-store-unavailable' | 'internal';

/** One reason code: where it arises, the clause it rests on, what it means, and what the operator should do. */
export interface ReasonRow {
  readonly stage: Stage;
  readonly spec: string;
  readonly meaning: string;
  readonly action: string;
}

/** One fault code: what it means and what the operator should do. */
export interface FaultRow {
  readonly spec: string;
  readonly meaning: string;
  readonly action: string;
}

/** Every reason code with its row. */
export const REASONS: { readonly [Code in ReasonCode]: ReasonRow } = {
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
    meaning: 'The app could not fetch a token, and its SDK put the fetch status (such as NO_NETWORK) into the header.',
    action: 'A genuine app without a token: look at the status in the detail; MITM_DETECTED points at an intercepting network.',
  },
  'token-malformed': {
    stage: 'token',
    spec: 'RFC 7515 §5.2, RFC 7519 §7.2',
    meaning: 'The value is no compact JWS of a JSON claims set: segments, base64url, UTF-8, JSON, `typ`, `crit` or `b64`.',
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
    meaning: 'The token names a key id (`kid`) that is not configured.',
    action: 'Add the key, or remove the `kid` from a single configured key so that it is tried for any token.',
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
    meaning: 'The token is signed but has no `exp`, or its `exp` is no finite number.',
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
    spec: 'RFC 7519 §4.1.5, §4.1.6',
    meaning: '`nbf` or `iat` lies in the future beyond the clock tolerance.',
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
    meaning: '`aud` is absent or names none of `token.audience`.',
    action: 'Switch the claim on with `approov policy -setAudience on`, and compare the API domain.',
  },
  'token-claim-invalid': {
    stage: 'token',
    spec: 'RFC 7519 §4.1',
    meaning: 'A registered or Approov claim of a signed token has the wrong JSON type.',
    action: 'The detail names the claim. Check custom annotations in the account’s policy.',
  },
  'token-denied': {
    stage: 'token',
    spec: 'none: option `rules`',
    meaning: 'The token verified, and a deny or allow rule of yours refused it.',
    action: 'The detail names the rule. Look there whether this device, token or claim is meant to be refused.',
  },
  'token-replayed': {
    stage: 'token',
    spec: 'none: option `token.replay`',
    meaning: 'The route takes each token once, and this one was used before.',
    action: 'A client that repeats requests by itself, or a replay. The app must fetch a fresh token for such a route.',
  },
  'binding-claim-missing': {
    stage: 'binding',
    spec: 'Approov: claim pay',
    meaning: 'Binding is required and the token has no `pay` claim.',
    action: 'The app must call setBindingHeader or setDataHashInToken. Fail-over tokens never have it: see `binding.missing`.',
  },
  'binding-value-missing': {
    stage: 'binding',
    spec: 'Approov: claim pay',
    meaning: 'The token is bound, and a bound header is absent or empty.',
    action: 'Check that proxies pass the header on, and that CORS allows it.',
  },
  'binding-value-duplicated': {
    stage: 'binding',
    spec: 'RFC 9110 §5.3',
    meaning: 'A bound header occurs more than once.',
    action: 'Look for a proxy that adds the header a second time; otherwise it is an attack.',
  },
  'binding-mismatch': {
    stage: 'binding',
    spec: 'Approov: claim pay',
    meaning: '`pay` is not the hash of the bound value: the token was made for another user or session.',
    action: 'If every bound token fails so, compare `binding.value` with what the app hashes (with or without `Bearer `).',
  },
  'signature-missing': {
    stage: 'signature',
    spec: 'RFC 9421 §4',
    meaning: '`Signature-Input` or `Signature` is absent or empty.',
    action: 'Enable message signing in the app, or set `signature: null` for clients that cannot sign. A proxy may strip the fields.',
  },
  'signature-malformed': {
    stage: 'signature',
    spec: 'RFC 9421 §4.1, §4.2',
    meaning: 'The fields are no dictionaries, too long, or the label’s members have the wrong shape.',
    action: 'Look for a proxy that rewrites the fields; otherwise it is garbage.',
  },
  'signature-label-missing': {
    stage: 'signature',
    spec: 'RFC 9421 §3.2',
    meaning: 'The fields hold no signature with the label that the policy names.',
    action: 'Compare `signature.label` with what the app signs: `install` or `account`.',
  },
  'signature-parameter-missing': {
    stage: 'signature',
    spec: 'RFC 9421 §2.3',
    meaning: 'A parameter that the policy needs is absent: `created`, or `nonce` where it is required.',
    action: 'The detail names it. Every SDK sends `created`; a nonce must be set in the app.',
  },
  'signature-parameter-invalid': {
    stage: 'signature',
    spec: 'RFC 9421 §2.3',
    meaning: 'A parameter has the wrong type, `expires` lies before `created`, or `tag` is not the expected one.',
    action: 'The detail names it.',
  },
  'signature-key-missing': {
    stage: 'signature',
    spec: 'Approov: claims ipk, mskid',
    meaning: 'The token carries no `ipk` (label `install`), or no configured account key fits its `mskid` (label `account`).',
    action: 'Switch the claim on with `approov policy -setInstallPubKey on`. Fail-over tokens never have it: see `signature.missingKey`.',
  },
  'signature-key-invalid': {
    stage: 'signature',
    spec: 'RFC 5480 §2.1',
    meaning: '`ipk` is there, but it is no P-256 public key.',
    action: 'The issuing cloud always sets a P-256 key: find out who else signs tokens with this key.',
  },
  'signature-algorithm-not-allowed': {
    stage: 'signature',
    spec: 'RFC 9421 §3.2 step 6',
    meaning: 'The parameter `alg` is not the algorithm of the label’s key.',
    action: 'No SDK does this: it is an attack, or another product’s signature under this label.',
  },
  'signature-component-not-covered': {
    stage: 'signature',
    spec: 'RFC 9421 §3.2.1',
    meaning: 'A component that the policy demands is not covered.',
    action: 'The detail names it. Add it in the app’s signature parameters, or drop it from `signature.required`.',
  },
  'signature-component-repeated': {
    stage: 'signature',
    spec: 'RFC 9421 §2.5',
    meaning: 'The same component identifier occurs twice.',
    action: 'No SDK does this: it is an attack or a defective client.',
  },
  'signature-component-unknown': {
    stage: 'signature',
    spec: 'RFC 9421 §2.2, §6.5',
    meaning: 'A component identifier has a name or a parameter that we do not know, or that does not belong to a request.',
    action: 'Look at what the client covers.',
  },
  'signature-component-unresolvable': {
    stage: 'signature',
    spec: 'RFC 9421 §2.5',
    meaning: 'A covered component has no value here: an absent field, a repeated query parameter, an unknown origin.',
    action: 'The detail names it. Proxies strip fields: pass them on. For `@target-uri` configure `origin`.',
  },
  'signature-created-in-future': {
    stage: 'signature',
    spec: 'RFC 9421 §2.3',
    meaning: '`created` lies in the future beyond the tolerance.',
    action: 'Check this server’s clock (NTP); devices with a wrong clock need a larger `signature.clockToleranceSeconds`.',
  },
  'signature-too-old': {
    stage: 'signature',
    spec: 'RFC 9421 §2.3',
    meaning: '`created` is longer ago than `signature.maxAgeSeconds`.',
    action: 'Check this server’s clock (NTP); otherwise an old request was sent again.',
  },
  'signature-expired': {
    stage: 'signature',
    spec: 'RFC 9421 §2.3',
    meaning: '`expires` has passed.',
    action: 'SDKs sign for 15 seconds. Slow networks and wrong device clocks need `signature.clockToleranceSeconds`.',
  },
  'signature-invalid': {
    stage: 'signature',
    spec: 'RFC 9421 §3.2',
    meaning: 'The signature does not verify: the request was altered, the origin is not what the client saw, or another key signed.',
    action:
      'If all fail so, configure `origin` behind your proxy; `approov-guard explain` shows the signature base as this server sees it.',
  },
  'signature-replayed': {
    stage: 'signature',
    spec: 'RFC 9421 §7.2.2',
    meaning: 'The same signature was accepted before.',
    action: 'A client or proxy that repeats requests by itself, or a replay.',
  },
  'digest-missing': {
    stage: 'digest',
    spec: 'RFC 9530 §2',
    meaning: 'The request has a body and no `Content-Digest`, which the policy requires.',
    action: 'Clients on iOS send none by default: enable it in the app before requiring it.',
  },
  'digest-malformed': {
    stage: 'digest',
    spec: 'RFC 9530 §2',
    meaning: '`Content-Digest` is no dictionary of byte sequences of the right length.',
    action: 'Look for a proxy that rewrites the field.',
  },
  'digest-algorithm-unsupported': {
    stage: 'digest',
    spec: 'RFC 9530 §5',
    meaning: '`Content-Digest` names neither sha-256 nor sha-512.',
    action: 'The other algorithms are not secure: change the client.',
  },
  'digest-mismatch': {
    stage: 'digest',
    spec: 'RFC 9530 §2',
    meaning: 'The body does not match `Content-Digest`: it was altered on the way.',
    action: 'If all fail so, a proxy or a middleware changes bodies (decompression, re-serialised JSON) before the guard sees them.',
  },
  'digest-body-too-large': {
    stage: 'digest',
    spec: 'RFC 9110 §15.5.14',
    meaning: 'The body is longer than `signature.maxBodyBytes`, so its digest was not computed.',
    action: 'Raise the limit for routes that take uploads; it bounds the memory of each request.',
  },
};

/** Every fault code with its row. */
export const FAULTS: { readonly [Code in FaultCode]: FaultRow } = {
  'keys-unavailable': {
    spec: 'RFC 9110 §15.6.4',
    meaning: 'The key source could not deliver a key set.',
    action: 'Check the key source: file, network, permissions. Requests are answered with 503 until it recovers.',
  },
  'keys-empty': {
    spec: 'RFC 9110 §15.6.4',
    meaning: 'The key source delivered a set without one usable key.',
    action: 'Publish at least one signature key with a supported algorithm.',
  },
  'rule-failed': {
    spec: 'RFC 9110 §15.6.1',
    meaning: 'A deny or allow rule threw, took longer than its `timeoutSeconds`, or answered neither true nor false.',
    action: 'The cause in the verdict names the rule. A rule that fails never lets a token pass: requests are answered with 503.',
  },
  'body-unavailable': {
    spec: 'RFC 9530 §2',
    meaning: 'The body was read before the guard, and its raw bytes are gone, so its digest cannot be compared.',
    action: 'Put the guard before body parsers, or keep the raw bytes on the request as `rawBody`.',
  },
  'replay-store-unavailable': {
    spec: 'RFC 9421 §7.2.2',
    meaning: 'The replay store could not answer, or is full.',
    action: 'Check the store (network, memory). Requests are answered with 503 until it recovers.',
  },
  internal: {
    spec: 'RFC 9110 §15.6.1',
    meaning: 'The guard itself failed: a custom key source, rule or clock threw, or there is a bug.',
    action: 'The cause is in the verdict that the hook receives. Report it if none of your own code is in its stack.',
  },
};
