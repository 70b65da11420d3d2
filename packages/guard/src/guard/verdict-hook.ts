/** Tells the hook `onVerdict`. What it throws is counted, and changes no decision. */
import { excerpt } from '../core/bytes/text.ts';
import type { RequestView } from '../core/request-view.ts';
import { isThenable } from '../core/result.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Decision } from '../http/decide.ts';
import type { Counters } from './counters.ts';
import type { VerdictFacts } from './options.ts';

/** The option `onVerdict`. */
export type OnVerdict = (verdict: Verdict, facts: VerdictFacts) => void;

const LONGEST_PATH_SHOWN = 256;

/** The hook of one guard, or none. */
export class VerdictHook {
  readonly #onVerdict: OnVerdict | null;
  readonly #counters: Counters;

  constructor(onVerdict: OnVerdict | null, counters: Counters) {
    this.#onVerdict = onVerdict;
    this.#counters = counters;
  }

  /**
   * Tells of a decision, if there was a verdict.
   * @param route - the name of the route by which it was found
   * @param at - the moment of judgement, milliseconds since the epoch
   * @param again - whether the request was judged before
   */
  tell(request: RequestView, { verdict, id, action, mode }: Decision, route: string | null, at: number, again: boolean): void {
    if (this.#onVerdict === null || verdict === null) return;
    try {
      const method = excerpt(request.method, 32);
      const onVerdict = this.#onVerdict;
      const answer: unknown = onVerdict(verdict, { id, action, mode, route, method, path: shownPath(request.target), at, again });
      // An asynchronous hook that rejects must not end the process.
      if (isThenable(answer)) Promise.resolve(answer).catch(() => this.#counters.countHookFailure());
    } catch {
      this.#counters.countHookFailure();
    }
  }
}

/** The query is left out: it may hold credentials. */
function shownPath(target: string): string {
  const most = Math.min(target.length, LONGEST_PATH_SHOWN + 1);
  let end = 0;
  while (end < most && !endsPath(target.charCodeAt(end))) end++;
  return excerpt(end === target.length ? target : target.slice(0, end), LONGEST_PATH_SHOWN);
}

/** `?` or `#`. */
function endsPath(code: number): boolean {
  return code === 0x3f || code === 0x23;
}
