/** Counts of verdicts by outcome and reason: bounded, since the codes are. */
import { FAULT_CODES, type FaultCode, REASON_CODES, type ReasonCode } from '../core/reasons/codes.ts';
import type { Decision } from '../http/decide.ts';

/** A snapshot of the counts since the guard was made. */
export interface GuardCounters {
  readonly accepted: number;
  /** Judged requests that were refused. */
  readonly refused: number;
  /** Requests that `observe` passed although they were not accepted. */
  readonly observed: number;
  /** Preflights and exempt paths. */
  readonly skipped: number;
  readonly rejected: { readonly [Code in ReasonCode]: number };
  readonly unavailable: { readonly [Code in FaultCode]: number };
  /** Exceptions that `onVerdict` threw. */
  readonly hookFailures: number;
}

/** The live counts of one guard. */
export class Counters {
  #accepted = 0;
  #refused = 0;
  #observed = 0;
  #skipped = 0;
  #hookFailures = 0;
  readonly #rejected = zeros(REASON_CODES);
  readonly #unavailable = zeros(FAULT_CODES);

  count(decision: Decision): void {
    const { verdict, action } = decision;
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

  countHookFailure(): void {
    this.#hookFailures++;
  }

  snapshot(): GuardCounters {
    return {
      accepted: this.#accepted,
      refused: this.#refused,
      observed: this.#observed,
      skipped: this.#skipped,
      rejected: { ...this.#rejected },
      unavailable: { ...this.#unavailable },
      hookFailures: this.#hookFailures,
    };
  }
}

function zeros<Code extends string>(codes: readonly Code[]): { [C in Code]: number } {
  // The cast holds: each code has its zero.
  return Object.fromEntries(codes.map((code) => [code, 0])) as { [C in Code]: number };
}
