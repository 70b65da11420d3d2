/** Keys that a function chooses for each request, by where it goes: for many tenants. */

import type { KeySnapshot, Keys } from '../core/judge/case.ts';
import { withoutKeys } from '../core/judge/judge.ts';
import type { KeySource } from '../core/ports.ts';
import type { RequestView } from '../core/request-view.ts';
import { chain, isThenable, type MaybePromise } from '../core/result.ts';
import type { Seconds } from '../core/time.ts';
import { RecentTable } from '../core/token/verified.ts';
import { type Rejected, rejected, type Unavailable, unavailable } from '../core/verdict.ts';
import { afterListening } from '../http/deadline.ts';
import type { RoutingFacts } from './key-options.ts';
import { type GuardKeys, KeyRing } from './key-ring.ts';

/** The option `keys.choose`, compiled. */
export interface ChosenKeysPlan {
  readonly choose: (facts: RoutingFacts) => unknown;
  /** Reads the facts; a text says which of them servers may read differently. */
  readonly factsOf: (request: RequestView) => RoutingFacts | string;
  /** Makes a source of what was chosen. May throw. */
  readonly sourceOf: (keys: object, facts: RoutingFacts) => KeySource;
  readonly maxSources: number;
  /** How many verified tokens all sources together remember; 0 for none. */
  readonly cacheTokens: number;
  readonly keepSeconds: Seconds;
  readonly timeoutSeconds: Seconds;
}

interface Kept {
  readonly keys: Keys;
  readonly since: number;
}

/** So many questions are open at a time, and so many requests wait for them: made-up names must not pile up while the function hangs. */
const MOST_ASKED = 1000;
const MOST_WAITING = 10_000;
/** Names for which there are no keys, in a table of their own: made-up ones push out nobody else's keys. */
const ABSENT_NAMES = 4096;

/** Asks once for each place, and remembers the answer for a while. */
export class ChosenKeys implements GuardKeys {
  readonly #plan: ChosenKeysPlan;
  readonly #found: RecentTable<string, Kept & { readonly keys: KeyRing }>;
  readonly #absent: RecentTable<string, Kept> = new RecentTable(ABSENT_NAMES);
  readonly #asked: Map<string, Promise<Keys>> = new Map();
  /** Whoever chooses the same object again has its ring: tokens stay known, and uses counted. */
  readonly #ringOf: WeakMap<object, KeyRing> = new WeakMap();
  #waiting = 0;

  constructor(plan: ChosenKeysPlan) {
    this.#plan = plan;
    this.#found = new RecentTable(plan.maxSources);
  }

  ofRequest(request: RequestView, at: number): MaybePromise<KeySnapshot> {
    return chain(this.#keysOf(request, at), (keys) => keys.snapshot(at));
  }

  #keysOf(request: RequestView, at: number): MaybePromise<Keys> {
    try {
      const facts = this.#plan.factsOf(request);
      if (typeof facts === 'string') return keysAbsent(rejected('token-key-unknown', `${facts}: servers may read it differently`));
      const name = JSON.stringify(facts);
      const kept = this.#fresh(this.#found.get(name), at) ?? this.#fresh(this.#absent.get(name), at);
      if (kept !== null) return kept;
      const asked = this.#asked.get(name) ?? this.#ask(name, facts, at);
      return asked instanceof Promise ? this.#wait(asked) : asked;
    } catch (cause) {
      return failed(cause);
    }
  }

  get rings(): readonly KeyRing[] {
    return [...new Set(this.#found.entries.map(({ keys }) => keys))];
  }

  #fresh(kept: Kept | undefined, at: number): Keys | null {
    const age = at - (kept?.since ?? Number.NaN);
    return kept !== undefined && age >= 0 && age < this.#plan.keepSeconds * 1000 ? kept.keys : null;
  }

  #wait(asked: Promise<Keys>): MaybePromise<Keys> {
    if (this.#waiting >= MOST_WAITING) return failed(new Error('too many requests wait for `keys.choose`'));
    this.#waiting++;
    return asked.finally(() => this.#waiting--);
  }

  #ask(name: string, facts: RoutingFacts, at: number): MaybePromise<Keys> {
    if (this.#asked.size >= MOST_ASKED) return failed(new Error('too many calls of `keys.choose` are open'));
    const answer = this.#plan.choose(facts);
    if (!isThenable(answer)) return this.#keep(name, facts, answer, at);
    const { timeoutSeconds } = this.#plan;
    const asked = new Promise<Keys>((resolve) => {
      const late = new Error(`\`keys.choose\` did not answer within ${timeoutSeconds} s`);
      const callOff = afterListening(timeoutSeconds, () => resolve(failed(late)));
      const settled = Promise.resolve(answer).then((chosen) => this.#keep(name, facts, chosen, at));
      settled.catch(failed).then(resolve).finally(callOff);
    }).finally(() => this.#asked.delete(name));
    this.#asked.set(name, asked);
    return asked;
  }

  /** May throw: what was chosen may be no keys at all, which is our fault and is not remembered. */
  #keep(name: string, facts: RoutingFacts, chosen: unknown, at: number): Keys {
    if (chosen === null || chosen === undefined) {
      const keys = keysAbsent(rejected('token-key-unknown', 'no keys for this host, path or header'));
      this.#absent.set(name, { keys, since: at });
      return keys;
    }
    if (typeof chosen !== 'object') throw new TypeError('`keys.choose` must answer keys as the option `keys` takes them, or null');
    const ring = this.#ringOf.get(chosen) ?? this.#newRing(chosen, facts);
    this.#found.set(name, { keys: ring, since: at });
    return ring;
  }

  #newRing(chosen: object, facts: RoutingFacts): KeyRing {
    const { sourceOf, cacheTokens, maxSources } = this.#plan;
    const share = cacheTokens === 0 ? 0 : Math.max(FEWEST_TOKENS, Math.floor(cacheTokens / maxSources));
    const ring = new KeyRing(sourceOf(chosen, facts), share);
    this.#ringOf.set(chosen, ring);
    return ring;
  }
}

const FEWEST_TOKENS = 16;

function failed(cause: unknown): Keys {
  return keysAbsent(unavailable('keys-unavailable', cause));
}

/** No keys, and why: found where keys are, so that a request without a token is still one without a token. */
function keysAbsent(why: Rejected | Unavailable): Keys {
  return withoutKeys(why).of;
}
