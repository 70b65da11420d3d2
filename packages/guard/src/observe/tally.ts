/** Counts decisions by what is known of each beforehand: routes by name, codes, modes, actions. No client can make another series. */
import { type ReasonCode, stageOf } from '../core/reasons/codes.ts';
import type { Verdict } from '../core/verdict.ts';
import type { OnVerdict, VerdictFacts } from '../guard/report.ts';

/** What one series counts. */
export interface DecisionLabels {
  /** The name of the route, `default` for the guard's own policy and routes made in code, `other` beyond 256 names. */
  readonly route: string;
  readonly outcome: 'accepted' | 'rejected' | 'unavailable';
  readonly code: string;
  /** Where the request failed; empty if it did not, or everywhere. */
  readonly stage: string;
  readonly mode: 'enforce' | 'observe';
  readonly action: 'pass' | 'refuse';
}

/** One series: its labels, and how often. */
export interface DecisionCount {
  readonly labels: DecisionLabels;
  /** Requests, by their first judgement. */
  readonly count: number;
  /** Later judgements of requests that are counted already. */
  readonly again: number;
}

/** Upper bounds of the durations that are told apart, seconds. */
export const DURATION_BOUNDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1] as const;
const BOUNDS_MS = DURATION_BOUNDS.map((bound) => bound * 1000);

const MOST_ROUTES = 256;
const ENFORCE = 1;
const REFUSE = 2;
const AGAIN = 4;

interface CodeTally {
  readonly outcome: DecisionLabels['outcome'];
  readonly code: string;
  readonly stage: string;
  /** By the three flags. */
  readonly counts: number[];
}

/** Live counts. */
export class DecisionTally {
  readonly #routes: Map<string, Map<string, CodeTally>> = new Map();
  readonly #durations: number[] = [...BOUNDS_MS, Number.POSITIVE_INFINITY].map(() => 0);
  #secondsInAll = 0;

  /** To be told of each judgement. */
  readonly onVerdict: OnVerdict = Object.assign((verdict: Verdict, facts: VerdictFacts) => this.#count(verdict, facts), { timed: true });

  #count(verdict: Verdict, { route, mode, action, again, tookMs }: VerdictFacts): void {
    const flags = (mode === 'enforce' ? ENFORCE : 0) | (action === 'refuse' ? REFUSE : 0) | (again ? AGAIN : 0);
    const { counts } = this.#tallyOf(this.#codesOf(route ?? 'default'), verdict);
    // The cast holds: there is a count for each of the eight.
    counts[flags] = (counts[flags] as number) + 1;
    // Not measured: a function around this hook is not `timed`.
    if (tookMs === 0) return;
    let bucket = 0;
    while (tookMs > (BOUNDS_MS[bucket] ?? Number.POSITIVE_INFINITY)) bucket++;
    this.#durations[bucket] = (this.#durations[bucket] as number) + 1;
    this.#secondsInAll += tookMs / 1000;
  }

  #codesOf(route: string): Map<string, CodeTally> {
    const known = this.#routes.get(route);
    if (known !== undefined) return known;
    if (this.#routes.size >= MOST_ROUTES && route !== 'other') return this.#codesOf('other');
    const made: Map<string, CodeTally> = new Map();
    this.#routes.set(route, made);
    return made;
  }

  #tallyOf(codes: Map<string, CodeTally>, verdict: Verdict): CodeTally {
    const { outcome, code } = verdict;
    const key = outcome === 'unavailable' ? `${code} ${verdict.stage}` : code;
    let tally = codes.get(key);
    if (tally === undefined) {
      tally = { outcome, code, stage: stageShown(verdict), counts: [0, 0, 0, 0, 0, 0, 0, 0] };
      codes.set(key, tally);
    }
    return tally;
  }

  /** Every series that has counted something. */
  counts(): readonly DecisionCount[] {
    return [...this.#routes].flatMap(([route, codes]) => [...codes.values()].flatMap((tally) => countsOf(route, tally)));
  }

  /** How many judgements took at most so long, cumulated; the last is all of them. And their durations in all, seconds. */
  durations(): { readonly cumulated: readonly number[]; readonly seconds: number } {
    let sum = 0;
    const cumulated = this.#durations.map((count) => {
      sum += count;
      return sum;
    });
    return { cumulated, seconds: this.#secondsInAll };
  }
}

/** The stage of a verdict, or an empty text. */
export function stageShown(verdict: Verdict): string {
  if (verdict.outcome === 'accepted') return '';
  return verdict.outcome === 'unavailable' ? (verdict.stage ?? '') : stageOf(verdict.reason satisfies ReasonCode);
}

function countsOf(route: string, { outcome, code, stage, counts }: CodeTally): readonly DecisionCount[] {
  return [0, ENFORCE, REFUSE, ENFORCE | REFUSE].flatMap((flags): readonly DecisionCount[] => {
    const [count = 0, again = 0] = [counts[flags], counts[flags | AGAIN]];
    const mode = (flags & ENFORCE) === 0 ? 'observe' : 'enforce';
    const action = (flags & REFUSE) === 0 ? 'pass' : 'refuse';
    return count + again === 0 ? [] : [{ labels: { route, outcome, code, stage, mode, action }, count, again }];
  });
}
