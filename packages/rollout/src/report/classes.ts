/** What a decision was, in the words of whoever decides about the roll-out. */

/** A class of decisions. */
export type ClassName =
  | 'verified'
  | 'old-app'
  | 'attestation-failed'
  | 'no-token'
  | 'forged'
  | 'unknown'
  | 'clock'
  | 'fail-over'
  | 'wrong-key'
  | 'proxy'
  | 'app-binds-otherwise'
  | 'origin'
  | 'misused'
  | 'replayed'
  | 'policy'
  | 'our-outage';

/** What is said of a class. */
export interface ClassRow {
  readonly title: string;
  /** Whether genuine users of the app are among them. */
  readonly genuine: boolean;
  readonly action: string;
}

/** Every class, in the order in which they are shown. */
export const CLASSES: { readonly [Name in ClassName]: ClassRow } = {
  verified: { title: 'verified', genuine: true, action: 'Nothing.' },
  'our-outage': {
    title: 'our own outage',
    genuine: true,
    action: 'Fix it before you enforce: keys, replay store, parsed bodies. It would be 503.',
  },
  'wrong-key': {
    title: 'wrong key: all tokens failed for a time',
    genuine: true,
    action: 'Compare the secret of that deployment: another account, or base64 for base64url. `approov-guard check TOKEN` tells.',
  },
  proxy: {
    title: 'a proxy dropped the header',
    genuine: true,
    action:
      'Every request of this route lacks the token, also from apps that send it elsewhere. Compare with a request that bypasses the proxy.',
  },
  'fail-over': {
    title: 'fail-over of the issuing cloud',
    genuine: true,
    action: 'Its tokens carry neither `pay` nor `ipk`. Decide now whether they pass: `missing: accept`, `missingKey: accept`.',
  },
  'app-binds-otherwise': {
    title: 'the app binds another value',
    genuine: true,
    action: 'All of one version. Compare what it binds with what you check: whole value, or without `Bearer`.',
  },
  origin: {
    title: 'the origin is not what the app signed',
    genuine: true,
    action: 'Message signatures fail for everyone: set `origin`, or have the proxy forward host and scheme.',
  },
  clock: {
    title: 'clocks, and tokens that came late',
    genuine: true,
    action: 'On one instance: NTP. Everywhere, by seconds: `clockToleranceSeconds`. Have the app ask for a new token and try once more.',
  },
  'no-token': {
    title: 'the app had no token to send',
    genuine: true,
    action: 'No network, or TLS interception, as its SDK says. Genuine users, mostly. Have the app try once more.',
  },
  'old-app': { title: 'old versions of the app', genuine: true, action: 'Wait until they fade, or force the update.' },
  'attestation-failed': {
    title: 'attestation failed on the device',
    genuine: false,
    action: 'Rooted, repackaged, or a build that is not registered. Check that every build is; the rest is what you want to refuse.',
  },
  policy: { title: 'refused by your own rules', genuine: false, action: 'Deny and allow rules, issuer, audience, lifetime: what you set.' },
  misused: { title: 'a token or a request was altered', genuine: false, action: 'What binding and signature are for. Enforcing ends it.' },
  replayed: { title: 'replayed, or over its share', genuine: false, action: 'Enforcing ends it.' },
  forged: { title: 'forged tokens', genuine: false, action: 'Nothing: enforcing ends it.' },
  unknown: {
    title: 'not our app',
    genuine: false,
    action: 'No token, and no version of the app: scripts, scrapers. A partner whom you forgot? Then `exempt`, or a route of its own.',
  },
};

/** Whether no key verified the token: our wrong key, a device that failed attestation, or a forgery. */
export function isKeyFailure(code: string): boolean {
  return code === 'token-signature-invalid' || code === 'token-key-unknown' || code === 'token-algorithm-not-allowed';
}
