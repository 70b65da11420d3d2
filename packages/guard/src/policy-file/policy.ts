/** Reads a policy file, makes its guard, and reads it again when it changes. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { crypto } from '#crypto';
import { ConfigurationError } from '../checks/configuration-error.ts';
import { isPlainObject } from '../checks/option-checks.ts';
import type { Shares } from '../core/judge/shares.ts';
import type { KeySource } from '../core/ports.ts';
import { compileShare } from '../guard/compile/limits.ts';
import { createGuardOn } from '../guard/create-guard.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardOptions } from '../guard/options.ts';
import { type FilesWatcher, watchFiles } from '../keys/file/watch-files.ts';
import { fileText } from '../keys/file-text.ts';
import type { OnKeyEvent } from '../keys/key-events.ts';
import { type ParsedText, parseJsonText } from './json-text.ts';
import { located } from './policy-file-error.ts';
import { ReplayStores } from './replay-settings.ts';
import { resolved } from './resolve-document.ts';
import { type PolicyRolloutParts, rolloutOf, withModes } from './rollout-modes.ts';

/** What a policy file says, as it is written: secrets are references. */
export type PolicyDocument = { readonly [name: string]: unknown };

/** How a policy is loaded. */
export interface PolicySettings {
  /** Where `{ "env": NAME }` is looked up. Default `process.env`. */
  readonly env?: { readonly [name: string]: string | undefined };
  /** How a text is parsed. Default: as JSON. The gateway takes YAML, too. */
  readonly parse?: (text: string) => ParsedText;
  /** The replay stores. Give the same ones again when the file is read again, so that they keep what they remember. Default: new ones. */
  readonly stores?: ReplayStores;
  /** Called for each event of the policy's key sources. */
  readonly onKeyEvent?: OnKeyEvent;
  /**
   * Makes of the section `rollout` (references resolved, relative paths begin in `folder`) for whom it is enforced: `PolicyRollout` of
   * `@approov-guard/rollout` does. `null`: the section is left out, and everything is enforced, for programs that judge and refuse nobody. Default: a file
   * with the section is refused.
   */
  readonly rollout?: ((section: unknown, folder: string) => PolicyRolloutParts) | null;
  /** What no file can hold. `environment` is what counts where the file does not say. */
  readonly guard?: Pick<GuardOptions, 'onVerdict' | 'now' | 'environment'>;
}

/** A policy that was read and checked. */
export interface Policy {
  /** Enforces it. Made with the policy; `guard.close()` when it is no longer used. */
  readonly guard: Guard;
  /** The options of that guard: references resolved, key files opened. They hold secrets. */
  readonly options: GuardOptions;
  /** The file's content as it is written, with sections that concern other places (`gateway`, `cors`). It holds no secret. */
  readonly document: PolicyDocument;
  /** The file, as an absolute path; `null` if the policy comes from none. */
  readonly file: string | null;
  /** The files on which it rests, itself first: a change of one is a reason to read it again. Key files watch themselves. */
  readonly sources: readonly string[];
  /** Runs a check of a section; a `ConfigurationError` that it throws becomes a `PolicyFileError` with file and line. */
  locate<T>(check: () => T): T;
}

/** Sections that are not the guard's. Each is checked by who uses it. */
const SECTIONS: ReadonlySet<string> = new Set(['$schema', 'cors', 'gateway', 'authorizer', 'rollout']);
/** Longer than any policy is. */
const MAX_BYTES = 1024 ** 2;

/**
 * Reads a policy file, checks everything in it and makes its guard.
 *
 * The file holds the options of `createGuard` (see {@link GuardOptions}), except what only code can say: functions. Secrets are references,
 * `{ "env": NAME }` or `{ "file": PATH }`; a secret that is written out is refused. Relative paths begin in the file's folder.
 *
 * It does **not** watch the file (see `watchPolicyFile`), and does not check who may write it: whoever can, decides what is let through.
 *
 * @param file - the path of the file
 * @param settings - see {@link PolicySettings}
 * @throws PolicyFileError for any mistake, with file, line, option and remedy
 *
 * @example
 * ```ts
 * import { mkdtempSync, writeFileSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { loadPolicyFile } from 'approov-guard/policy-file';
 * const file = join(mkdtempSync(join(tmpdir(), 'policy-')), 'policy.json');
 * writeFileSync(file, '{ "keys": { "secret": { "base64": { "env": "APPROOV_BASE64_SECRET" } } } }');
 * const { guard } = loadPolicyFile(file);
 * const verdict = await guard.verifyToken('adasdasdsadasd');
 * if (verdict.outcome === 'rejected') console.log(verdict.reason); // token-malformed
 * ```
 */
