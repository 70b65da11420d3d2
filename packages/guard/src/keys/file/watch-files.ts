/** Watches files, however they are replaced: written in place, renamed over, or swapped by a symbolic link as Kubernetes does. */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** A change counts when the files have been the same for so long: somebody may still be writing. */
const SETTLE_MS = 40;

/** What stops the watching. */
export interface FilesWatcher {
  close(): void;
}

/**
 * Calls back when one of the files has changed, once it has come to rest. Keeps no process alive.
 *
 * It does **not** read the files, and cannot tell whether a change means anything.
 *
 * @param paths - the files; they need not exist yet
 * @param onChange - called after each change
 * @param pollMs - how often they are looked at, beside being watched, milliseconds. Default 5000. Network file systems tell of no change
 *
 * @example
 * ```ts
 * import { watchFiles } from 'approov-guard/policy-file';
 * const watcher = watchFiles(['tls/cert.pem', 'tls/key.pem'], () => console.log('read them again'));
 * watcher.close();
 * ```
 */
export function watchFiles(paths: readonly string[], onChange: () => void, pollMs: number = 5000): FilesWatcher {
  return new Watch(paths, onChange, pollMs);
}

class Watch implements FilesWatcher {
  readonly #paths: readonly string[];
  readonly #onChange: () => void;
  readonly #watchers: readonly FSWatcher[];
  readonly #poll: NodeJS.Timeout;
  #settling: NodeJS.Timeout | null = null;
  /** While it runs, what else happens in the folders needs no look of its own. */
  #quiet: NodeJS.Timeout | null = null;
  /** What the file system said of the files when they were last at rest. */
  #seen: string;
  #closed = false;

  constructor(paths: readonly string[], onChange: () => void, pollMs: number) {
    this.#paths = paths;
    this.#onChange = onChange;
    this.#seen = this.#look();
    this.#poll = setInterval(() => this.#settle(), pollMs);
    this.#poll.unref();
    this.#watchers = [...new Set(paths.map((path) => dirname(path)))].flatMap((folder) => this.#watch(folder));
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    if (this.#settling !== null) clearTimeout(this.#settling);
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    for (const watcher of this.#watchers) watcher.close();
  }

  /** The folder is watched, not the file: a file that is replaced takes its watcher with it. */
  #watch(folder: string): readonly FSWatcher[] {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#heard());
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch {
      // Some file systems cannot be watched, and watchers can run out: looking at the files now and then is enough.
      return [];
    }
  }

  /** A folder may be busy with other files: the watched ones are looked at once in a while, however much is written there. */
  #heard(): void {
    if (this.#closed) return;
    this.#quiet ??= setTimeout(() => {
      this.#quiet = null;
      this.#settle();
    }, SETTLE_MS).unref();
  }

  #look(): string {
    return this.#paths.map(lookAt).join('\n');
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
    this.#onChange();
  }
}

/** Size, times and inode of the file at the end of all links; the reason, if it cannot be fetched. */
function lookAt(path: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch (error) {
    // The cast holds: what the file system throws has a code.
    return String((error as NodeJS.ErrnoException).code);
  }
}
