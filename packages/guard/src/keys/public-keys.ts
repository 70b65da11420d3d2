/** Public keys in the configuration: PEM texts (RFC 7468), and their algorithm. */
import { ConfigurationError } from '../checks/configuration-error.ts';
import { decodeBase64 } from '../core/bytes.ts';
import { ALGORITHMS, type AlgorithmRow } from '../core/jws/algorithms.ts';

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
    throw new ConfigurationError('key-invalid', path, 'is not a PEM text of type PUBLIC KEY (RFC 7468 §13)');
  }
  return blocks.map(([, label = '', content = '']) => {
    const der = label === 'PUBLIC KEY' ? decodeBase64(content.replace(/\s/g, ''), 'base64') : null;
    if (der !== null && der.length > 0) return der;
    throw new ConfigurationError('key-invalid', path, REMEDIES.get(label) ?? 'is not a PEM text of type PUBLIC KEY (RFC 7468 §13)');
  });
}

/** The one algorithm of a public key. */
export function publicAlgorithm(name: unknown, path: string): AlgorithmRow {
  if (name === undefined)
    throw new ConfigurationError('key-algorithm', path, 'name the one algorithm of this key, such as `RS256` or `ES256`');
  const row = rowOf(name, path);
  if (row.family !== 'hmac') return row;
  throw new ConfigurationError('key-algorithm', path, 'is a symmetric algorithm; a public key is never an HMAC secret');
}

function rowOf(name: unknown, path: string): AlgorithmRow {
  const row = typeof name === 'string' ? ALGORITHMS.get(name) : undefined;
  if (row !== undefined) return row;
  throw new ConfigurationError('key-algorithm', path, `must be one of ${[...ALGORITHMS.keys()].join(', ')}`);
}