export function loadPolicyFile(file: string, settings: PolicySettings = {}): Policy {
  return loadKeeping(file, settings);
}

/** The same for a guard that follows another one. */
function loadKeeping(file: string, settings: PolicySettings, sharesOf?: typeof compileShare): Policy {
  const whole = resolve(file);
  const parse = settings.parse ?? parseJsonText;
  const { value, lines } = located(file, new Map(), () => parse(readWhole(whole)));
  const policy = located(file, lines, () => policyOf(value, dirname(whole), settings, sharesOf));
  return { ...policy, file: whole, sources: [whole, ...policy.sources], locate: (check) => located(file, lines, check) };
}

/**
 * The same for a document that comes from no file: a literal, or a text that something else has read.
 *
 * @param document - what would be in the file
 * @param settings - see {@link PolicySettings}
 * @param folder - the folder in which relative paths begin. Default: the working folder
 * @throws PolicyFileError for any mistake, without file and line
 */
export function policyFrom(document: PolicyDocument, settings: PolicySettings = {}, folder: string = '.'): Policy {
  const locate = <T>(check: () => T): T => located(null, new Map(), check);
  return { ...locate(() => policyOf(document, resolve(folder), settings)), file: null, locate };
}

function policyOf(
  document: unknown,
  folder: string,
  settings: PolicySettings,
  sharesOf?: typeof compileShare,
): Omit<Policy, 'file' | 'locate'> {
  if (!isPlainObject(document)) throw new ConfigurationError('option-invalid', 'policy', 'must be an object, such as { "keys": … }');
  const opened: KeySource[] = [];
  const origins = new Map<string, string>();
  const sources: string[] = [];
  const { onVerdict, now, environment: fallback } = settings.guard ?? {};
  const { environment = fallback } = document;
  const context = {
    env: settings.env ?? process.env,
    folder,
    environment,
    stores: settings.stores ?? new ReplayStores(null, now),
    onKeyEvent: settings.onKeyEvent,
    onFile: (file: string) => sources.push(file),
    origins,
    onSource: (source: KeySource) => opened.push(source),
  };
  try {
    const entries = Object.entries(document).map(([name, value]) => [name, resolved(value, name, context)] as const);
    const rollout = rolloutOf(entries.find(([name]) => name === 'rollout')?.[1], folder, settings.rollout);
    const hooks = [onVerdict ?? [], rollout?.onVerdict ?? []].flat();
    const plain = Object.fromEntries(entries.filter(([name]) => !SECTIONS.has(name)));
    // The cast holds once `createGuard` has looked: it checks every option.
    const options = {
      ...(rollout === null ? plain : withModes(plain, rollout)),
      ...(environment === undefined ? {} : { environment }),
      ...(hooks.length === 0 ? {} : { onVerdict: hooks.length === 1 ? hooks[0] : hooks }),
      ...(now === undefined ? {} : { now }),
    } as GuardOptions;
    return { guard: createGuardOn(crypto, options, sharesOf?.(options.share)), options, document, sources };
  } catch (error) {
    for (const source of opened) source.close?.();
    throw withOrigin(error, origins);
  }
}

/** A mistake in a text that stands elsewhere: says where. */
function withOrigin(error: unknown, origins: ReadonlyMap<string, string>): unknown {
  if (!(error instanceof ConfigurationError)) return error;
  const { code, path, remedy } = error;
  const origin = origins.get(path);
  return origin === undefined || remedy.includes(origin) ? error : new ConfigurationError(code, path, `${remedy} (from ${origin})`);
}

function readWhole(file: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    // The cast holds: what the file system throws has a code.
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationError('file-unreadable', 'policy', `the file cannot be read (${code})`);
  }
  if (bytes.length <= MAX_BYTES) return fileText(bytes, 'policy');
  throw new ConfigurationError('file-unreadable', 'policy', `the file is longer than ${MAX_BYTES} bytes`);
}

// A policy file that is read again when it changes.

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
