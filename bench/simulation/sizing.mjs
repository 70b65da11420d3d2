/** How many cores and shards, by arithmetic: rate times cost, with room for a lost region. */
import { cost, ENTRY_SECONDS } from './costs.mjs';

export const REGIONS = 3;
/** With one region lost, the others carry its part. */
const ROOM = REGIONS / (REGIONS - 1);

/** Where the guard runs: CPU of one request beyond what the server behind does, token seen before and no signature. @type {{ readonly [place: string]: number }} */
export const PLACES = {
  'in the server': cost('a decision, token seen before'),
  'the gateway': cost('a hop through the gateway'),
  'nginx and the authoriser': cost('nginx that asks the authoriser'),
};

/**
 * @typedef {object} Size
 * @property {number} cores - in each region
 * @property {number} shards - in each region, each with a replica
 * @property {number} entries - in each region
 * @property {number} storeBytes - in each region, replicas not counted
 */

/**
 * @param {number} perSecond - requests in all regions @param {number} signed - the share of them that is signed @param {string} place
 * @returns {Size} in each region
 */
export function sizeOf(perSecond, signed, place) {
  const here = (perSecond / REGIONS) * ROOM;
  const bare = PLACES[place];
  if (bare === undefined) throw new Error(`no place named ${place}`);
  // Each device brings a new token once in its life; in the worst case each request is a device's only one.
  const each = bare + cost('a decision, new token') + signed * (cost('a message signature') + cost('a replay look-up, for the guard'));
  const lookups = here * signed;
  const entries = lookups * ENTRY_SECONDS;
  return {
    cores: Math.ceil((here * each) / 1e6 / cost('cores are busy, at most')),
    shards: Math.ceil((lookups * cost('a replay look-up, for the store')) / 1e6 / cost('a shard is busy, at most')),
    entries,
    storeBytes: entries * cost('an entry of the store'),
  };
}
