/** Secrets in a policy file: by reference only, `{ "env": NAME }` or `{ "file": PATH }`, and only where a secret belongs. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigurationError } from '../checks/configuration-error.ts';
import { isPlainObject } from '../checks/option-checks.ts';
import { fileText, secretText } from '../keys/file-text.ts';

/** Where references are looked up. */
export interface ReferenceContext {
  readonly env: { readonly [name: string]: string | undefined };
  /** The folder in which relative paths begin. */
  readonly folder: string;
  /** Told of each file that is read. */
  readonly onFile: (file: string) => void;
  /** Where each option's text comes from, for messages: filled in here. */
  readonly origins: Map<string, string>;
}

/** Option paths, list places as `[]`, of the guard and of each route, at which a reference may stand; `must`: and nothing else. */
const PLACES: readonly { readonly form: RegExp; readonly must: boolean }[] = [
  { form: /^keys(?:\[\])?\.secret\.base64(?:url)?$/, must: true },
  { form: /^keys(?:\[\])?\.secrets\[\]\.base64(?:url)?$/, must: true },
  { form: /^keys(?:\[\])?\.headers\.[^.]+$/, must: true },
  { form: /^keys(?:\[\])?\.pem$/, must: false },
  { form: /^signature\.accountKeys\[\]\.base64(?:url)?$/, must: true },
  { form: /^(?:token|signature)\.replay\.redis\.(?:url|cluster\[\]|sentinels\[\])$/, must: false },
  { form: /^rollout\.(?:cohortKey|switch\.token|exemptions\.keys\[\]\.secret)$/, must: true },
  { form: /^rollout\.(?:exemptions\.keys\[\]\.publicKey|shared\.url)$/, must: false },
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
 * @throws ConfigurationError where no secret belongs, or if the variable or the file cannot be fetched
 */
export function resolveReference(
  reference: { readonly env: string } | { readonly file: string },
  path: string,
  from: ReferenceContext,
): string {
  if (rowOf(path) === undefined) {
    throw new ConfigurationError('option-invalid', path, 'references are for secrets and keys only; write the value itself');
  }
  from.origins.set(path, 'env' in reference ? `the environment variable ${shown(reference.env)}` : `the file ${shown(reference.file)}`);
  if ('env' in reference) {
    const text = from.env[reference.env] ?? '';
    if (text.trim() !== '') return text;
    throw new ConfigurationError(
      'secret-missing',
      path,
      `the environment variable ${shown(reference.env)} is not set; set it before the start`,
    );
  }
  const text = readReferenced(reference.file, path, from);
  if (text.includes('-----BEGIN')) return text;
  return secretText(text, path);
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
    return fileText(readFileSync(whole));
  } catch (error) {
    // The cast holds: what the file system throws has a code.
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationError('file-unreadable', path, `the file ${shown(file)} cannot be read (${code})`);
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 128));
}
