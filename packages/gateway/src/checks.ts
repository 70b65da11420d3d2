/** Small checks of settings. Each throws a `ConfigurationError` that names the setting. */
import { readFileSync } from 'node:fs';
import { ConfigurationError } from 'approov-guard';
import { fileText } from 'approov-guard/keys-file';

/** Settings before anybody has looked at them. */
export type Unchecked = { readonly [name: string]: unknown };

/** Refuses what is not an object, and any member that is not in `names`. Absent is empty. */
export function checkedSection(value: unknown, path: string, names: readonly string[]): Unchecked {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return invalid(path, `must be an object; known here: ${names.join(', ')}`);
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown === undefined) return value as Unchecked;
  throw new ConfigurationError('option-unknown', `${path}.${unknown}`, `is not a setting; known here: ${names.join(', ')}`);
}

/** What a number may be, and what it is where it is left out. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
  readonly unit: string;
}

/** A number within bounds. */
export function checkedAmount(value: unknown, path: string, { min, max, fallback, unit }: Bounds): number {
  if (value === undefined) return fallback;
  return typeof value === 'number' && value >= min && value <= max
    ? value
    : invalid(path, `must be a number of ${unit} from ${min} to ${max}`);
}

/** A number within bounds, or `null` in writing for no limit. */
export function checkedLimit(
  value: unknown,
  path: string,
  bounds: Omit<Bounds, 'fallback'> & { readonly fallback: number | null },
): number | null {
  if (value === null) return null;
  return value === undefined ? bounds.fallback : checkedAmount(value, path, { ...bounds, fallback: 0 });
}

/** One or several texts as a list; `null` where there is none. */
export function checkedList(value: unknown, path: string): readonly string[] | null {
  if (value === undefined || value === null) return null;
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isText = (text: unknown): text is string => typeof text === 'string' && text !== '' && text.trim() === text;
  return texts.length > 0 && texts.every(isText) ? texts : invalid(path, 'must be a text or a list of texts, none empty');
}

/** A text that is not empty, or `fallback`. */
export function checkedText<F extends string | null>(value: unknown, path: string, fallback: F): string | F {
  if (value === undefined || value === null) return fallback;
  return typeof value === 'string' && value !== '' ? value : invalid(path, 'must be a text that is not empty');
}

/** True or false, or `fallback`. */
export function checkedFlag(value: unknown, path: string, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  return typeof value === 'boolean' ? value : invalid(path, 'must be true or false');
}

/** Refuses a setting. */
export function invalid(path: string, remedy: string): never {
  throw new ConfigurationError('option-invalid', path, remedy);
}

/**
 * Reads a PEM file (RFC 7468), however it was saved: with a byte order mark, as UTF-16, with any line ends.
 * @param holds - what has to be in it
 */
export function readPem(file: string, path: string, holds: 'CERTIFICATE' | 'PRIVATE KEY'): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    // The cast holds: what the file system throws has a code.
    throw new ConfigurationError('file-unreadable', path, `the file cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const text = fileText(bytes);
  const labels = Array.from(text.matchAll(/^\s*-----BEGIN ([A-Z0-9 ]+)-----/gm), ([, label]) => label ?? '');
  if (labels.some((label) => label.endsWith(holds))) return text;
  // DER begins with a sequence (X.690 §8.9).
  const found =
    labels[0] ??
    (bytes[0] === 0x30 ? 'DER, or PKCS #12: convert it with `openssl x509`, `openssl pkey` or `openssl pkcs12`' : 'something else');
  throw new ConfigurationError('file-malformed', path, `the file must be PEM with a ${holds}; it holds ${found}`);
}
