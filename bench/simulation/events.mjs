/** The bare machinery of a simulation by discrete events: a queue in the order of time, and numbers that a seed decides. */

export class Events {
  constructor() {
    this.now = 0;
    this.handled = 0;
    /** A binary heap. */
    this.queue = /** @type {{ at: number, order: number, run: () => void }[]} */ ([]);
    this.order = 0;
  }

  /** What is due at the same moment happens in the order in which it was said. @param {number} at - seconds @param {() => void} run */
  at(at, run) {
    if (!(at >= this.now)) throw new RangeError('nothing happens in the past');
    const { queue } = this;
    const event = { at, order: this.order++, run };
    let index = queue.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = /** @type {typeof event} */ (queue[parent]);
      if (!before(event, above)) break;
      queue[index] = above;
      index = parent;
    }
    queue[index] = event;
  }

  /** Runs until nothing is left. */
  run() {
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      this.now = next.at;
      this.handled++;
      next.run();
    }
  }

  #take() {
    const { queue } = this;
    const [first] = queue;
    const last = queue.pop();
    if (first === undefined || last === undefined || queue.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= queue.length) break;
      const [left, right] = [/** @type {typeof last} */ (queue[child]), queue[child + 1]];
      if (right !== undefined && before(right, left)) child++;
      const smaller = /** @type {typeof last} */ (queue[child]);
      if (!before(smaller, last)) break;
      queue[index] = smaller;
      index = child;
    }
    queue[index] = last;
    return first;
  }
}

/** @param {{ at: number, order: number }} one @param {{ at: number, order: number }} other */
const before = (one, other) => one.at < other.at || (one.at === other.at && one.order < other.order);

/** Numbers from 0 to 1 that a seed decides (mulberry32). @param {number} seed @returns {() => number} */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
