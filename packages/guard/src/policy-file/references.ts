/** Secrets in a policy file: by reference only, `{ "env": NAME }` or `{ "file": PATH }`, and only where a secret belongs. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigurationError } from '../checks/configuration-error.ts';
import { isPlainObject } from '../checks/option-checks.ts';

/** Where references are looked up. */
export interface ReferenceContext {
  readonly env: { readonly [name: string]: string | undefined };
  /** The folder in which relative paths begin. */
  readonly folder: string;
  /** Told of each file that is read. */
  readonly onFile: (file: string) => void;
}

/** Option paths, list places as `[]`, of the guard and of each route, at which a reference may stand; `must`: and nothing else. */
const PLACES: readonly { readonly form: RegExp; readonly must: boolean }[] = [
  { form: /^keys(?:\[\])?\.secret\.base64(?:url)?$/, must: true },
  { form: /^keys(?:\[\])?\.secrets\[\]\.base64(?:url)?$/, must: true },
  { form: /^keys(?:\[\])?\.headers\.[^.]+$/, must: true },
  { form: /^keys(?:\[\])?\.pem$/, must: false },
  { form: /^signature\.accountKeys\[\]\.base64(?:url)?$/, must: true },
  { form: /^(?:token|signature)\.replay\.redis\.url$/, must: false },
];

function rowOf(path: string): { readonly must: boolean } | undefined {
  const place = path.replace(/\[\d+\]/g, '[]').replace(/^routes\[\]\./, '');
  return PLACES.find(({ form }) => form.test(place));
}

/** Tells whether a value has the form of a reference. */
export function isReference(value: unknown): value is { readonly env: string } | { readonly file: string } {
  if (!isPlainObject(value)) return false;
  const [name, ...more] = Object.keys(value);
  return more.length === 0 && (name === 'env' || name === 'file') && typeof value[name] === 'string';
}

/**
 * The text that a reference names.
 * @throws ConfigurationError where no secret belongs, or if the variable or the file cannot be had
 */
export function resolveReference(
  reference: { readonly env: string } | { readonly file: string },
  path: string,
  from: ReferenceContext,
): string {
  if (rowOf(path) === undefined) {
    throw new ConfigurationError('option-invalid', path, 'references are for secrets and keys only; write the value itself');
  }
  if ('env' in reference) {
    const text = from.env[reference.env] ?? '';
    if (text.trim() !== '') return text;
    throw new ConfigurationError(
      'secret-missing',
      path,
      `the environment variable ${shown(reference.env)} is not set; set it before the start`,
    );
  }
  return keyText(readReferenced(reference.file, path, from), path);
}

/** Refuses a text where a reference must stand, and a variable that nobody would replace. */
export function checkText(text: string, path: string): void {
  const row = rowOf(path);
  if (row?.must === true || (row !== undefined && holdsPassword(text))) {
    throw new ConfigurationError(
      'secret-in-file',
      path,
      'a secret does not belong into this file; write { "env": "NAME" } or { "file": "PATH" } in its place',
    );
  }
  if (text.includes('${')) {
    throw new ConfigurationError(
      'option-invalid',
      path,
      'variables are not replaced in texts; write the value, or { "env": "NAME" } where a secret belongs',
    );
  }
}

/** `redis://user:password@host`. */
function holdsPassword(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(text);
}

function readReferenced(file: string, path: string, from: ReferenceContext): string {
  const whole = resolve(from.folder, file);
  from.onFile(whole);
  try {
    return new TextDecoder().decode(readFileSync(whole));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationError('file-unreadable', path, `the file ${shown(file)} cannot be read (${code})`);
  }
}

/** The key without the note that the vendor's command line prints before it. A PEM text passes whole. */
function keyText(text: string, path: string): string {
  if (text.includes('-----BEGIN')) return text;
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !/^\s*(?:#|note\b)/i.test(line));
  if (lines.length === 1) return lines[0] as string;
  throw new ConfigurationError('secret-encoding', path, `the file holds ${lines.length} lines where the secret alone is expected`);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 128));
}
