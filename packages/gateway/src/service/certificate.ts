/** The certificate of a listener and its key, read again when the files change. */
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ConfigurationError } from 'approov-guard';
import { watchFiles } from 'approov-guard/policy-file';
import { readPem } from '../checks.ts';
import type { ListenAddress } from '../listen-address.ts';

/** Where they are. */
export type Tls = NonNullable<ListenAddress['tls']>;

/**
 * Reads them.
 * @throws ConfigurationError where a file cannot be read, or the two do not fit
 */
export function readCertificate({ cert, key, path }: Tls): { readonly cert: string; readonly key: string } {
  const read = { cert: readPem(cert, `${path}.cert`, 'CERTIFICATE'), key: readPem(key, `${path}.key`, 'PRIVATE KEY') };
  try {
    createSecureContext(read);
  } catch (error) {
    // OpenSSL's own words name neither file nor key.
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError('file-malformed', path, `certificate and key cannot be used together (${why})`);
  }
  return read;
}

/**
 * New connections get the new certificate; a pair that does not fit leaves the old one in use.
 * @param problem - told of such a pair
 * @returns what ends it
 */
export function followCertificate(
  server: { setSecureContext(options: SecureContextOptions): void },
  tls: Tls,
  problem: (error: Error) => void,
): () => void {
  const watcher = watchFiles([tls.cert, tls.key], () => {
    try {
      server.setSecureContext(readCertificate(tls));
    } catch (error) {
      problem(error instanceof Error ? error : new Error('the certificate cannot be used'));
    }
  });
  return () => watcher.close();
}
