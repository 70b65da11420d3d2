/** What goes wrong, and with which settings. */
import { cost } from './costs.mjs';
import { sizeOf } from './sizing.mjs';

/** @typedef {import('./world.mjs').World} World */
/** @typedef {Partial<import('./world.mjs').Settings>} Changed */
/** @typedef {{ group: string, name: string, settings?: Changed, fault?: (world: World) => void }} Scenario */

/** When it begins: after the life of a signature, so that everything that could be replayed is there. */
const FAULT = 80;
const GONE = cost('a node of the store counts as gone after');
const ELECTED = GONE + cost('an election takes');
const RESTARTED = cost('a store without replica starts again after');

/** A million signed requests a second, and the shards that `sizing.mjs` gives them. @returns {import('./world.mjs').Settings} */
export function usualSettings() {
  const perSecond = 1_000_000;
  const { shards } = sizeOf(perSecond, 1, 'in the server');
  const sampled = { untilSeconds: 160, weight: 5000, hitWeight: 100, seed: 1 };
  return { perSecond, shards, layout: 'regions', observe: false, timeoutSeconds: cost('an answer of the store, at most'), ...sampled };
}

/** The process of the shard's primary ends, and its replica takes over. @param {number} gone @returns {(world: World) => void} */
const dies = (gone) => (world) => {
  const { events, hit } = world;
  events.at(FAULT, () => {
    hit.state = 'failed';
  });
  events.at(FAULT + gone + cost('an election takes'), () => hit.promote(FAULT));
};

/**
 * It has no replica and starts again.
 * @param {number} loses - seconds of what was written last; everything: infinite @param {boolean} [all] - meanwhile its whole cluster refuses
 * @returns {(world: World) => void}
 */
const restarts =
  (loses, all = false) =>
  (world) => {
    const { events, hit } = world;
    events.at(FAULT, () => {
      hit.state = 'failed';
    });
    const rest = (world.stores[0] ?? []).filter((shard) => shard !== hit);
    const others = (/** @type {'up' | 'failed'} */ state) => () => {
      for (const shard of rest) shard.state = state;
    };
    if (all) events.at(FAULT + GONE, others('failed'));
    if (all) events.at(FAULT + RESTARTED, others('up'));
    events.at(FAULT + RESTARTED, () => hit.backWith(FAULT - loses));
  };

/**
 * The shard's primary is cut off from its replica and the other nodes, but not from the guards, until it takes itself for gone.
 * @param {number} patience - seconds without a replica for which it writes on @returns {(world: World) => void}
 */
const separated = (patience) => (world) => {
  const { events, hit } = world;
  events.at(FAULT, () => {
    hit.cutAt = FAULT;
    hit.refusesFrom = FAULT + patience;
  });
  events.at(FAULT + GONE, () => {
    hit.state = 'failed';
  });
  events.at(FAULT + ELECTED, () => hit.promote(FAULT + GONE));
};

/** It answers nothing for a while, and then everything. @param {number} seconds @returns {(world: World) => void} */
const stalls = (seconds) => (world) =>
  world.events.at(FAULT, () => {
    world.hit.stalled = { from: FAULT, until: FAULT + seconds };
  });

/** The shards of a store are restarted one after the other. @param {number} gone - seconds @param {boolean} forgets @returns {(world: World) => void} */
const storesInTurn = (gone, forgets) => (world) => {
  for (const store of world.stores) {
    for (const [index, shard] of store.entries()) {
      const from = FAULT + index * 4;
      world.events.at(from, () => {
        shard.state = 'failed';
      });
      world.events.at(from + gone, () => shard.backWith(forgets ? Number.NEGATIVE_INFINITY : from));
    }
  }
};

/** A region cannot reach the others for a minute. @param {boolean} sentElsewhere - whether its clients are, once that is noticed @returns {(world: World) => void} */
const cutOff = (sentElsewhere) => (world) => {
  const region = world.region(1);
  world.events.at(FAULT, () => {
    region.connected = false;
  });
  world.events.at(FAULT + cost('clients are sent elsewhere after'), () => {
    region.drained = sentElsewhere;
  });
  world.events.at(FAULT + 60, () => {
    region.connected = true;
    region.drained = false;
  });
};

/** A region is gone for its clients, too, and does not come back. @returns {(world: World) => void} */
const lost = () => (world) => {
  const region = world.region(0);
  world.events.at(FAULT, () => {
    region.there = false;
  });
  world.events.at(FAULT + cost('clients are sent elsewhere after'), () => {
    region.drained = true;
  });
};

/**
 * The issuing cloud signs with a new key from the fault on; tokens that are older go on until they expire.
 * @param {(at: number, random: () => number) => 'both' | 'old' | 'new' | 'old, and cannot fetch'} guardHas - the keys of the guard that is asked
 * @returns {(world: World) => void}
 */
