/** A shard of the store: one primary that answers, its replica, its log, and what can happen to them. */
import { cost } from './costs.mjs';

/** @typedef {'new' | 'known' | 'failed' | 'silent'} Answer - `failed`: an error at once; `silent`: nothing before the time-out */

export class Shard {
  constructor() {
    /** When each entry was written. The simulation ends before an entry's life does. */
    this.writtenAt = /** @type {Map<number, number>} */ (new Map());
    this.state = /** @type {'up' | 'failed' | 'silent'} */ ('up');
    /** From when on nothing reaches the replica. */
    this.cutAt = Number.POSITIVE_INFINITY;
    /** From when on it refuses to write, since no replica has answered for too long. */
    this.refusesFrom = Number.POSITIVE_INFINITY;
    /** The last time in which it answered nothing, though it took commands in. */
    this.stalled = { from: 0, until: 0 };
  }

  /**
   * One `SET key 1 EX seconds NX`.
   * @param {number} key @param {number} at @param {number} busy - the share of its core that all its commands take
   * @returns {{ answer: Answer, at: number }} what it answers, and when
   */
  setIfAbsent(key, at, busy) {
    if (this.state !== 'up') return { answer: this.state, at };
    if (at >= this.refusesFrom) return { answer: 'failed', at };
    const answer = this.writtenAt.has(key) ? 'known' : 'new';
    if (answer === 'new') this.writtenAt.set(key, at);
    return { answer, at: at + this.#wait(at, busy) };
  }

  /**
   * What came in while it stalled is answered in the order in which it came, and what comes later waits for that. Otherwise a command waits for
   * microseconds, as long as the shard is far from full.
   * @param {number} at @param {number} busy
   */
  #wait(at, busy) {
    const { from, until } = this.stalled;
    if (at < until) return until - at + busy * (at - from);
    return Math.max(0, busy * (until - from) - (1 - busy) * (at - until));
  }

  /** It comes back with what was written before a moment: the replica in its place, or itself from its log. @param {number} moment */
  backWith(moment) {
    for (const [key, writtenAt] of this.writtenAt) if (writtenAt > moment) this.writtenAt.delete(key);
    this.state = 'up';
    this.cutAt = Number.POSITIVE_INFINITY;
    this.refusesFrom = Number.POSITIVE_INFINITY;
  }

  /** The replica takes over. @param {number} at - when the primary ended */
  promote(at) {
    this.backWith(Math.min(at, this.cutAt) - cost('a replica is behind by'));
  }
}
