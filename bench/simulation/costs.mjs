/** What one of each costs, and where the figure comes from. Everything that the simulation assumes stands here. */

/**
 * @typedef {object} Cost
 * @property {number} value
 * @property {string} unit
 * @property {'measured' | 'set' | 'assumed'} kind - `measured`: by the benchmarks beside this; `set`: a default of the product or of the store;
 *   `assumed`: yours will differ
 * @property {string} from
 */

/** @type {{ readonly [name: string]: Cost }} */
export const COSTS = {
  'a decision, token seen before': { value: 0.4, unit: 'µs', kind: 'measured', from: 'bench/README.md: HS256, same token' },
  'a decision, new token': { value: 4.9, unit: 'µs', kind: 'measured', from: 'bench/README.md: HS256, never seen before' },
  'a message signature': { value: 98, unit: 'µs', kind: 'measured', from: 'bench/README.md: ECDSA P-256' },
  'a replay look-up, for the guard': { value: 15, unit: 'µs', kind: 'measured', from: '`npm run bench -- replay`, on a busy machine' },
  'a replay look-up, for the store': { value: 10, unit: 'µs', kind: 'measured', from: '`npm run bench -- replay`, on a busy machine' },
  'an entry of the store': { value: 150, unit: 'bytes', kind: 'measured', from: 'replay.md; 105 to 200, as its table grows by doubling' },
  'a hop through plain nginx': { value: 12, unit: 'µs', kind: 'measured', from: '`npm run bench -- gateway`, CPU' },
  'a hop through the gateway': { value: 34, unit: 'µs', kind: 'measured', from: 'in the same run, token seen before' },
  'nginx that asks the authoriser': { value: 39, unit: 'µs', kind: 'measured', from: 'in the same run, both processes' },
  'life of a signature': { value: 15, unit: 's', kind: 'set', from: 'the SDKs' },
  'clock tolerance': { value: 60, unit: 's', kind: 'set', from: '`clockToleranceSeconds`' },
  'time for the body': { value: 60, unit: 's', kind: 'set', from: '`bodies.deadlineSeconds`' },
  'margin of the store': { value: 60, unit: 's', kind: 'set', from: '`marginSeconds`' },
  'an answer of the store, at most': { value: 0.25, unit: 's', kind: 'set', from: '`timeoutSeconds`' },
  'a client asks again after': { value: 5, unit: 's', kind: 'set', from: '`Retry-After`; once, signed again' },
  'life of a token': { value: 300, unit: 's', kind: 'set', from: 'the issuing cloud' },
  'round trip within a region': { value: 0.0005, unit: 's', kind: 'assumed', from: 'one zone to another' },
  'round trip between regions': { value: 0.07, unit: 's', kind: 'assumed', from: 'across an ocean' },
  'a replica is behind by': { value: 0.001, unit: 's', kind: 'assumed', from: 'asynchronous replication' },
  'a node of the store counts as gone after': {
    value: 5,
    unit: 's',
    kind: 'assumed',
    from: '`cluster-node-timeout 5000`; its default is 15000',
  },
  'an election takes': { value: 1, unit: 's', kind: 'assumed', from: 'after that' },
  'a store without replica starts again after': { value: 30, unit: 's', kind: 'assumed', from: 'a supervisor that restarts it' },
  'clients are sent elsewhere after': { value: 30, unit: 's', kind: 'assumed', from: 'DNS or anycast' },
  'cores are busy, at most': { value: 0.6, unit: '', kind: 'assumed', from: 'with one region of three lost' },
  'a shard is busy, at most': { value: 0.5, unit: '', kind: 'assumed', from: 'with one region of three lost' },
};

/** @param {string} name */
export function cost(name) {
  const found = COSTS[name];
  if (found === undefined) throw new Error(`no cost named ${name}`);
  return found.value;
}

/** How long a signature is accepted, and could be replayed. */
export const ACCEPTED_SECONDS = cost('life of a signature') + cost('clock tolerance');
/** How long its entry lives. */
export const ENTRY_SECONDS = ACCEPTED_SECONDS + cost('time for the body') + cost('margin of the store');
