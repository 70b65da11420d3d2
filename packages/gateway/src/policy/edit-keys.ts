/** Adds a key to a policy file and takes one out again, and leaves everything else in the file as it is written. */
import { ConfigurationError } from 'approov-guard';
import { type PolicyDocument, policyFrom } from 'approov-guard/policy-file';
import { type Document, isMap, isSeq, parseDocument, type YAMLMap } from 'yaml';
import { parseYamlText } from './yaml-text.ts';

type Path = readonly (string | number)[];

/** A key of a policy. */
export interface PolicyKey {
  /** Its name in metrics and decision logs: its `kid`, else its place. */
  readonly id: string;
  /** What the file says of it: references, never a secret. */
  readonly written: unknown;
}

/**
 * The keys of a policy's own domain, newest first, as the guard names them.
 * @throws ConfigurationError for a mistake, and for keys that are not listed one by one: a key set or a file of keys is rotated where it is kept
 */
export function policyKeys(text: string, folder: string, env: { readonly [name: string]: string | undefined }): readonly PolicyKey[] {
  const document = parseYamlText(text).value as PolicyDocument;
  const { keys, environment } = document;
  const entries = entriesOf(keys, ['keys']);
  const { guard } = policyFrom(
    { keys, ...(environment === undefined ? {} : { environment }) },
    { env, guard: { environment: 'production' } },
    folder,
  );
  const ids = guard.keyUse().map(({ id }) => id);
  guard.close();
  if (ids.length !== entries.length) return refused('holds several keys in one entry; list them one by one');
  return entries.map((path, index) => ({ id: ids[index] ?? '', written: memberAt(document, path) }));
}

/** The text with one more key, the first: newest first. */
export function withKey(text: string, part: { readonly [name: string]: unknown }): string {
  return edited(text, (document) => {
    const keys: unknown = document.get('keys', true);
    const fresh = document.createNode(part);
    const secrets: unknown = isMap(keys) ? keys.get('secrets', true) : null;
    if (isSeq(keys)) keys.items.unshift(fresh);
    else if (isSeq(secrets) && 'secret' in part) secrets.items.unshift(document.createNode(part.secret));
    else if (isMap(keys) && 'secret' in part && keys.has('secret')) withSecrets(document, keys, part.secret);
    else document.set('keys', document.createNode([fresh, keys]));
  });
}

/** The text without this key. @throws ConfigurationError if it is not there, or the only one */
export function withoutKey(text: string, written: unknown): string {
  const value = parseYamlText(text).value as PolicyDocument;
  const entries = entriesOf(value.keys, ['keys']);
  const found = entries.find((path) => JSON.stringify(memberAt(value, path)) === JSON.stringify(written));
  if (found === undefined) return refused('no longer hold the old key; somebody has edited the file');
  if (entries.length === 1) return refused('hold no other key');
  // `{ secret: … }` is a part of a list by itself: nothing would be left of it.
  const path = found.at(-1) === 'secret' ? found.slice(0, -1) : found;
  return edited(text, (document) => void document.deleteIn(path));
}

function withSecrets(document: Document, keys: YAMLMap, secret: unknown): void {
  const old = keys.get('secret', true);
  keys.delete('secret');
  keys.set('secrets', document.createNode([document.createNode(secret), old]));
}

function edited(text: string, change: (document: Document) => void): string {
  const document = parseDocument(text, { version: '1.2', schema: 'core' });
  change(document);
  return /^\s*\{/.test(text) ? `${JSON.stringify(document.toJS(), null, 2)}\n` : document.toString({ lineWidth: 0 });
}

function entriesOf(keys: unknown, path: Path): readonly Path[] {
  if (Array.isArray(keys)) return keys.flatMap((part: unknown, index) => entriesOf(part, [...path, index]));
  const given = (typeof keys === 'object' && keys !== null ? keys : {}) as { readonly [name: string]: unknown };
  if ('secret' in given) return [[...path, 'secret']];
  if (Array.isArray(given.secrets)) return given.secrets.map((_, index) => [...path, 'secrets', index]);
  if ('pem' in given) return [path];
  return refused('are a key set or a file of keys; rotate it where it is kept');
}

function memberAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((part, name) => (part as { readonly [name: string | number]: unknown } | undefined)?.[name], value);
}

function refused(remedy: string): never {
  throw new ConfigurationError('option-unavailable', 'keys', remedy);
}
