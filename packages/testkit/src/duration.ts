/** Durations as the vendor's command line writes them. */

const SECONDS_OF_UNIT: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
  ['w', 604_800],
  ['y', 31_536_000],
]);

/**
 * Reads a duration such as `1y`, `30d`, `12h`, `5m` or `90s`. A year has 365 days.
 * @returns seconds, or `null` if `text` is not such a duration, or zero
 * @example
 * ```ts
 * import { durationSeconds } from '@approov-guard/testkit';
 *
 * console.log(durationSeconds('30d')); // 2592000
 * ```
 */
export function durationSeconds(text: string): number | null {
  const [, count, unit] = /^([1-9]\d{0,8})([smhdwy])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) return null;
  return Number(count) * (SECONDS_OF_UNIT.get(unit) ?? Number.NaN);
}
