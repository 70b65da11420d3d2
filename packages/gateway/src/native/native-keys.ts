/** The keys of a policy as another engine can be given them: secrets by the name of an environment variable, public keys as PEM. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { dirname, resolve } from 'node:path';
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
      /** Where the secret is, for engines that can read it there. Paths are absolute. */
      readonly source: SecretSource;
    }
  | { readonly kind: 'public'; readonly pem: string }
);

/** Where a secret is, and how it is written: in a variable of the environment, or in a file. */
export interface SecretSource {
  readonly encoding: 'base64' | 'base64url';
  readonly env?: string;
  readonly file?: string;
}

type Part = { readonly [name: string]: unknown };

/**
 * The keys of a policy, in the order in which they are tried.
 * @param target - for messages
 * @throws ConfigurationError for keys that come and go: a configuration holds what was there when it was made
 */
export function nativeKeys({ options, document, file }: Policy, target: string): readonly NativeKey[] {
  const parts = ([options.keys].flat() as readonly unknown[]).map((part) => part as Part);
  const written = [document.keys].flat() as readonly Part[];
  const folder = file === null ? '' : dirname(file);
  const keys = parts.flatMap((part, index) => {
    const path = Array.isArray(options.keys) ? `keys[${index}]` : 'keys';
    const from = written[index] ?? {};
    if ('secret' in part) return [secretKey(part.secret as Part, from.secret as Part, `${path}.secret`, folder)];
    if ('secrets' in part) {
      const sources = from.secrets as readonly Part[];
      return (part.secrets as readonly Part[]).map((secret, at) => secretKey(secret, sources[at] ?? {}, `${path}.secrets[${at}]`, folder));
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
function secretKey(secret: Part, written: Part, path: string, folder: string): NativeKey {
  const { kid, algorithm = 'HS256' } = secret;
  const encoding = written.base64 === undefined ? 'base64url' : 'base64';
  // The cast holds: a policy whose secret is not a reference is refused when it is read.
  const { env, file } = (written[encoding] ?? {}) as { readonly env?: string; readonly file?: string };
  const source: SecretSource = { encoding, ...(env === undefined ? { file: resolve(folder, file ?? '') } : { env }) };
  const common = { kind: 'secret', id: textOr(kid) ?? path, kid: textOr(kid), algorithm: algorithm as AlgorithmName, source } as const;
  if (encoding === 'base64' && env !== undefined) return { ...common, variable: env, hint: null };
  const read = env === undefined ? `tail -n 1 ${JSON.stringify(file)}` : `printf %s "$${env}"`;
  const decoded = encoding === 'base64' ? '' : ` | tr '_-' '/+' | awk '{ while (length($0) % 4) $0 = $0 "="; print }'`;
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
