/** A GET request as a client library signs it. */
import { exampleToken, freshInstallationKey, type InstallationKey, type SecretText, signRequest } from '@approov-guard/testkit';

export type Lines = readonly (readonly [string, string])[];

export interface Signing {
  readonly secret: SecretText;
  /** Signs instead of the installation to which the token belongs. */
  readonly by?: InstallationKey;
  readonly headers?: Lines;
}

/**
 * Signs for `origin` and `path` with a fresh installation's key.
 * @returns the headers to send, and the token that is among them
 */
export function signedGet(
  origin: string,
  path: string,
  { secret, by, headers = [] }: Signing,
): { readonly token: string; readonly headers: Lines } {
  const installation = freshInstallationKey();
  const now = Date.now();
  const token = exampleToken({ secret, now, claims: { ipk: installation.ipk } });
  const request = { method: 'GET', url: `${origin}${path}`, headers };
  const signed = signRequest({ client: 'okhttp-3.5', sign: 'install', installationKey: by ?? installation, token, request, now });
  return { token, headers: signed.headers };
}
