/** What a guard holds right now and who reached a limit: for dashboards and alarms. And the warning that its memory is always empty. */
import type { Shares } from '../core/judge/shares.ts';
import type { ReplayStore, StoreOccupancy } from '../core/ports.ts';
import type { Bytes, Seconds } from '../core/time.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { HeldBodies } from './held-bodies.ts';

/** Something that is wrong with how the guard is used, though it can go on. */
export interface GuardWarning {
  /** Stable. */
  readonly code: 'guard-made-anew';
  readonly message: string;
}

/** What is kept of the newest guard with certain options: nothing that keeps it alive. */
export interface GuardLife {
  /** Whether it has judged anything. */
  judged: boolean;
}

interface Known {
  life: GuardLife;
  stores: WeakSet<ReplayStore>;
  remade: number;
}

/** Twice may be a reload, a dozen at the start one guard for each route; once more after each judgement is a handler that makes its own. */
const REMADE_TOO_OFTEN = 3;
const MOST_KNOWN = 256;
/** By a number made of the options: they hold secrets, and are not kept. */
const KNOWN: Map<number, Known> = new Map();

/**
 * Takes note of a guard.
 * @param stores - its memory stores, one and more
 * @param warn - called once for equal options, when guards of them keep being made after the one before has judged
 */
export function noteGuard(options: object, stores: readonly ReplayStore[], warn: (warning: GuardWarning) => void = showWarning): GuardLife {
  const life: GuardLife = { judged: false };
  const name = numberOf(options);
  const known = KNOWN.get(name);
  if (known === undefined) {
    if (KNOWN.size < MOST_KNOWN) KNOWN.set(name, { life, stores: new WeakSet(stores), remade: 0 });
    return life;
  }
  if (known.life.judged && !stores.some((store) => known.stores.has(store)) && ++known.remade === REMADE_TOO_OFTEN) {
    warn({
      code: 'guard-made-anew',
      message:
        'approov-guard: guards with equal options are made again and again, each with a replay memory of its own, so that replays are accepted. Make the guard once, outside of the request handler, or give all of them one store (`signature.replay`)',
    });
  }
  Object.assign(known, { life, stores: new WeakSet(stores) });
  return life;
}

/** As Node shows its own warnings; on the console elsewhere. */
function showWarning({ code, message }: GuardWarning): void {
  // The cast holds: whether the function is there is asked below.
  const { process } = globalThis as { process?: { emitWarning?: (message: string, options: { type: string; code: string }) => void } };
  if (typeof process?.emitWarning === 'function') process.emitWarning(message, { type: 'ApproovGuardWarning', code });
  else console.warn(message);
}

/** Equal for equal options; functions count as equal, since closures are made again with them. */
function numberOf(value: unknown, depth: number = 0): number {
  if (typeof value !== 'object' || value === null || depth > 8) return hashOf(typeof value === 'function' ? 'function' : String(value));
  let number = 17;
  for (const [name, member] of Object.entries(value)) number = (Math.imul(number, 31) + (hashOf(name) ^ numberOf(member, depth + 1))) | 0;
  return number;
}

function hashOf(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}

/** A snapshot. Counts (`exceeded`, `hits`, `misses`) are since the guard was made. */
export interface GuardGauges {
  /** Entries of the replay stores that can tell (the memory stores do, Redis does not), and room for how many; `null` if none can. */
  readonly replay: StoreOccupancy | null;
  /** Bodies that are held to compare their digests, their bytes, and how often one was not read for want of room. */
  readonly bodies: { readonly held: number; readonly bytes: Bytes; readonly exceeded: number };
  /** Signing keys of which it is remembered what they took, and how often one was refused because its share was used up. */
  readonly shares: { readonly keys: number; readonly exceeded: number };
  /** Verified tokens that are remembered, of how many at most, and how often one was found there or not. */
  readonly tokenCache: { readonly tokens: number; readonly capacity: number; readonly hits: number; readonly misses: number };
  /** Opened installation keys that are remembered, of how many at most, and how often one was found there or not. */
  readonly installationKeyCache: { readonly keys: number; readonly capacity: number; readonly hits: number; readonly misses: number };
  /** Each key set in use, that of the guard first: its keys, and how long ago its source last made sure of them; `null` while there is none. */
  readonly keySets: readonly { readonly keys: number; readonly ageSeconds: Seconds | null }[];
}

/** What is looked at. */
export interface Gauged {
  readonly stores: readonly ReplayStore[];
  readonly bodies: HeldBodies;
  readonly shares: Shares | null;
  readonly installationKeys: { readonly gauge: GuardGauges['installationKeyCache'] };
  readonly rings: readonly KeyRing[];
}

/** Reads everything once. */
export function gaugesOf({ stores, bodies, shares, installationKeys, rings }: Gauged, at: number): GuardGauges {
  const caches = rings.map((ring) => ring.cacheGauge);
  const sum = (name: 'tokens' | 'capacity' | 'hits' | 'misses'): number => caches.reduce((all, cache) => all + cache[name], 0);
  return {
    replay: occupancyOf(stores),
    bodies: bodies.gauge,
    shares: shares?.gauge ?? { keys: 0, exceeded: 0 },
    tokenCache: { tokens: sum('tokens'), capacity: sum('capacity'), hits: sum('hits'), misses: sum('misses') },
    installationKeyCache: installationKeys.gauge,
    keySets: rings.map((ring) => ring.keySetGauge(at)),
  };
}

function occupancyOf(stores: readonly ReplayStore[]): StoreOccupancy | null {
  const known = stores.flatMap((store) => store.occupancy?.() ?? []);
  if (known.length === 0) return null;
  return known.reduce((all, one) => ({ entries: all.entries + one.entries, capacity: all.capacity + one.capacity }));
}
