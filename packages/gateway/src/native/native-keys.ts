/** The keys of a policy as another engine can be given them: secrets by the name of an environment variable, public keys as PEM. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { type AlgorithmName, ConfigurationError } from 'approov-guard';
import type { Policy } from 'approov-guard/policy-file';

/** A key. */
export type NativeKey = {
  /** How the operator knows it: its `kid`, else its place in the configuration. */
  readonly id: string;
  readonly kid: string | null;
  readonly algorithm: AlgorithmName;
} & (
  | {
      readonly kind: 'secret';
      /** The environment variable from which the engine takes it, as base64. */
      readonly variable: string;
      /** How that variable is filled, where it is not the policy's own. */
      readonly hint: string | null;
    }
  | { readonly kind: 'public'; readonly pem: string }
);

type Part = { readonly [name: string]: unknown };

/**
 * The keys of a policy, in the order in which they are tried.
 * @param target - for messages
 * @throws ConfigurationError for keys that come and go: a configuration holds what was there when it was made
 */
export function nativeKeys({ options, document }: Policy, target: string): readonly NativeKey[] {
  const parts = ([options.keys].flat() as readonly unknown[]).map((part) => part as Part);
  const written = [document.keys].flat() as readonly Part[];
  const keys = parts.flatMap((part, index) => {
    const path = Array.isArray(options.keys) ? `keys[${index}]` : 'keys';
    const from = written[index] ?? {};
    if ('secret' in part) return [secretKey(part.secret as Part, from.secret as Part, `${path}.secret`)];
    if ('secrets' in part) {
      const sources = from.secrets as readonly Part[];
      return (part.secrets as readonly Part[]).map((secret, at) => secretKey(secret, sources[at] ?? {}, `${path}.secrets[${at}]`));
    }
    if ('pem' in part)
      return [
        {
          kind: 'public',
          id: textOr(part.kid) ?? path,
          kid: textOr(part.kid),
          algorithm: part.algorithm as AlgorithmName,
          pem: String(part.pem),
        } as const,
      ];
    if ('jwks' in part) return jwksKeys(part, path);
    const what = 'jwksUrl' in part ? 'jwksUrl' : 'keysFile';
    const remedy = `${target} holds the keys that were there when its configuration was made; write secrets, pem or jwks, or let the gateway or the authoriser judge`;
    throw new ConfigurationError('option-unavailable', `${path}.${what}`, remedy);
  });
  return keys.map((key, index) =>
    key.kind === 'secret' ? { ...key, variable: key.variable || `APPROOV_GUARD_SECRET_${index + 1}` } : key,
  );
}

function textOr(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** A secret never stands in what is printed: its variable does. */
function secretKey(secret: Part, source: Part, path: string): NativeKey {
  const { kid, algorithm = 'HS256' } = secret;
  const plain = source.base64 as { readonly env?: string; readonly file?: string } | undefined;
  const urlSafe = source.base64url as { readonly env?: string; readonly file?: string } | undefined;
  const common = { kind: 'secret', id: textOr(kid) ?? path, kid: textOr(kid), algorithm: algorithm as AlgorithmName } as const;
  if (plain?.env !== undefined) return { ...common, variable: plain.env, hint: null };
  const from = plain ?? urlSafe;
  const read = from?.env === undefined ? `tail -n 1 ${JSON.stringify(from?.file ?? 'FILE')}` : `printf %s "$${from.env}"`;
  const decoded = urlSafe === undefined ? '' : ` | tr '_-' '/+' | awk '{ while (length($0) % 4) $0 = $0 "="; print }'`;
  return { ...common, variable: '', hint: `"$(${read}${decoded})"` };
}

function jwksKeys(part: Part, path: string): readonly NativeKey[] {
  const { keys } = part.jwks as { readonly keys: readonly Part[] };
  return keys.flatMap((jwk, index) => {
    if (jwk.use !== undefined && jwk.use !== 'sig') return [];
    const curves: { readonly [curve: string]: string } = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512', Ed25519: 'EdDSA' };
    const algorithm = textOr(jwk.alg) ?? curves[String(jwk.crv)] ?? textOr(part.algorithm);
    if (algorithm === null) throw new ConfigurationError('key-invalid', `${path}.jwks.keys[${index}]`, 'carries no alg');
    const pem = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    return [
      {
        kind: 'public',
        id: textOr(jwk.kid) ?? `${path}.jwks.keys[${index}]`,
        kid: textOr(jwk.kid),
        algorithm: algorithm as AlgorithmName,
        pem: String(pem),
      },
    ];
  });
}
