/** Compiles the option `keys`: what is in the configuration, what is at a URL, sources of your own, or a list of those. */

import { ConfigurationError } from '../checks/configuration-error.ts';
import { KeySet } from '../core/jws/jws.ts';
import type { KeySource } from '../core/ports.ts';
import { isThenable, type MaybePromise } from '../core/result.ts';
import { fixedKeys } from './key-ring.ts';
import { type KeyContext, refuseUntried, staticKeySource } from './keys-static.ts';
import { remoteKeySource } from './remote/keys-url.ts';

/**
 * Makes one key source of the option.
 * @throws ConfigurationError
 */
export function compileKeys(keys: unknown, path: string, context: KeyContext): KeySource {
  if (keys === undefined || keys === null) {
    throw new ConfigurationError('option-missing', path, 'is required, for instance `{ secret: { base64: … } }`');
  }
  if (typeof keys === 'function') {
    throw new ConfigurationError(
      'option-invalid',
      path,
      'is a function: write `{ choose: … }`, which also names the headers that it may see',
    );
  }
  if (!Array.isArray(keys)) return compilePart(keys, path, context);
  if (keys.length === 0) throw new ConfigurationError('keys-missing', path, 'holds no key that can verify a signature');
  const sources = keys.map((part: unknown, index) => compilePart(part ?? {}, `${path}[${index}]`, context));
  return keys.every(isStatic) ? fixedSource(sources, path) : new CombinedKeys(sources);
}

function isStatic(part: unknown): boolean {
  return typeof part === 'object' && part !== null && !('jwksUrl' in part) && !('current' in part);
}

/** What never changes needs no combining at each request. */
function fixedSource(sources: readonly KeySource[], path: string): KeySource {
  const keys = sources.flatMap((source) => source.current(0)?.keys ?? []);
  refuseUntried(keys, path);
  return fixedKeys(new KeySet(keys));
}

function compilePart(part: unknown, path: string, context: KeyContext): KeySource {
  // The cast holds as far as the call goes: whatever has a function `current` is asked through it.
  const source = part as KeySource;
  if (typeof source.current === 'function') return source;
  const isRemote = typeof part === 'object' && part !== null && 'jwksUrl' in part;
  return isRemote ? remoteKeySource(part, 'jwksUrl', path, context.crypto) : staticKeySource(part, path, context);
}

/** Several sources as one. While one of them has no keys the others serve, and the snapshot says that it is partial. */
class CombinedKeys implements KeySource {
  readonly #sources: readonly KeySource[];
  #parts: readonly (KeySet | null)[] = [];
  #set: KeySet | null = null;

  constructor(sources: readonly KeySource[]) {
    this.#sources = sources;
  }

  current(at: number): KeySet | null {
    let changed = this.#parts.length === 0;
    const parts = this.#sources.map((source, index) => {
      const part = source.current(at);
      changed ||= part !== this.#parts[index];
      return part;
    });
    if (!changed) return this.#set;
    this.#parts = parts;
    const known = parts.filter((part) => part !== null);
    const partial = parts.some((part) => part === null || part.keys.length === 0 || part.partial);
    this.#set =
      known.length === 0
        ? null
        : new KeySet(
            known.flatMap(({ keys }) => keys),
            partial,
          );
    return this.#set;
  }

  refresh(at: number): MaybePromise<boolean> {
    const answers = this.#sources.map((source) => source.refresh?.(at) ?? source.current(at) !== null);
    return answers.some(isThenable) ? Promise.all(answers).then((all) => all.every(Boolean)) : answers.every(Boolean);
  }

  /** That of the source that has gone longest without news. */
  freshAt(): number | null {
    const moments = this.#sources.flatMap((source) => source.freshAt?.() ?? []);
    return moments.length === 0 ? null : Math.min(...moments);
  }

  async warmUp(at: number): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.warmUp?.(at)));
  }

  close(): void {
    for (const source of this.#sources) source.close?.();
  }
}
