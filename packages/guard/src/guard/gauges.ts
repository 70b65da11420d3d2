/** What a guard holds right now, and who reached a limit: for dashboards and alarms. */

import type { Shares } from '../core/judge/shares.ts';
import type { ReplayStore, StoreOccupancy } from '../core/ports.ts';
import type { Bytes, Seconds } from '../core/time.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { HeldBodies } from './held-bodies.ts';
import type { Route } from './judging.ts';

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
  /** Each key set in use, that of the guard first: its keys, and how long ago its source last made sure of them; `null` while there is none. */
  readonly keySets: readonly { readonly keys: number; readonly ageSeconds: Seconds | null }[];
}

/** What is looked at. */
export interface Gauged {
  readonly stores: readonly ReplayStore[];
  readonly bodies: Partial<Pick<HeldBodies, 'gauge'>>;
  readonly shares: Shares | null;
  readonly rings: readonly KeyRing[];
}

/** Reads everything once. */
export function readGauges({ stores, bodies, shares, rings }: Gauged, at: number): GuardGauges {
  const caches = rings.map((ring) => ring.cacheGauge);
  const sum = (name: 'tokens' | 'capacity' | 'hits' | 'misses'): number => caches.reduce((all, cache) => all + cache[name], 0);
  return {
    replay: occupancyOf(stores),
    bodies: bodies.gauge ?? { held: 0, bytes: 0, exceeded: 0 },
    shares: shares?.gauge ?? { keys: 0, exceeded: 0 },
    tokenCache: { tokens: sum('tokens'), capacity: sum('capacity'), hits: sum('hits'), misses: sum('misses') },
    keySets: rings.map((ring) => ring.keySetGauge(at)),
  };
}

/** The replay stores of these routes, each once. */
export function storesOf(routes: readonly Route[]): readonly ReplayStore[] {
  const stores = routes.flatMap(({ policy }) => [policy.signature?.replay ?? null, policy.tokenReplay]);
  return [...new Set(stores.filter((store) => store !== null))];
}

function occupancyOf(stores: readonly ReplayStore[]): StoreOccupancy | null {
  const known = stores.flatMap((store) => store.occupancy?.() ?? []);
  if (known.length === 0) return null;
  return known.reduce((all, one) => ({ entries: all.entries + one.entries, capacity: all.capacity + one.capacity }));
}