const keyChanges = (guardHas) => (world) => {
  world.judgeToken = () => {
    const { now } = world.events;
    const isNew = now - world.random() * cost('life of a token') > FAULT;
    const has = guardHas(now, world.random);
    if (has === 'both' || (has === 'new') === isNew) return 'taken';
    return has === 'old, and cannot fetch' ? 'unavailable' : 'rejected';
  };
};

const ROLLOUT = 60;
/** Until the last token of the old key has expired. */
const LONG = { untilSeconds: FAULT + cost('life of a token') + 20, weight: 20_000 };
const known = (/** @type {number} */ at) => at >= FAULT;

/** @type {readonly Scenario[]} */
export const SCENARIOS = [
  { group: 'Nothing goes wrong', name: 'a store for each region, a host name for each' },
  { group: 'Nothing goes wrong', name: 'a store for each region, one host name', settings: { layout: 'regions, one host' } },
  { group: 'Nothing goes wrong', name: 'one store for all regions', settings: { layout: 'one' } },
  { group: 'Nothing goes wrong', name: 'each guard remembers for itself', settings: { layout: 'memory' } },
  { group: 'Nothing goes wrong', name: 'signatures are only observed', settings: { observe: true } },
  { group: 'A shard is lost', name: '`cluster-node-timeout` 5 s', fault: dies(GONE) },
  { group: 'A shard is lost', name: '`cluster-node-timeout` 15 s', fault: dies(15) },
  { group: 'A shard is lost', name: 'no replica, `cluster-require-full-coverage no`', fault: restarts(Number.POSITIVE_INFINITY) },
  { group: 'A shard is lost', name: 'no replica, `cluster-require-full-coverage yes`', fault: restarts(Number.POSITIVE_INFINITY, true) },
  { group: 'A shard is lost', name: 'no replica, `appendfsync everysec`', fault: restarts(1) },
  { group: 'A shard is lost', name: 'no replica, `appendfsync always`', fault: restarts(0) },
  { group: 'A shard is lost', name: 'signatures are only observed', settings: { observe: true }, fault: dies(GONE) },
  { group: 'A primary is cut off from its replica', name: '`min-replicas-to-write 0`', fault: separated(Number.POSITIVE_INFINITY) },
  { group: 'A primary is cut off from its replica', name: '`min-replicas-to-write 1`, `-max-lag 3`', fault: separated(3) },
  { group: 'A primary is cut off from its replica', name: '`min-replicas-to-write 1`, `-max-lag 1`', fault: separated(1) },
  { group: 'A shard stalls for a second', name: '`timeoutSeconds` 0.25', fault: stalls(1) },
  { group: 'A shard stalls for a second', name: '`timeoutSeconds` 2', settings: { timeoutSeconds: 2 }, fault: stalls(1) },
  { group: 'A region is cut off for a minute', name: 'a store for each region', fault: cutOff(false) },
  { group: 'A region is cut off for a minute', name: 'one store for all', settings: { layout: 'one' }, fault: cutOff(false) },
  {
    group: 'A region is cut off for a minute',
    name: 'one store for all, clients sent elsewhere',
    settings: { layout: 'one' },
    fault: cutOff(true),
  },
  { group: 'A region is lost', name: 'a store for each region, a host name for each', fault: lost() },
  { group: 'A region is lost', name: 'one store for all, which stood there', settings: { layout: 'one' }, fault: lost() },
  { group: 'Guards are restarted in turn', name: 'a shared store' },
  {
    group: 'Guards are restarted in turn',
    name: 'each guard remembers for itself',
    settings: { layout: 'memory' },
    fault: storesInTurn(0, true),
  },
  { group: 'Shards are restarted in turn', name: '`CLUSTER FAILOVER` first: 50 ms each', fault: storesInTurn(0.05, false) },
  { group: 'Shards are restarted in turn', name: 'restarted at once, with its log: 3 s each', fault: storesInTurn(3, false) },
  { group: 'Shards are restarted in turn', name: 'restarted at once, without a log: 3 s each', fault: storesInTurn(3, true) },
  { group: 'A key is rotated', name: 'the new key is there before it is used', settings: LONG, fault: keyChanges(() => 'both') },
  {
    group: 'A key is rotated',
    name: 'the secret is replaced in a minute, guard by guard',
    settings: LONG,
    fault: keyChanges((at, random) => (known(at) && random() < (at - FAULT) / ROLLOUT ? 'new' : 'old')),
  },
  {
    group: 'A key is rotated',
    name: 'key set by URL, which cannot be fetched for a minute',
    settings: LONG,
    fault: keyChanges((at) => (known(at) && at < FAULT + 60 ? 'old, and cannot fetch' : 'both')),
  },
];
