/** Ratios and differences of pairs that were measured directly one after the other. */

/** @typedef {import('./measure.mjs').Spread} Spread */

const RESAMPLES = 1000;

/**
 * The median of the pairs, and where it lies with 95 % probability, by bootstrap: `low` and `high` say how far the median itself is known,
 * not how far single pairs lie apart.
 * @param {readonly number[]} values - one of each pair
 * @param {() => number} [random]
 * @returns {Spread}
 */
export function medianOfPairs(values, random = Math.random) {
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(values.map(() => values[Math.floor(random() * values.length)] ?? Number.NaN)),
  );
  medians.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => medians[Math.round((RESAMPLES - 1) * share)] ?? Number.NaN;
  return { median: median(values), low: at(0.025), high: at(0.975) };
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
}

/**
 * Measures two things one directly after the other, in an order that alternates, so that a drift of the machine favours neither.
 * @template Sample
 * @param {number} turn - even: the first one first
 * @param {() => Promise<Sample>} first @param {() => Promise<Sample>} second
 * @returns {Promise<readonly [Sample, Sample]>} in the order of the parameters
 */
export async function pairOf(turn, first, second) {
  if (turn % 2 === 0) {
    const one = await first();
    return [one, await second()];
  }
  const two = await second();
  return [await first(), two];
}

/** The median of one figure. @template Sample @param {readonly Sample[]} samples @param {(sample: Sample) => number} of */
export const medianOf = (samples, of) => median(samples.map(of));
