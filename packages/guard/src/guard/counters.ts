/** Counts of verdicts by outcome and reason: bounded, since the codes are. */
import { FAULT_CODES, type FaultCode, REASON_CODES, type ReasonCode } from '../core/reasons/codes.ts';
import type { Decision } from '../http/decide.ts';

/** How requests were judged. */
export interface VerdictCounts {
  readonly accepted: number;
  /** Judged requests that were refused. */
  readonly refused: number;
  /** Requests that `observe` passed although they were not accepted. */
  readonly observed: number;
  /** Preflights and exempt paths. */
  readonly skipped: number;
  readonly rejected: { readonly [Code in ReasonCode]: number };
  readonly unavailable: { readonly [Code in FaultCode]: number };
}

/** A snapshot of the counts since the guard was made. Each request counts once, by its first judgement. */
export interface GuardCounters extends VerdictCounts {
  /**
   * What this guard found of requests that it had judged before: where it stands before the whole application and before a route of it. A request
   * that passed the first and not the second is `accepted`, and `refused` here.
   */
  readonly again: VerdictCounts;
  /** Exceptions that `onVerdict` threw. */
  readonly hookFailures: number;
}

/** The live counts of one guard. */
export class Counters {
  readonly #first: Tally = new Tally();
  readonly #again: Tally = new Tally();
  #hookFailures = 0;

  /** @param again - whether the request was judged before */
  count(decision: Decision, again: boolean): void {
    (again ? this.#again : this.#first).count(decision);
  }

  countHookFailure(): void {
    this.#hookFailures++;
  }

  snapshot(): GuardCounters {
    return { ...this.#first.snapshot(), again: this.#again.snapshot(), hookFailures: this.#hookFailures };
  }
}

class Tally {
  #accepted = 0;
  #refused = 0;
  #observed = 0;
  #skipped = 0;
  readonly #rejected = zeros(REASON_CODES);
  readonly #unavailable = zeros(FAULT_CODES);

  count({ verdict, action }: Decision): void {
    if (verdict === null) {
      this.#skipped++;
      return;
    }
    if (verdict.outcome === 'accepted') this.#accepted++;
    else if (verdict.outcome === 'rejected') this.#rejected[verdict.reason]++;
    else this.#unavailable[verdict.fault]++;
    if (action === 'refuse') this.#refused++;
    else if (verdict.outcome !== 'accepted') this.#observed++;
  }

  snapshot(): VerdictCounts {
    return {
      accepted: this.#accepted,
      refused: this.#refused,
      observed: this.#observed,
      skipped: this.#skipped,
      rejected: { ...this.#rejected },
      unavailable: { ...this.#unavailable },
    };
  }
}

function zeros<Code extends string>(codes: readonly Code[]): { [C in Code]: number } {
  // The cast holds: each code has its zero.
  return Object.fromEntries(codes.map((code) => [code, 0])) as { [C in Code]: number };
}
