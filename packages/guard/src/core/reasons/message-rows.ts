/** Why bindings, message signatures and content digests are rejected. */
import type { ReasonCode, ReasonRow } from './codes.ts';

/** The rows of the stages `binding` and `signature` and `digest`. */
export const MESSAGE_REASONS: {
  readonly [Code in Extract<ReasonCode, `binding-${string}` | `signature-${string}` | `digest-${string}`>]: ReasonRow;
} = {
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
    meaning: 'The fields are not dictionaries, are too long, or the label’s members have the wrong shape.',
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
    meaning: '`ipk` is there, but it is not a P-256 public key.',
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
  'signature-share-exceeded': {
    stage: 'signature',
    status: 429,
    spec: 'RFC 6585 §4, option `share`',
    meaning: 'This signing key sent more signed requests than its share allows, at a time or in all that are remembered.',
    action:
      'No app does this by itself: it is a script on a genuine device. Others are not affected. If your app sends that much, raise `share`.',
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
    meaning: '`Content-Digest` is not a dictionary of byte sequences of the right length.',
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
    status: 413,
    spec: 'RFC 9110 §15.5.14',
    meaning: 'The body is longer than `signature.maxBodyBytes`, so its digest was not computed.',
    action: 'Raise the limit for routes that take uploads; it bounds the memory of each request.',
  },
  'digest-body-incomplete': {
    stage: 'digest',
    status: 400,
    spec: 'RFC 9112 §8',
    meaning: 'The client went away before the whole body had arrived.',
    action: 'Phones lose their network. Many from one address: somebody opens connections and leaves them.',
  },
  'digest-body-late': {
    stage: 'digest',
    status: 408,
    spec: 'RFC 9110 §15.5.9',
    meaning: 'The body had not arrived `bodies.deadlineSeconds` after its signature was verified.',
    action: 'Raise the deadline for large uploads over slow networks; otherwise somebody holds bodies back to occupy memory.',
  },
};
