/** Reads an HMAC secret from the configuration and refuses what would not protect anything. */
import { ConfigurationError } from '../checks/configuration-error.ts';
import type { UncheckedOptions } from '../checks/option-checks.ts';
import { decodeBase64, encodeBase64 } from '../core/bytes.ts';
import type { AlgorithmRow } from '../core/jws/algorithms.ts';
import { unwrapped } from './file-text.ts';

const ENCODINGS = ['base64', 'base64url', 'bytes'] as const;

/** Where a secret stands and what is expected of it. */
export interface SecretPlace {
  readonly path: string;
  readonly algorithm: AlgorithmRow;
  /** Whether published test secrets are refused. */
  readonly production: boolean;
  /** The vendor's command that prints it. */
  readonly command: string;
}

/**
 * Decodes and checks a secret.
 * @throws ConfigurationError `secret-missing`, `secret-placeholder`, `secret-encoding`, `secret-too-short`, `secret-weak`, `secret-public`
 */
export function decodeSecret(options: UncheckedOptions, place: SecretPlace): Uint8Array {
  const given = ENCODINGS.filter((encoding) => Object.hasOwn(options, encoding));
  const [encoding] = given;
  if (encoding === undefined || given.length > 1) {
    throw new ConfigurationError('options-contradict', place.path, 'give the secret in exactly one of base64, base64url and bytes');
  }
  const path = `${place.path}.${encoding}`;
  const getIt = `get it with \`${place.command}\``;
  const secret = encoding === 'bytes' ? bytesOf(options.bytes, path, getIt) : decoded(options[encoding], path, { encoding, getIt });
  checkStrength(secret, path, place);
  checkForm(secret, options[encoding], path);
  return secret;
}

function bytesOf(value: unknown, path: string, getIt: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new ConfigurationError('option-invalid', path, 'must be a Uint8Array');
  if (value.length === 0) throw new ConfigurationError('secret-missing', path, `is empty; ${getIt}`);
  // A copy: what the caller does to its array later must not change the key.
  return new Uint8Array(value);
}

/** Nearly always it is a variable of the environment that is not there. */
const UNSET =
  'where it comes from process.env.APPROOV_BASE64_SECRET, put APPROOV_BASE64_SECRET=... into .env (saved as UTF-8) and start with `node --env-file=.env`; ' +
  'for tests make one with `approov-guard secret --generate`, else ';

interface Wanted {
  readonly encoding: 'base64' | 'base64url';
  readonly getIt: string;
}

function decoded(value: unknown, path: string, { encoding, getIt }: Wanted): Uint8Array {
  if (value === undefined || value === null || value === '')
    throw new ConfigurationError('secret-missing', path, `is not set; ${UNSET}${getIt}`);
  if (typeof value !== 'string') throw new ConfigurationError('option-invalid', path, 'must be a text');
  // White space around the text (a line feed from a file) has no meaning, nor have the line breaks of tools that wrap; other white space is a mistake.
  const lines = value.trim().split(/\r?\n/);
  const text = lines.length > 1 ? unwrapped(lines).join('\n') : value.trim();
  if (text === '') throw new ConfigurationError('secret-missing', path, `is blank; ${getIt}`);
  if (isPlaceholder(text)) throw new ConfigurationError('secret-placeholder', path, `is the placeholder of a sample; ${getIt}`);
  const bytes = decodeBase64(text, encoding);
  if (bytes === null)
    throw new ConfigurationError('secret-encoding', path, `is not ${encoding} (RFC 4648); ${adviceOn(text, { encoding, getIt })}`);
  return bytes;
}

