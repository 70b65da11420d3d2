/** Which options compile, and which mistakes do not. */
import { type BindingOptions, createGuard, type Guard, type GuardOptions, type KeySource, type RouteOptions } from 'approov-guard';

const secret = { base64: process.env.APPROOV_BASE64_SECRET };
const keys = { secret };
declare const guard: Guard;
declare const source: KeySource;

// What a user writes.
createGuard({ keys });
createGuard({ keys: { secret: { base64url: 'x', kid: 'k', algorithm: 'HS512' } } });
createGuard({ keys: { secret: { bytes: new Uint8Array(64) } } });
createGuard({ keys: { secrets: [{ base64: 'new' }, { base64: 'old' }] } });
createGuard({ keys: { jwks: { keys: [{ kty: 'EC' }] } } });
createGuard({ keys: { jwks: { keys: [] }, algorithm: 'RS256' } });
createGuard({ keys: { pem: 'x', algorithm: 'ES256', kid: 'k' } });
createGuard({ keys: [keys, { pem: 'x', algorithm: 'ES256' }] });
createGuard({ keys: source });
createGuard({ keys, token: { header: 'authorization', prefix: 'Bearer', maxLifetimeSeconds: null, issuer: ['a'], audience: 'b' } });
createGuard({ keys, binding: { headers: ['authorization'], missing: 'accept', value: 'without-bearer' } });
createGuard({ keys, binding: null, mode: 'observe', exempt: ['/health'], preflight: 'judge' });
createGuard({ keys, mode: { token: 'enforce', binding: 'observe' } });
createGuard({ keys, refusal: { status: 403, format: 'problem' } });
createGuard({ keys, refusal: { render: ({ standard }) => ({ ...standard, body: 'no' }) } });
createGuard({
  keys,
  onVerdict: (verdict, { id, path }) => console.log(verdict.outcome, id, path),
  now: Date.now,
  environment: 'production',
});
guard.route({ binding: null, mode: 'enforce' });

// Keys.
// @ts-expect-error: keys are required
createGuard({});
// @ts-expect-error: no keys at all
createGuard();
// @ts-expect-error: a secret is no bare text
createGuard({ keys: { secret: 'abc' } });
// @ts-expect-error: a secret says its encoding
createGuard({ keys: { secret: {} } });
// @ts-expect-error: a public key says its algorithm
createGuard({ keys: { pem: 'x' } });
// @ts-expect-error: an unknown algorithm
createGuard({ keys: { pem: 'x', algorithm: 'none' } });
// @ts-expect-error: an HMAC secret has no asymmetric algorithm
createGuard({ keys: { secret: { base64: 'x', algorithm: 'RS256' } } });

// Unknown names, and words that are none.
// @ts-expect-error: no such option
createGuard({ keys, bindings: null });
// @ts-expect-error: no such token option
createGuard({ keys, token: { headers: ['approov-token'] } });
// @ts-expect-error: the unit is in the name
createGuard({ keys, token: { clockTolerance: 5 } });
// @ts-expect-error: no such mode
createGuard({ keys, mode: 'monitor' });
// @ts-expect-error: no such check
createGuard({ keys, mode: { tokens: 'observe' } });
// @ts-expect-error: a prefix is a text or null
createGuard({ keys, token: { prefix: true } });
// @ts-expect-error: no such answer to preflights
createGuard({ keys, preflight: 'skip' });
// @ts-expect-error: exempt paths are a list
createGuard({ keys, exempt: '/health' });
// @ts-expect-error: the clock answers a number
createGuard({ keys, now: () => new Date() });

// Binding.
// @ts-expect-error: headers are a list
createGuard({ keys, binding: { headers: 'authorization' } });
// @ts-expect-error: which headers?
createGuard({ keys, binding: { missing: 'accept' } });
// @ts-expect-error: binding is switched off by null, in writing
createGuard({ keys, binding: false });
// @ts-expect-error: no such answer to a missing claim
createGuard({ keys, binding: { headers: ['authorization'], missing: 'ignore' } });
// @ts-expect-error: one header is named by `headers`
const misnamed: BindingOptions = { header: 'authorization' };

// Refusals.
// @ts-expect-error: a renderer answers a whole refusal
createGuard({ keys, refusal: { render: () => ({ status: 401 }) } });
// @ts-expect-error: a renderer, or a status
createGuard({ keys, refusal: { status: 403, render: ({ standard }) => standard } });
// @ts-expect-error: no such format
createGuard({ keys, refusal: { format: 'xml' } });

// Routes say nothing about keys, and nothing about the whole.
// @ts-expect-error: a route has no keys
guard.route({ keys });
// @ts-expect-error: a route exempts nothing
const exempting: RouteOptions = { exempt: ['/'] };

// Options are not written to.
declare const options: GuardOptions;
// @ts-expect-error: read-only
options.mode = 'observe';

export const unused: readonly unknown[] = [misnamed, exempting];

// Two variants at once are a mistake: nobody could say which one counts.
const jwks = { keys: [] };
const secretText = { base64: '' };
// @ts-expect-error one encoding only
createGuard({ keys: { secret: { base64: '', base64url: '' } } });
// @ts-expect-error `secret` or `secrets`
createGuard({ keys: { secret: secretText, secrets: [secretText] } });
// @ts-expect-error `secret` or `jwks`: combine them as a list
createGuard({ keys: { secret: secretText, jwks } });
createGuard({ keys: [{ secret: secretText }, { jwks }] });
// @ts-expect-error account keys belong to the label `account`
createGuard({ keys: { secret: secretText }, signature: { label: 'install', accountKeys: [] } });
// @ts-expect-error `ipk` belongs to the label `install`
createGuard({ keys: { secret: secretText }, signature: { label: 'account', accountKeys: [], missingKey: 'accept' } });
