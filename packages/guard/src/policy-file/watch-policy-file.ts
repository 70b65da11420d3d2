/** A policy file that is read again when it changes. */
import { resolve } from 'node:path';
import type { Shares } from '../core/judge/shares.ts';
import { compileShare } from '../guard/compile/limits.ts';
import { type FilesWatcher, watchFiles } from '../keys/file/watch-files.ts';
import { loadKeeping, type Policy, type PolicySettings } from './load-policy-file.ts';
import { ReplayStores } from './replay-settings.ts';

/** How a policy file is watched. */
export interface WatchSettings extends PolicySettings {
  /** Called with the new policy after it came into force. What it throws is reported to `onProblem`, and the old policy comes back. */
  readonly onPolicy?: (policy: Policy) => void;
  /** Called when the changed file cannot be used: a `PolicyFileError` with file, line and remedy. The old policy stays in force. */
  readonly onProblem?: (error: Error) => void;
  /** How often the files are looked at, beside being watched, 0.05 to 3600 s. Default 5. */
  readonly pollSeconds?: number;
}

/** A policy that follows its file. */
export interface WatchedPolicy {
  /** The policy in force. Ask for it at each request. */
  readonly policy: Policy;
  /** Reads the file now, for instance on SIGHUP. Answers whether its content is in force. */
  reload(): boolean;
  /** Stops watching, and closes the guard. */
  close(): void;
}

/**
 * Loads a policy file and follows its changes. A file that is bad, half written or gone changes nothing: the policy that was read before
 * stays in force, and `onProblem` is told. Replay memory outlives each change.
 *
 * @param file - the path of the file
 * @param settings - see {@link WatchSettings}
 * @throws PolicyFileError if the first reading fails
 *
 * @example
 * ```ts
 * import { mkdtempSync, writeFileSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { watchPolicyFile } from 'approov-guard/policy-file';
 * const file = join(mkdtempSync(join(tmpdir(), 'policy-')), 'policy.json');
 * writeFileSync(file, '{ "keys": { "secret": { "base64": { "env": "APPROOV_BASE64_SECRET" } } } }');
 * const watched = watchPolicyFile(file, { onProblem: (error) => console.error(error.message) });
 * console.log((await watched.policy.guard.verifyToken('adasdasdsadasd')).outcome); // rejected
 * watched.close();
 * ```
 */
export function watchPolicyFile(file: string, settings: WatchSettings = {}): WatchedPolicy {
  return new PolicyWatch(file, settings);
}

class PolicyWatch implements WatchedPolicy {
  readonly #file: string;
  readonly #settings: WatchSettings;
  #policy: Policy;
  /** What signing keys have taken, by the limits that hold for them: a change elsewhere in the file gives nobody a new share. */
  readonly #shares: Map<string, Shares | null> = new Map();
  #watched: readonly string[] = [];
  #watcher: FilesWatcher | null = null;

  constructor(file: string, settings: WatchSettings) {
    this.#file = resolve(file);
    this.#settings = { ...settings, stores: settings.stores ?? new ReplayStores(null, settings.guard?.now) };
    this.#watch([this.#file]);
    try {
      this.#policy = this.#load();
    } catch (error) {
      this.#watcher?.close();
      throw error;
    }
  }

  get policy(): Policy {
    return this.#policy;
  }

  reload(): boolean {
    const before = this.#policy;
    let next: Policy | null = null;
    try {
      next = this.#load();
      this.#policy = next;
      this.#settings.onPolicy?.(next);
    } catch (error) {
      this.#policy = before;
      next?.guard.close();
      this.#settings.onProblem?.(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
    before.guard.close();
    return true;
  }

  close(): void {
    this.#watcher?.close();
    this.#policy.guard.close();
  }

  /** What is read was watched before it was read: no change falls between the two. */
  #load(): Policy {
    for (;;) {
      const policy = loadKeeping(this.#file, this.#settings, (share) => this.#sharesOf(share));
      if (policy.sources.join('\n') === this.#watched.join('\n')) return policy;
      policy.guard.close();
      this.#watch(policy.sources);
    }
  }

  #sharesOf(share: unknown): Shares | null {
    const limits = JSON.stringify(share) ?? '';
    const shares = this.#shares.get(limits) ?? compileShare(share);
    // Of the limits before these nothing is kept.
    this.#shares.clear();
    this.#shares.set(limits, shares);
    return shares;
  }

  #watch(sources: readonly string[]): void {
    this.#watcher?.close();
    this.#watched = sources;
    this.#watcher = watchFiles(sources, () => this.reload(), (this.#settings.pollSeconds ?? 5) * 1000);
  }
}
