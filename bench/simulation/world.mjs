/**
 * Three regions of guards before their replay stores. Guards share nothing else, so that their cores are arithmetic (`sizing.mjs`); what is
 * simulated is what depends on moments: entries, replicas, faults, time-outs, clients that ask again, and replays.
 *
 * Requests are samples: one stands for so many. Those of the shard that a fault hits are drawn more densely, since what is lost there is few.
 * Each accepted request is sent once more by an adversary, at a random moment of its life: the worst case. Replays are not a load.
 */
import { ACCEPTED_SECONDS, cost } from './costs.mjs';
import { Events, randomFrom } from './events.mjs';
import { Shard } from './shard.mjs';
import { REGIONS } from './sizing.mjs';

/**
 * @typedef {object} Settings
 * @property {number} perSecond - signed requests in all regions
 * @property {number} shards - of each region
 * @property {'regions' | 'regions, one host' | 'one' | 'memory'} layout - a store for each region with host names of their own, or with one for
 *   all; one store for all, in the first region; or none: each guard remembers for itself
 * @property {boolean} observe - signatures are only observed: what cannot be judged passes
 * @property {number} timeoutSeconds
 * @property {number} untilSeconds - how long requests come
 * @property {number} weight - how many requests a sample stands for
 * @property {number} hitWeight - the same for the shard that a fault hits
 * @property {number} seed
 */

/** @typedef {{ region: number, shard: number, weight: number, key: number, retried: boolean, at: number }} Request */

/** @typedef {{ requests: number, accepted: number, unavailable: number, again: number, rejected: number, unreached: number, replays: number, replaysRefused: number, replaysUnavailable: number, replaysPassed: number, events: number }} Counts */

/** @typedef {import('./shard.mjs').Answer} Answer */
/** @typedef {(answer: Answer, at: number) => void} Told */

/** @param {World} _world */
const nothing = (_world) => {};

