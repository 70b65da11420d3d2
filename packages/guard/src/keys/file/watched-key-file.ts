/** Watches a file of keys, and reads it again when it changes. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { ConfigurationError } from '../../checks/configuration-error.ts';
import { KeySet } from '../../core/jws/jws.ts';
import type { KeySource } from '../../core/ports.ts';
import type { Bytes } from '../../core/time.ts';
import { fileText } from '../file-text.ts';
import type { KeyDocument } from '../key-document.ts';
import type { OnKeyEvent } from '../key-events.ts';
import { type FilesWatcher, watchFiles } from './watch-files.ts';

/** Which file, how often, and what becomes of it. */
export interface WatchPlan {
  readonly path: string;
  readonly name: string;
  readonly pollMs: number;
  readonly maxBytes: Bytes;
  readonly report: OnKeyEvent;
  readonly parse: (text: string) => KeyDocument;
}

/** Keys from a file. Read at once: throws a {@link ConfigurationError} if that fails. Later failures are events, and change nothing. */
export class WatchedKeyFile implements KeySource {
  readonly #plan: WatchPlan;
  readonly #watcher: FilesWatcher;
  #set: KeySet;
  #text: string;

  constructor(plan: WatchPlan) {
    this.#plan = plan;
    this.#watcher = watchFiles([plan.path], () => this.#reload(), plan.pollMs);
    try {
      this.#text = this.#read();
      const { keys, skipped } = plan.parse(this.#text);
      this.#set = new KeySet(keys);
      for (const skip of skipped) plan.report({ type: 'key-skipped', source: plan.name, ...skip });
    } catch (error) {
      this.#watcher.close();
      if (!(error instanceof ConfigurationError)) throw error;
      // At start the operator has to know which file; events hold no path.
      throw new ConfigurationError(error.code, error.path, `${error.remedy} (file ${plan.path})`);
    }
  }

  current(): KeySet {
    return this.#set;
  }

  close(): void {
    this.#watcher.close();
  }

  #reload(): void {
    const { report, name } = this.#plan;
    try {
      const text = this.#read();
      if (text === this.#text) return;
      const { keys, skipped } = this.#plan.parse(text);
      for (const skip of skipped) report({ type: 'key-skipped', source: name, ...skip });
      this.#set = new KeySet(keys);
      this.#text = text;
      report({ type: 'keys-refreshed', source: name, keys: keys.length, changed: true });
    } catch (error) {
      // Looked at again as soon as the file changes once more.
      const code = error instanceof ConfigurationError ? error.code : 'key-invalid';
      const unreadable = code === 'option-invalid';
      report({ type: 'keys-refresh-failed', source: name, ...(unreadable ? { failure: 'unreadable' } : { failure: 'invalid', code }) });
    }
  }

  /** Refuses what cannot be read: `option-invalid`. The reason is a code of the operating system. */
  #read(): string {
    let bytes: Uint8Array | null;
    try {
      bytes = readAtMost(this.#plan.path, this.#plan.maxBytes);
    } catch (error) {
      // The cast holds: what the file system throws has a code.
      throw new ConfigurationError('option-invalid', 'path', `cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
    if (bytes !== null) return fileText(bytes);
    throw new ConfigurationError('option-invalid', 'path', `is longer than ${this.#plan.maxBytes} bytes`);
  }
}

/** `null` if there is more. The size is looked at before anything is read, and what grows meanwhile is not followed. */
function readAtMost(path: string, maxBytes: Bytes): Uint8Array | null {
  const { size } = regularFile(path);
  if (size > maxBytes) return null;
  const bytes = new Uint8Array(Math.max(size, MOST_UNSTATED) + 1);
  const file = openSync(path, 'r');
  try {
    let length = 0;
    for (let more = -1; more !== 0 && length < bytes.length; length += more)
      more = readSync(file, bytes, length, bytes.length - length, null);
    return length > maxBytes || length === bytes.length ? null : bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

/** Files of `/proc` and the like say that they are empty. */
const MOST_UNSTATED: Bytes = 65_536;

/** A pipe or a device would be read for ever. */
function regularFile(path: string): { readonly size: Bytes } {
  const found = statSync(path);
  if (!found.isFile()) throw Object.assign(new Error('not a file'), { code: found.isDirectory() ? 'EISDIR' : 'EINVAL' });
  return found;
}
