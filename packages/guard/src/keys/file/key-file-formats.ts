/** What a key file may hold. */
import { createHash } from 'node:crypto';
import { ConfigurationError } from '../../checks/configuration-error.ts';
import type { UncheckedOptions } from '../../checks/option-checks.ts';
import type { AlgorithmName } from '../../core/jws/algorithms.ts';
import type { VerificationKey } from '../../core/jws/jws.ts';
import { linesOf, unquoted, unwrapped } from '../file-text.ts';
import { type KeyDocument, parseKeyDocument } from '../key-document.ts';
import { type KeyContext, refuseUntried, staticKeys } from '../key-source.ts';

/** The forms of a key file. */
export type FileFormat = 'secret' | 'secrets' | 'jwks' | 'pem';

/** How a file is to be read. */
export interface FileReading {
  readonly format: FileFormat;
  readonly options: UncheckedOptions;
  readonly context: KeyContext;
}

/**
 * Parses the content of a key file.
 * @throws ConfigurationError if it holds no usable key, or one that is plainly wrong
 */
export function parseKeyFile(text: string, reading: FileReading): KeyDocument {
  const document = reading.format === 'jwks' ? jwks(text, reading) : { keys: keysOf(text, reading), skipped: [] };
  if (document === null)
    throw new ConfigurationError('key-invalid', 'file', 'must be a JWK set: an object with a list `keys` (RFC 7517 §5)');
  refuseUntried(document.keys, 'file', 'key-invalid');
  if (document.keys.length > 0) return document;
  const problems = [...new Set(document.skipped.map(({ problem }) => problem))];
  const why = problems.length === 0 ? '' : `; skipped: ${problems.join(', ')}`;
  throw new ConfigurationError('keys-missing', 'file', `holds no key that can verify a signature${why}`);
}

function jwks(text: string, { options, context }: FileReading): KeyDocument | null {
  // The cast holds: an algorithm that is none leads to no row of the table, and the key is skipped.
  return parseKeyDocument(text, (options.algorithm as AlgorithmName | undefined) ?? null, context.crypto);
}

function keysOf(text: string, reading: FileReading): readonly VerificationKey[] {
  const { format, options, context } = reading;
  if (format === 'pem') {
    const { algorithm, kid } = options;
    return staticKeys({ pem: text, algorithm, ...(kid === undefined ? {} : { kid }) }, 'file', context);
  }
  const lines = linesOf(text).map(unquoted);
  // In a list of secrets each line is one.
  const secrets = format === 'secret' ? unwrapped(lines) : lines;
  if (format === 'secret' && secrets.length > 1) {
    throw new ConfigurationError('key-invalid', 'file', 'holds several lines; use the format `secrets` for several secrets');
  }
  return secrets.map((secret) => secretKey(secret, reading));
}

function secretKey(secret: string, { options, context }: FileReading): VerificationKey {
  const { algorithm, kid, encoding } = options;
  const part = { [encoding === 'base64url' ? 'base64url' : 'base64']: secret, ...(algorithm === undefined ? {} : { algorithm }) };
  const [key] = staticKeys({ secret: kid === undefined ? part : { ...part, kid } }, 'file', context);
  // The cast holds: one secret makes one key.
  return kid === undefined ? { ...(key as VerificationKey), id: nameOf(secret) } : (key as VerificationKey);
}

/** A secret without `kid` is named after a short hash, so that its use counts stay its own when it moves down the file. */
function nameOf(secret: string): string {
  const digest = createHash('sha256').update('approov-guard key name\n').update(secret.replace(/=+$/, '')).digest('hex');
  return `secret-${digest.slice(0, 8)}`;
}