/** What is most likely wrong with a text that does not decode. */
function adviceOn(text: string, { encoding, getIt }: Wanted): string {
  const other = encoding === 'base64' ? 'base64url' : 'base64';
  if (decodeBase64(text, other) !== null) return `it is ${other}: write it as \`${other}\` instead`;
  if (/[\0\ufffd]/.test(text))
    return 'it was read as UTF-8 and is UTF-16, as Windows PowerShell writes files: save it as UTF-8, or read it with `keysFromFile`';
  if (/^(["']).*\1$/s.test(text)) return 'it stands in quotation marks: leave them out';
  if (/\s/.test(text)) return `it is more than one word: give only the key, which is the last line; ${getIt}`;
  return getIt;
}

function checkStrength(secret: Uint8Array, path: string, place: SecretPlace): void {
  const { minimumKey, name } = place.algorithm;
  const getIt = `get it with \`${place.command}\``;
  if (place.production && isPublished(encodeBase64(secret, 'base64'))) {
    throw new ConfigurationError('secret-public', path, `is published in samples, so anybody can sign tokens with it; ${getIt}`);
  }
  if (secret.length < minimumKey) {
    throw new ConfigurationError(
      'secret-too-short',
      path,
      `has ${secret.length} bytes; ${name} needs at least ${minimumKey} (RFC 7518 §3.2); ${getIt}`,
    );
  }
  if (secret.every((byte) => byte === secret[0])) throw new ConfigurationError('secret-weak', path, `repeats one byte; ${getIt}`);
}

/** What surrounds a text in files: byte order marks, white space, quotation marks, and the zero bytes of UTF-16. */
const AROUND_TEXT = /[\0\s"'\u00bb\u00bf\u00ef\u00fe\u00ff]/g;
const HEXADECIMAL = /^(?:0x)?[0-9a-f]+$/i;

/** Refuses what was decoded too seldom: it is long enough, and every genuine token would fail. */
function checkForm(secret: Uint8Array, given: unknown, path: string): void {
  // Sixteen characters of 64: no base64 of a random secret looks so.
  if (typeof given === 'string' && HEXADECIMAL.test(given.trim()))
    throw new ConfigurationError(
      'secret-encoding',
      path,
      "is hexadecimal, which base64 reads as other bytes; give `bytes: Buffer.from(text, 'hex')` instead",
    );
  if (!isEncoded(secret)) return;
  const remedy =
    typeof given === 'string'
      ? 'is base64 of base64 text: it was encoded twice, as deployment tools do that encode by themselves; decode it once'
      : 'holds base64 text, not decoded; give the text as `base64`';
  throw new ConfigurationError('secret-encoding', path, remedy);
}

/**
 * Whether a secret is base64 text itself: no random bytes are. Wholly hexadecimal text, which is base64 by chance, may be a secret as it
 * stands: samples publish such ones.
 */
function isEncoded(secret: Uint8Array): boolean {
  const text = Array.from(secret, (byte) => String.fromCharCode(byte))
    .join('')
    .replace(AROUND_TEXT, '');
  if (text === '' || HEXADECIMAL.test(text)) return false;
  return (decodeBase64(text, 'base64') ?? decodeBase64(text, 'base64url')) !== null;
}

// Secrets that are not secrets: published in samples, or placeholders. Source: the vendor's public quickstart repositories.

/** Texts that stand where a secret should be. Compared in lower case with everything but letters removed. */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  'approovbasesecrethere',
  'approovbaseurlsecrethere',
  'approovbaseencodedsecrethere',
  'yoursecrethere',
  'yoursecretehere',
  'approovsecrethere',
  'addheretheapproovbasesecret',
  'yourapproovbasesecrethere',
  'yourbasesecrethere',
  'mustbebaseurlencoded',
  'changeme',
]);

/** How published secrets begin, canonical base64: 24 bytes at most, which no other secret shares. Naming them here gives nothing away. */
const PUBLISHED: readonly string[] = [
  // approov/postman-collections and nearly all quickstarts
  'h+CX0tOzdAAR9l15bWAqvq7w9olk66da',
  // approov/quickstart-asp.net-token-check
  'TEST+SECRET/TEST+SECRET/TEST+SEC',
  // approov/quickstart-nodejs-koa_shapes-api (too short as well)
  'QVBQUk9PVl9TRUNSRVQ=',
  // approov/quickstart-kong_approov-plugin
  'MTllNTMxM2U3Mjk4ODkxOWU1MTBhNmQw',
  // approov/quickstart-nginx-plus_approov-dynamic-module
  'NTQ0ZDVkZWE4ZjE0OTJjMjUxMmZiZGNj',
];

/** Tells whether a text is a placeholder from somebody's sample. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDERS.has(text.toLowerCase().replace(/[^a-z]/g, ''));
}

/** Tells whether a secret (canonical base64) is published. */
export function isPublished(base64: string): boolean {
  return PUBLISHED.some((beginning) => base64.startsWith(beginning));
}
