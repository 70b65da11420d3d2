/** Tells the hook `onVerdict`. What it throws is counted, and changes no decision. */
import { excerpt } from '../core/bytes/text.ts';
import type { Mode } from '../core/judge/policy.ts';
import type { RequestView } from '../core/request-view.ts';
import { isThenable } from '../core/result.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Decision } from '../http/decide.ts';
import type { Counters } from './counters.ts';

/** What the hook learns beside the verdict. */
export interface VerdictFacts {
  /** An id of this judgement, the one that a problem+json refusal shows. Unique, but no secret: where no answer shows them, ids count up. */
  readonly id: string;
  /** What the guard did: `pass` or `refuse`. */
  readonly action: 'pass' | 'refuse';
  /** The mode that decided. */
  readonly mode: Mode;
  /** The name of the route (option `routes`) that judged; `null` for the guard's own policy. */
  readonly route: string | null;
  /** The request's method. */
  readonly method: string;
  /** The request's path, without the query; at most 256 characters, escaped. */
  readonly path: string;
  /** When the request was judged, milliseconds since the epoch. */
  readonly at: number;
  /** Whether this guard has judged the same request before, for the whole application, say, and now for a route of it. */
  readonly again: boolean;
  /** How long the judgement took, milliseconds with fractions; 0 on platforms whose clocks stand still meanwhile (Workers). */
  readonly tookMs: number;
  /** The request itself, for a header that you know. **Never log it whole**: it holds the token, and what it is bound to. Do not keep it. */
  readonly request: RequestView;
}

/** A hook that is told of each judgement. */
export type OnVerdict = (verdict: Verdict, facts: VerdictFacts) => void;

const LONGEST_PATH_SHOWN = 256;

/** The facts that the hook cannot find by itself. */
interface Told {
  /** The name of the route by which the verdict was found. */
  readonly route: string | null;
  /** The moment of judgement, milliseconds since the epoch. */
  readonly at: number;
  /** Whether the request was judged before. */
  readonly again: boolean;
  /** What {@link VerdictHook.start} answered. */
  readonly started: number;
}

/** The hooks of one guard, or none. */
export class VerdictHook {
  readonly #hooks: readonly OnVerdict[];
  readonly #counters: Counters;

  constructor(hooks: readonly OnVerdict[], counters: Counters) {
    this.#hooks = hooks;
    this.#counters = counters;
  }

  /** A reading of the clock that measures durations, if somebody wants to know. */
  start(): number {
    return this.#hooks.length === 0 ? 0 : performance.now();
  }

  /** Tells of a decision, if there was a verdict. */
  tell(request: RequestView, { verdict, id, action, mode }: Decision, { route, at, again, started }: Told): void {
    if (this.#hooks.length === 0 || verdict === null) return;
    try {
      const tookMs = performance.now() - started;
      const method = excerpt(request.method, 32);
      const facts = { id, action, mode, route, method, path: shownPath(request.target), at, again, tookMs, request };
      for (const hook of this.#hooks) this.#call(hook, verdict, facts);
    } catch {
      this.#counters.countHookFailure();
    }
  }

  #call(hook: OnVerdict, verdict: Verdict, facts: VerdictFacts): void {
    try {
      const answer: unknown = hook(verdict, facts);
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
