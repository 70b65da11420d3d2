/** Turns what a policy file says into the guard's options: references resolved, key files opened, replay stores found. */

import { resolve } from 'node:path';
import { ConfigurationError } from '../checks/configuration-error.ts';
import { isPlainObject, type UncheckedOptions } from '../checks/option-checks.ts';
import type { KeySource } from '../core/ports.ts';
import { type KeysFromFileOptions, keysFromFile } from '../keys/file/keys-file.ts';
import type { OnKeyEvent } from '../keys/key-events.ts';
import { checkText, isReference, type ReferenceContext, resolveReference } from './references.ts';
import { type ReplayStores, under } from './replay-settings.ts';

/** What resolving depends on. */
export interface ResolveContext extends ReferenceContext {
  readonly stores: ReplayStores;
  readonly environment: unknown;
  readonly onKeyEvent: OnKeyEvent | undefined;
  /** Told of each key source that is opened and has to be closed. */
  readonly onSource: (source: KeySource) => void;
}

/** Deeper than any policy is; a text with anchors may contain itself. */
const MAX_DEPTH = 32;

/** A copy of a part of the document, as the guard takes it. */
export function resolved(value: unknown, path: string, context: ResolveContext, depth: number = 0): unknown {
  if (depth > MAX_DEPTH) throw new ConfigurationError('option-invalid', path, `nests deeper than ${MAX_DEPTH} levels`);
  if (typeof value === 'string') checkText(value, path);
  if (isReference(value)) return resolveReference(value, path, context);
  if (Array.isArray(value)) return value.map((item: unknown, index) => resolved(item, `${path}[${index}]`, context, depth + 1));
  if (!isPlainObject(value)) return value;
  const members = Object.entries(value).map(([name, member]): [string, unknown] => {
    return [name, resolved(member, path === '' ? name : `${path}.${name}`, context, depth + 1)];
  });
  return finished(Object.fromEntries(members), path, context);
}

/** What an object of the document stands for. */
function finished(value: UncheckedOptions, path: string, context: ResolveContext): unknown {
  const place = path.replace(/^routes\[\d+\]\.?/, '');
  if (/^keys(?:\[\d+\])?$/.test(place)) return keysPart(value, path, context);
  if (place === 'token' && value.replay !== undefined) return withStore(value, path, context);
  // Left out, `replay` would be a memory of the guard's own, which a re-reading of the file would empty.
  return place === 'signature' ? withStore({ replay: 'memory', ...value }, path, context) : value;
}

function withStore(value: UncheckedOptions, path: string, { stores }: ResolveContext): UncheckedOptions {
  return value.replay === null ? value : { ...value, replay: stores.of(value.replay, `${path}.replay`) };
}

function keysPart(part: UncheckedOptions, path: string, context: ResolveContext): unknown {
  const { onKeyEvent } = context;
  if ('jwksUrl' in part) return onKeyEvent === undefined ? part : { ...part, onEvent: onKeyEvent };
  if (!('keysFile' in part)) return part;
  const other = Object.keys(part).find((name) => name !== 'keysFile');
  if (other !== undefined)
    throw new ConfigurationError('options-contradict', `${path}.${other}`, 'belongs into `keysFile`, or into a part of its own');
  if (!isPlainObject(part.keysFile))
    throw new ConfigurationError('option-invalid', `${path}.keysFile`, 'must be an object with path and format');
  const { path: file, environment = context.environment, ...settings } = part.keysFile;
  const options = {
    ...settings,
    path: typeof file === 'string' && file !== '' ? resolve(context.folder, file) : file,
    ...(environment === undefined ? {} : { environment }),
    ...(onKeyEvent === undefined ? {} : { onEvent: onKeyEvent }),
  };
  // The cast holds: the source checks its options.
  const source = under(`${path}.keysFile`, () => keysFromFile(options as KeysFromFileOptions));
  context.onSource(source);
  return source;
}
