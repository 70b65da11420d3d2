/** Watches a file of keys, and reads it again when it changes. */
import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { KeySet } from '../../core/jws/key-set.ts';
import type { KeySource } from '../../core/ports.ts';
import type { Bytes } from '../../core/time.ts';
import { ConfigurationError } from '../configuration-error.ts';
import type { OnKeyEvent } from './key-events.ts';
import type { parseKeyFile } from './key-file-formats.ts';

/** Which file, how often, and what becomes of it. */
export interface WatchPlan {
  readonly path: string;
  readonly name: string;
  readonly pollMs: number;
  readonly maxBytes: Bytes;
  readonly report: OnKeyEvent;
  readonly parse: (text: string) => ReturnType<typeof parseKeyFile>;
}

/** A change is read when the file has been the same for so long: somebody may still be writing. */
const SETTLE_MS = 40;

/** Keys from a file. Read at once: throws a {@link ConfigurationError} if that fails. Later failures are events, and change nothing. */
export class WatchedKeyFile implements KeySource {
  readonly #plan: WatchPlan;
  readonly #watcher: FSWatcher | null;
  readonly #poll: NodeJS.Timeout;
  #settling: NodeJS.Timeout | null = null;
  #set: KeySet;
  #text: string;
  /** What the file system said of the file when it was last read, well or badly. */
  #seen: string;
  #closed = false;

  constructor(plan: WatchPlan) {
    this.#plan = plan;
    this.#seen = this.#look();
    this.#text = this.#read();
    const { keys, skipped } = plan.parse(this.#text);
    this.#set = new KeySet(keys);
    for (const skip of skipped) plan.report({ type: 'key-skipped', source: plan.name, ...skip });
    this.#poll = setInterval(() => this.#settle(), plan.pollMs);
    this.#poll.unref();
    this.#watcher = this.#watch();
  }

  current(): KeySet {
    return this.#set;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    if (this.#settling !== null) clearTimeout(this.#settling);
    this.#watcher?.close();
  }

  /** The folder is watched, not the file: a file that is replaced takes its watcher with it. */
  #watch(): FSWatcher | null {
    try {
      const watcher = watch(dirname(this.#plan.path), { persistent: false }, () => this.#settle());
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      // Some file systems cannot be watched, and watchers can run out: looking at the file now and then is enough.
      return null;
    }
  }

  /** Size, times and inode of the file at the end of all links; the reason, if it cannot be had. */
  #look(): string {
    try {
      const { ino, size, mtimeMs, ctimeMs } = statSync(this.#plan.path);
      return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code);
    }
  }

  #settle(before: string | null = null): void {
    if (this.#closed || (before === null && this.#settling !== null)) return;
    const now = this.#look();
    if (now !== before) {
      this.#settling = now === this.#seen ? null : setTimeout(() => this.#settle(now), SETTLE_MS).unref();
      return;
    }
    this.#settling = null;
    this.#seen = now;
    this.#reload();
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

  /** Refuses what cannot be read: `option-invalid`. The reason is a code of the operating system; its message would hold the path. */
  #read(): string {
    try {
      const bytes = readFileSync(this.#plan.path);
      // Without the byte order mark that some editors write.
      if (bytes.length <= this.#plan.maxBytes) return new TextDecoder().decode(bytes);
    } catch (error) {
      throw new ConfigurationError('option-invalid', 'path', `cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
    throw new ConfigurationError('option-invalid', 'path', `is longer than ${this.#plan.maxBytes} bytes`);
  }
}
