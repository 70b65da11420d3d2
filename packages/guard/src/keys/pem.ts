/** PEM texts of public keys (RFC 7468). */

import { ConfigurationError } from '../checks/configuration-error.ts';
import { decodeBase64 } from '../core/bytes.ts';

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----/g;

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['CERTIFICATE', 'is an X.509 certificate; extract its key with `openssl x509 -pubkey -noout`'],
  ['RSA PUBLIC KEY', 'is a PKCS #1 key; convert it with `openssl rsa -RSAPublicKey_in -pubout`'],
  ['CERTIFICATE REQUEST', 'is a certificate request; export the key with `approov keyset -getPEM`'],
]);

/**
 * The SubjectPublicKeyInfo structures of a PEM text, one for each block.
 * @throws ConfigurationError `key-not-public` for private keys, `key-invalid` for anything else but `PUBLIC KEY` blocks
 */
export function parsePublicPem(text: unknown, path: string): readonly Uint8Array[] {
  if (typeof text !== 'string') throw new ConfigurationError('option-invalid', path, 'must be a PEM text');
  if (text.includes('PRIVATE KEY')) {
    throw new ConfigurationError('key-not-public', path, 'is a private key; export the public one with `approov keyset -getPEM`');
  }
  const blocks = [...text.matchAll(BLOCK)];
  if (blocks.length === 0 || text.replace(BLOCK, '').includes('-----')) {
    throw new ConfigurationError('key-invalid', path, 'is no PEM text of type PUBLIC KEY (RFC 7468 §13)');
  }
  return blocks.map(([, label = '', content = '']) => {
    const der = label === 'PUBLIC KEY' ? decodeBase64(content.replace(/\s/g, ''), 'base64') : null;
    if (der !== null && der.length > 0) return der;
    throw new ConfigurationError('key-invalid', path, REMEDIES.get(label) ?? 'is no PEM text of type PUBLIC KEY (RFC 7468 §13)');
  });
}
