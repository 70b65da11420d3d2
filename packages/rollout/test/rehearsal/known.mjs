/** What the simulation knows of each request, held against what the report takes it for. */
import { CLASSES } from '@approov-guard/rollout';

/** @typedef {import('@approov-guard/rollout').ClassName} ClassName */

const HOUR = 3_600_000;

/** What is needed of a decision to find it in the report again. @typedef {{ route: string, code: string, version: string, platform: string }} Kind */

/** @param {Kind} kind @param {number} at */
const nameOf = ({ route, code, version, platform }, at) => `${Math.floor(at / HOUR)} ${route} ${code} ${version} ${platform}`;

/** Counts requests by what they were. */
export class Known {
  /** @type {Map<string, Map<ClassName, number>>} */
  #counts = new Map();
  requests = 0;

  /** @param {Kind} kind @param {number} at @param {ClassName} truth */
  add(kind, at, truth) {
    this.requests++;
    const name = nameOf(kind, at);
    const counts = this.#counts.get(name) ?? new Map();
    this.#counts.set(name, counts);
    counts.set(truth, (counts.get(truth) ?? 0) + 1);
  }

  /**
   * For the report's `onGroup`: what it takes requests for, against what they were.
   * @returns {{ onGroup: import('@approov-guard/rollout').ReportSettings['onGroup'], end: () => { right: number, all: number, wrong: [string, number][] } }}
   */
  compare() {
    /** @type {Map<string, ClassName>} */
    const taken = new Map();
    const end = () => {
      let right = 0;
      /** @type {Map<string, number>} */
      const wrong = new Map();
      for (const [name, counts] of this.#counts) {
        for (const [truth, count] of counts) {
          const found = taken.get(name);
          if (found === truth) right += count;
          else wrong.set(`${truth} taken for ${found}`, (wrong.get(`${truth} taken for ${found}`) ?? 0) + count);
        }
      }
      return { right, all: this.requests, wrong: [...wrong].sort(([, one], [, other]) => other - one) };
    };
    return { onGroup: (kind, hour, _, name) => void taken.set(nameOf(kind, hour), name), end };
  }
}

/** Whether such requests come from genuine users. @param {ClassName} name */
export const isGenuine = (name) => CLASSES[name].genuine;
