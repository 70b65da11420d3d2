/** Reads `--at TIME`. */

import type { Surroundings } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';
import type { Arguments } from './arguments.ts';

const ISO = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;
/** Beyond this a number of seconds is surely one of milliseconds: the year 5138. */
const MOST_SECONDS = 1e11;

/** The moment as of which to judge, in milliseconds since the epoch: `--at`, else now. */
export function momentOfJudgement(given: Arguments, surroundings: Surroundings): number {
  const time = given.text('at');
  return time === undefined ? surroundings.now() : momentFrom(time);
}

/** A moment in milliseconds since the epoch, from seconds since the epoch or ISO 8601 with a zone. */
function momentFrom(text: string): number {
  const seconds = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (Math.abs(seconds) < MOST_SECONDS) return seconds * 1000;
  const milliseconds = ISO.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(milliseconds)) return milliseconds;
  throw new UsageError('--at is a time in seconds since 1970, such as 1700000000, or 2023-11-14T22:13:20Z');
}
