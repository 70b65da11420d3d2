/** Certificates for tests, made by openssl where it is there. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findProgram } from '../../../tools/optional.mjs';

export const openssl: string | null = findProgram('openssl');

/** Writes `cert.pem` and `key.pem` for 127.0.0.1 into a folder. */
export function makeCertificate(folder: string, name: string): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const made = spawnSync(
    openssl ?? '',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-addext',
      'subjectAltName=IP:127.0.0.1,DNS:localhost',
      '-keyout',
      key,
      '-out',
      cert,
    ],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(made.stderr);
  return { cert, key };
}
