/** Makes exemptions. For whoever reviews them, at a desk: no server needs this. */
import { createHmac, createPrivateKey, sign } from 'node:crypto';
import { ConfigurationError } from 'approov-guard';
import { type Exemption, secretOf } from './exemptions.ts';

/**
 * Signs an exemption.
 *
 * @param exemption - what it says; `from` and `until` in seconds since the epoch
 * @param key - `{ secret }`: base64, at least 32 bytes; or `{ privateKey }`: Ed25519, PEM (PKCS #8)
 * @returns the value of the header `approov-exemption`. Whoever has it is exempt: treat it as a password
 * @throws ConfigurationError for a mistake in either
 *
 * @example
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import { signExemption } from '@approov-guard/rollout';
 * const now = Math.floor(Date.now() / 1000);
 * const exemption = { id: 'store-review', routes: ['default'], from: now, until: now + 7 * 86_400, by: 'anna' };
 * console.log(signExemption(exemption, { secret: randomBytes(32).toString('base64') }).slice(0, 4)); // ax1.
 * ```
 */
export function signExemption(exemption: Exemption, key: { readonly secret: string } | { readonly privateKey: string }): string {
  const { id, routes, from, until, by } = exemption;
  const wrong = (path: string, remedy: string): never => {
    throw new ConfigurationError('option-invalid', `exemption.${path}`, remedy);
  };
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(id)) wrong('id', 'must be 1 to 64 letters, digits, dots, dashes');
  if (routes.length < 1 || routes.length > 32 || !routes.every((route) => route !== '' && route.length <= 64))
    wrong('routes', 'must name 1 to 32 routes');
  if (!(Number.isFinite(from) && Number.isFinite(until) && until > from)) wrong('until', 'must be after `from`, seconds since the epoch');
  if (until - from > 365 * 86_400) wrong('until', 'must be at most 365 days after `from`');
  if (by === '' || by.length > 128) wrong('by', 'must say who reviewed it, in 1 to 128 characters');
  const signed = `ax1.${Buffer.from(JSON.stringify({ id, routes, from, until, by })).toString('base64url')}`;
  if (signed.length > 1800) wrong('routes', 'make it too long');
  return `${signed}.${signatureOf(Buffer.from(signed, 'latin1'), key).toString('base64url')}`;
}

function signatureOf(signed: Buffer, key: { readonly secret: string } | { readonly privateKey: string }): Buffer {
  if ('secret' in key) return createHmac('sha256', secretOf(key.secret, 'secret')).update(signed).digest();
  try {
    const opened = createPrivateKey(key.privateKey);
    if (opened.asymmetricKeyType === 'ed25519') return sign(null, signed, opened);
  } catch {
    // Said below, without the text.
  }
  throw new ConfigurationError(
    'option-invalid',
    'privateKey',
    'must be an Ed25519 private key, PEM (`openssl genpkey -algorithm ed25519`)',
  );
}