export class World {
  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings;
    this.events = new Events();
    this.random = randomFrom(settings.seed);
    this.stores = Array.from({ length: settings.layout === 'one' ? 1 : REGIONS }, () =>
      Array.from({ length: settings.layout === 'one' ? settings.shards * REGIONS : settings.shards }, () => new Shard()),
    );
    /** Whether a region is there for its clients, and whether it is connected with the others. */
    this.regions = Array.from({ length: REGIONS }, () => ({ there: true, connected: true, drained: false }));
    /** Whether a guard takes this request's token. @type {(request: Request) => 'taken' | 'rejected' | 'unavailable'} */
    this.judgeToken = () => 'taken';
    this.keys = 0;
    /** The share of a shard's core that is taken. */
    this.busy = ((settings.perSecond / settings.shards / REGIONS) * cost('a replay look-up, for the store')) / 1e6;
    this.counts = /** @type {Counts} */ ({
      ...{ requests: 0, accepted: 0, unavailable: 0, again: 0, rejected: 0, unreached: 0 },
      ...{ replays: 0, replaysRefused: 0, replaysUnavailable: 0, replaysPassed: 0, events: 0 },
    });
  }

  /** The shard that a fault hits. @returns {Shard} */
  get hit() {
    return this.shard(0, 0);
  }

  /** @param {number} store @param {number} shard */
  shard(store, shard) {
    return /** @type {Shard} */ (this.stores[store]?.[shard]);
  }

  /** @param {number} region */
  region(region) {
    return /** @type {{ there: boolean, connected: boolean, drained: boolean }} */ (this.regions[region]);
  }

  /** @param {(world: World) => void} [fault] @returns {Counts} */
  run(fault = nothing) {
    const { perSecond, weight, hitWeight } = this.settings;
    const shards = this.stores.length * /** @type {Shard[]} */ (this.stores[0]).length;
    const share = 1 / shards;
    fault(this);
    this.#arrive(perSecond * share, hitWeight, () => 0);
    this.#arrive(perSecond * (1 - share), weight, () => 1 + this.pick(shards - 1));
    this.events.run();
    this.counts.events = this.events.handled;
    return this.counts;
  }

  /** @param {number} below */
  pick(below) {
    return Math.floor(this.random() * below);
  }

  /** @param {number} perSecond @param {number} weight @param {() => number} pickShard */
  #arrive(perSecond, weight, pickShard) {
    const next = () => {
      const at = this.events.now - (Math.log(1 - this.random()) * weight) / perSecond;
      if (at >= this.settings.untilSeconds) return;
      this.events.at(at, () => {
        const each = this.settings.shards;
        const picked = pickShard();
        const one = this.settings.layout === 'one';
        const place = one ? { region: this.pick(REGIONS), shard: picked } : { region: Math.floor(picked / each), shard: picked % each };
        this.#ask({ ...place, weight, key: this.keys++, retried: false, at });
        next();
      });
    };
    next();
  }

  /** A client asks. @param {Request} request */
  #ask(request) {
    this.counts.requests += request.weight;
    const region = this.#regionFor(request.region);
    if (region === null) {
      this.counts.unreached += request.weight;
      return;
    }
    const judged = this.judgeToken(request);
    if (judged === 'rejected') this.counts.rejected += request.weight;
    else if (judged === 'unavailable') this.#unavailable(request, this.events.now);
    else {
      request.region = region;
      this.#look(request, (answer, at) => this.#answered(request, answer, at));
    }
  }

  /** Where a client's request goes: elsewhere once its region has been given up. @param {number} region */
  #regionFor(region) {
    if (!this.region(region).drained) return this.region(region).there ? region : null;
    const others = [...this.regions.keys()].filter((other) => other !== region && this.region(other).there);
    return others[this.pick(others.length)] ?? null;
  }

  /** Whether a region cannot reach the first one, where the store for all is. @param {number} region */
  #isApart(region) {
    return !(this.region(region).connected && this.region(0).connected && this.region(0).there);
  }

  /** Asks the store of the request's region, and says what comes of it when. @param {Request} request @param {Told} told */
  #look({ region, shard, key }, told) {
    const { layout, timeoutSeconds } = this.settings;
    const isFar = layout === 'one' && region !== 0;
    const trip = cost(isFar ? 'round trip between regions' : 'round trip within a region');
    const latest = this.events.now + timeoutSeconds;
    if (isFar && this.#isApart(region)) {
      told('silent', latest);
      return;
    }
    this.events.at(this.events.now + trip / 2, () => {
      const { answer, at } = this.shard(layout === 'one' ? 0 : region, shard).setIfAbsent(key, this.events.now, this.busy);
      const back = at + trip / 2;
      // What is answered too late was written all the same.
      if (answer === 'silent' || back > latest) told('silent', latest);
      else told(answer, back);
    });
  }

  /** @param {Request} request @param {Answer} answer @param {number} at */
  #answered(request, answer, at) {
    const cannotTell = answer === 'failed' || answer === 'silent';
    if (cannotTell && !this.settings.observe) {
      this.#unavailable(request, at);
      return;
    }
    // No two requests have a key in common.
    if (answer === 'known') throw new Error('a genuine request was taken for a replay');
    this.counts.accepted += request.weight;
    const left = Math.max(0, request.at + ACCEPTED_SECONDS - at);
    this.events.at(at + this.random() * left, () => this.#replay(request));
  }

  /** The client signs anew and asks once more. @param {Request} request @param {number} at */
  #unavailable(request, at) {
    this.counts.unavailable += request.weight;
    if (request.retried) {
      this.counts.again += request.weight;
      return;
    }
    const next = at + cost('a client asks again after');
    this.events.at(next, () => this.#ask({ ...request, key: this.keys++, retried: true, at: next }));
  }

  /** @param {Request} request */
  #replay({ region: first, shard, weight, key }) {
    const { layout, shards, observe } = this.settings;
    // With one host name for all regions, the adversary goes to where the request is not known; without a shared store, to any guard.
    const wanted = layout === 'regions, one host' ? (first + 1) % REGIONS : first;
    const region = this.#regionFor(wanted);
    this.counts.replays += weight;
    // A signature for one region's host name is refused in another before any store is asked.
    if (region === null || (region !== wanted && layout === 'regions')) {
      this.counts.replaysRefused += weight;
      return;
    }
    const isCutOff = layout === 'one' && region !== 0 && this.#isApart(region);
    const store = this.shard(layout === 'one' ? 0 : region, layout === 'memory' ? this.pick(shards) : shard);
    const { answer } = isCutOff ? { answer: 'silent' } : store.setIfAbsent(key, this.events.now, this.busy);
    // One that is only observed passes, whether it is known or not.
    if (answer === 'new' || observe) this.counts.replaysPassed += weight;
    else if (answer === 'known') this.counts.replaysRefused += weight;
    else this.counts.replaysUnavailable += weight;
  }
}
