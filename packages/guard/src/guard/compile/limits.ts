/** Checks the options `share` and `bodies`, what one client may take, and the replay stores. */
import { ConfigurationError } from '../../checks/configuration-error.ts';
import * as checks from '../../checks/option-checks.ts';
import { BODIES, SHARE } from '../../checks/option-table.ts';
import type { Brought } from '../../core/judge/case.ts';
import { type ShareLimits, Shares } from '../../core/judge/shares.ts';
import type { ReplayStore } from '../../core/ports.ts';
import type { BodyLimits } from '../held-bodies.ts';

/** Of how many signing keys it is remembered what they took: about 25 MiB when all are in use. */
const KEYS_REMEMBERED = 100_000;

/** Compiles `share`; `null` where it is switched off. */
export function compileShare(options: unknown): Shares | null {
  if (options === null) return null;
  const share = checks.checkedObject(options ?? {}, 'share', SHARE);
  const limits: ShareLimits = {
    perSecond: checks.checkedNumber(share.perSecond, 'share.perSecond', SHARE.perSecond),
    burst: Math.floor(checks.checkedNumber(share.burst, 'share.burst', SHARE.burst)),
    entries: Math.floor(checks.checkedNumber(share.entries, 'share.entries', SHARE.entries)),
    keys: KEYS_REMEMBERED,
  };
  return new Shares(limits);
}

/** Compiles `bodies`. */
export function compileBodies(options: unknown): BodyLimits {
  const bodies = checks.checkedObject(options ?? {}, 'bodies', BODIES);
  const bytes = (name: 'maxBytes' | 'maxBytesPerKey'): number | null => checks.checkedNumber(bodies[name], `bodies.${name}`, BODIES[name]);
  const [maxBytes, maxBytesPerKey] = [bytes('maxBytes'), bytes('maxBytesPerKey')];
  if (maxBytes !== null && maxBytesPerKey !== null && maxBytesPerKey > maxBytes) {
    throw new ConfigurationError(
      'options-contradict',
      'bodies.maxBytesPerKey',
      'is more than `bodies.maxBytes`, what all keys together have',
    );
  }
  return {
    maxBytes,
    maxBytesPerKey,
    deadlineSeconds: checks.checkedNumber(bodies.deadlineSeconds, 'bodies.deadlineSeconds', BODIES.deadlineSeconds),
  };
}

/** A body that may be read must fit into what its key may hold. */
export function checkBodyFits({ maxBytes, maxBytesPerKey }: BodyLimits, longest: number, path: string): void {
  const least = Math.min(maxBytes ?? Number.POSITIVE_INFINITY, maxBytesPerKey ?? Number.POSITIVE_INFINITY);
  if (longest <= least) return;
  const name = least === maxBytesPerKey ? 'maxBytesPerKey' : 'maxBytes';
  throw new ConfigurationError('options-contradict', path, `is more than \`bodies.${name}\`: no body of that length would ever be read`);
}

/** Checks a replay store: `null` is in writing, and anything else has the one method. */
export function compileReplay(store: unknown, path: string): ReplayStore | null {
  if (store === null) return null;
  // The cast holds as far as the call goes: what the method answers is looked at each time.
  if (typeof store === 'object' && 'setIfAbsent' in store && typeof store.setIfAbsent === 'function') return store as ReplayStore;
  throw new ConfigurationError('option-invalid', path, 'must have a method setIfAbsent, or be null to switch replay protection off');
}

/** By store: a guard for the whole application and another for one of its routes may share one. */
const BROUGHT: WeakMap<ReplayStore, Brought> = new WeakMap();

/** What each message was the first to bring to a store. */
export function broughtTo(store: ReplayStore): Brought {
  const brought = BROUGHT.get(store) ?? new WeakMap();
  BROUGHT.set(store, brought);
  return brought;
}
