/** Percentiles of latencies in milliseconds. */

/** @param {readonly number[]} latencies */
export function percentiles(latencies) {
  const sorted = Float64Array.from(latencies).sort();
  const at = (/** @type {number} */ share) => sorted[Math.ceil((sorted.length - 1) * share)] ?? Number.NaN;
  return { p50ms: at(0.5), p99ms: at(0.99), maxMs: at(1) };
}
