/**
 * `approov-guard/keys-file`: keys from a file that is read again when it changes. A module of its own, since it needs `node:fs`, which
 * Workers do not have.
 */

import { createHash } from 'node:crypto';
import { crypto } from '#crypto';
import { ConfigurationError } from '../../checks/configuration-error.ts';
import {
  checkedFunction,
  checkedNumber,
  checkedObject,
  checkedWord,
  isProduction,
  type UncheckedOptions,
} from '../../checks/option-checks.ts';
import { KEY_FILE } from '../../checks/option-table.ts';
import type { AlgorithmName } from '../../core/jws/algorithms.ts';
import type { VerificationKey } from '../../core/jws/jws.ts';
import type { KeySource } from '../../core/ports.ts';
import type { Bytes, Seconds } from '../../core/time.ts';
import { linesOf, unquoted, unwrapped } from '../file-text.ts';
import { type KeyDocument, parseKeyDocument } from '../key-document.ts';
import { type OnKeyEvent, reporter } from '../key-events.ts';
import { type KeyContext, refuseUntried, staticKeys } from '../key-source.ts';
import { publicAlgorithm } from '../public-keys.ts';
import { checkedSourceName } from '../remote/keys-url.ts';
import { WatchedKeyFile } from './watched-key-file.ts';

export { fileText, secretText } from '../file-text.ts';

/** Options of {@link keysFromFile}. */
export type KeysFromFileOptions = {
  /** The file. */
  readonly path: string;
  /** How often the file is looked at, beside being watched, 0.05 to 3600 s. Default 5. Network file systems tell of no change. */
  readonly pollSeconds?: Seconds;
  /** The longest file that is read, 64 bytes to 10 MiB. Default 1 MiB. */
  readonly maxBytes?: Bytes;
  /** The source's name in events and errors. Default `file`. */
  readonly name?: string;
  /** Called for each event of the source. Default: none. */
  readonly onEvent?: OnKeyEvent;
  /** Whether well-known test secrets are refused. Default: `production` if `NODE_ENV` says so, else `development`. */
  readonly environment?: 'production' | 'development';
} & (
  | {
      /** One account secret in a line of its own. Lines that begin with `#` or `note:` are left out. */
      readonly format: 'secret';
      /** Default `base64`. */
      readonly encoding?: 'base64' | 'base64url';
      /** Default `HS256`. */
      readonly algorithm?: 'HS256' | 'HS384' | 'HS512';
      /** The key id of the secret. Default: none, so that it is tried for any token. */
      readonly kid?: string;
    }
  | {
      /** Several account secrets, one a line, newest first: the old one stays until no token needs it. */
      readonly format: 'secrets';
      readonly encoding?: 'base64' | 'base64url';
      readonly algorithm?: 'HS256' | 'HS384' | 'HS512';
    }
  | {
      /** A JWK set (RFC 7517 §5). Keys that cannot be used are skipped, with an event. */
      readonly format: 'jwks';
      /** The algorithm of RSA keys that carry no `alg`. */
      readonly algorithm?: AlgorithmName;
    }
  | {
      /** One or several public keys, PEM `PUBLIC KEY`. */
      readonly format: 'pem';
      readonly algorithm: AlgorithmName;
      /** The key id of a single key. */
      readonly kid?: string;
    }
);

/**
 * A key source over a file. It is read at once, and again whenever it changes, however it is replaced: written in place, renamed over, or
 * swapped by a symbolic link as Kubernetes does. A file that is unreadable, half written or without a usable key changes nothing: the keys
 * that were read before stay in use, and an event tells.
 *
 * It does not check who may write the file: whoever can, can make tokens that are accepted.
 *
 * @throws ConfigurationError for any mistake in the options, and if the first reading fails
 *
 * @example
 * ```ts
 * import { mkdtempSync, writeFileSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { createGuard } from 'approov-guard';
 * import { keysFromFile } from 'approov-guard/keys-file';
 * const path = join(mkdtempSync(join(tmpdir(), 'keys-')), 'approov.secrets'); // in production: where your secret store mounts it
 * writeFileSync(path, process.env.APPROOV_BASE64_SECRET ?? '');
 * const keys = keysFromFile({ path, format: 'secrets', onEvent: (event) => console.warn(event.type) });
 * const guard = createGuard({ keys });
 * guard.close(); // stops watching
 * ```
 */
export function keysFromFile(options: KeysFromFileOptions): KeySource {
  const format = FORMATS.find((known) => known === options?.format);
  if (format === undefined) throw new ConfigurationError('option-missing', 'format', `must be one of ${FORMATS.join(', ')}`);
  const given = checkedObject(options, 'options', [...COMMON_NAMES, ...NAMES_OF_FORMAT[format]]);
  const { path } = given;
  if (typeof path !== 'string' || path === '') throw new ConfigurationError('option-missing', 'path', 'must be the path of a file');
  checkedWord(given.encoding, 'encoding', KEY_FILE.encoding);
  if (format === 'pem' || (format === 'jwks' && given.algorithm !== undefined)) publicAlgorithm(given.algorithm, 'algorithm');
  const name = checkedSourceName(given.name, 'name', 'file');
  const context = { crypto, production: isProduction(given.environment) };
  return new WatchedKeyFile({
    path,
    name,
    pollMs: checkedNumber(given.pollSeconds, 'pollSeconds', KEY_FILE.pollSeconds) * 1000,
    maxBytes: checkedNumber(given.maxBytes, 'maxBytes', KEY_FILE.maxBytes),
    report: reporter(checkedFunction<OnKeyEvent>(given.onEvent, 'onEvent')),
    parse: (text) => parseKeyFile(text, { format, options: given, context }),
  });
}

const FORMATS: readonly FileFormat[] = KEY_FILE.format.words;
const COMMON_NAMES = ['path', 'format', 'algorithm', 'pollSeconds', 'maxBytes', 'name', 'onEvent', 'environment'] as const;
const NAMES_OF_FORMAT: { readonly [F in FileFormat]: readonly string[] } = {
  secret: ['encoding', 'kid'],
  secrets: ['encoding'],
  jwks: [],
  pem: ['kid'],
};

// What a key file may hold.

/** The forms of a key file. */
export type FileFormat = 'secret' | 'secrets' | 'jwks' | 'pem';

/** How a file is to be read. */
interface FileReading {
  readonly format: FileFormat;
  readonly options: UncheckedOptions;
  readonly context: KeyContext;
}

/**
 * Parses the content of a key file.
 * @throws ConfigurationError if it holds no usable key, or one that is plainly wrong
 */
function parseKeyFile(text: string, reading: FileReading): KeyDocument {
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
  const found = linesOf(text).map(unquoted);
  // In a list of secrets each line is one.
  const secrets = format === 'secret' ? unwrapped(found) : found;
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
