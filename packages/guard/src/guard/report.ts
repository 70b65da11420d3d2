/** What a guard tells of its judgements: to the hook `onVerdict`, whose failures change no decision, and in its counters. */
import { excerpt, isPlainCode } from '../core/bytes.ts';
import type { Mode } from '../core/judge/policy.ts';
import { FAULT_CODES, type FaultCode, REASON_CODES, type ReasonCode } from '../core/reasons/codes.ts';
import type { RequestView } from '../core/request-view.ts';
import { isThenable } from '../core/result.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Decision } from '../http/decide.ts';

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
  /**
   * How long the judgement took, milliseconds with fractions. 0 unless a hook of the guard is `timed`, and on platforms whose clocks stand still
   * meanwhile (Workers).
   */
  readonly tookMs: number;
  /**
   * Answers the request, for a header that you know: a function, so that who logs the facts logs no token. Do not keep what it answers, and never
   * log it whole: it holds the token, and what it is bound to.
   */
  readonly request: () => RequestView;
}

/** A hook that is told of each judgement. */
export interface OnVerdict {
  (verdict: Verdict, facts: VerdictFacts): void;
  /**
   * Whether it wants to know `tookMs`: `Object.assign(hook, { timed: true })`. Default: false, since the two readings of the clock are a fifth of a
   * decision about a token that is known. Those of `approov-guard/prometheus`, `opentelemetry`, `diagnostics` and `logging` are timed.
   */
  readonly timed?: boolean;
}

/** Kept: on Node, `performance` is looked up by a function each time, which costs a quarter of a reading. */
const stopwatch: Pick<typeof performance, 'now'> = performance;

const LONGEST_PATH_SHOWN = 256;

/** What a guard says of verdicts by itself. */
export interface VerdictLines {
  /** Whether every verdict is a line. */
  readonly all: boolean;
  /** Whether a line is due. */
  wants(verdict: Verdict): boolean;
  /** Prints the line of a verdict. */
  tell(verdict: Verdict, facts: VerdictFacts): void;
}

/** What one guard reports of its decisions: to its hooks, in what it says by itself, in its counters. */
export class Report {
  readonly #hooks: readonly OnVerdict[];
  readonly #lines: VerdictLines | null;
  readonly #timed: boolean;
  readonly #first: Tally = new Tally();
  readonly #again: Tally = new Tally();
  #hookFailures = 0;

  /** @param lines - what it says by itself, or `null` if it says nothing */
  constructor(hooks: readonly OnVerdict[], lines: VerdictLines | null) {
    this.#hooks = hooks;
    this.#lines = lines;
    this.#timed = lines?.all === true || hooks.some(({ timed }) => timed === true);
  }

  /** A reading of the clock that measures durations, if somebody wants to know. */
  start(): number {
    return this.#timed ? stopwatch.now() : 0;
  }

  /**
   * Tells of a decision, if there was a verdict, and counts it.
   * @param route - the name of the route by which the verdict was found
   * @param at - the moment of judgement, milliseconds since the epoch
   * @param started - what {@link start} answered
   */
  decided(request: RequestView, decision: Decision, route: string | null, at: number, started: number): void {
    const again = noteJudged(request, this);
    const { verdict } = decision;
    try {
      if (verdict !== null && (this.#hooks.length > 0 || this.#lines?.wants(verdict) === true)) {
        const tookMs = started === 0 ? 0 : stopwatch.now() - started;
        const { id, action, mode } = decision;
        const method = excerpt(request.method, 32);
        const path = shownPath(request.target);
        this.#tell(verdict, { id, action, mode, route, method, path, at, again, tookMs, request: answering(request) });
      }
    } catch {
      this.#hookFailures++;
    }
    (again ? this.#again : this.#first).count(decision);
  }

  #tell(verdict: Verdict, facts: VerdictFacts): void {
    // The cast holds: the index is below the length of a list without holes.
    for (let index = 0; index < this.#hooks.length; index++) this.#call(this.#hooks[index] as OnVerdict, verdict, facts);
    if (this.#lines?.wants(verdict) === true) this.#lines.tell(verdict, facts);
  }

  #call(hook: OnVerdict, verdict: Verdict, facts: VerdictFacts): void {
    try {
      const answer: unknown = hook(verdict, facts);
      // An asynchronous hook that rejects must not end the process.
      if (isThenable(answer)) Promise.resolve(answer).catch(() => this.#hookFailures++);
    } catch {
      this.#hookFailures++;
    }
  }

  counters(): GuardCounters {
    return { ...this.#first.snapshot(), again: this.#again.snapshot(), hookFailures: this.#hookFailures };
  }
}

/** A function of its own: what it captures would otherwise be allocated where nobody is told, too. */
function answering(request: RequestView): () => RequestView {
  return () => request;
}

/** The query is left out: it may hold credentials. Nearly every path is plain, and is looked through once. */
function shownPath(target: string): string {
  const most = Math.min(target.length, LONGEST_PATH_SHOWN);
  let end = 0;
  while (end < most && isPlainInPath(target.charCodeAt(end))) end++;
  return end === target.length ? target : shownUntil(target, end);
}

/** @param plain - how many characters there are before the first that is not plain, or ends the path */
function shownUntil(target: string, plain: number): string {
  const most = Math.min(target.length, LONGEST_PATH_SHOWN + 1);
  let end = plain;
  while (end < most && !endsPath(target.charCodeAt(end))) end++;
  const path = end === target.length ? target : target.slice(0, end);
  return end === plain ? path : excerpt(path, LONGEST_PATH_SHOWN);
}

function isPlainInPath(code: number): boolean {
  return isPlainCode(code) && !endsPath(code);
}

/** `?` or `#`. */
function endsPath(code: number): boolean {
  return code === 0x3f || code === 0x23;
}

// Counts of verdicts by outcome and reason: bounded, since the codes are.

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

/** The live counts of decisions. */
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

// Which requests a guard has judged before: a guard for the whole application, used for a route as well, judges a request twice.

/** A constructor that answers the object it is given, so that a subclass puts its private field on that one. */
function Given(message: object): object {
  return message;
}

/**
 * A note on a platform's request, or on its lines, in a private field: neither logs nor comparisons see it, and it costs a thirtieth of a `WeakMap`'s
 * entry. On Express's requests it would cost several µs: each is given another prototype, after which the engine makes a hidden class of its own for
 * each member that is added, and finds no member by its caches. The casts hold: the function is called as a constructor only.
 */
class Note extends (Given as unknown as new (message: object) => object) {
  readonly #guards: object[] = [];

  static guardsOf(message: object): object[] {
    return (#guards in message ? message : new Note(message)).#guards;
  }
}

/**
 * Notes that a guard has judged a request, and answers whether it had before. Never throws. Where the platform has no request of its own, or none
 * that takes a note, a request is always new.
 */
export function noteJudged(request: RequestView, guard: object): boolean {
  try {
    const noted = request.noted ?? request.message;
    if (noted === undefined) return false;
    const guards = Note.guardsOf(noted);
    if (guards.includes(guard)) return true;
    guards.push(guard);
  } catch {
    // No request, or one that cannot be extended, on engines that refuse private fields on it.
  }
  return false;
}

let beginning = '';
let thousands = 0;
/** The last three figures of a count, as text: joining two texts costs a fifth of writing a number. */
const FIGURES: readonly string[] = Array.from({ length: 1000 }, (_, count) => String(count).padStart(3, '0'));
let figures = FIGURES.length;

/**
 * An id for the operator, unique: a random beginning, and a count. A random one each would be the dearest part of a decision about a token that is
 * known. Not for answers: it tells how many came before.
 */
export function nextId(): string {
  if (figures === FIGURES.length) beginAnew();
  // The cast holds: the index is below the length of a list without holes.
  return beginning + (FIGURES[figures++] as string);
}

/** Not before the first request: Workers have no random numbers at start. */
function beginAnew(): void {
  beginning = `${beginning === '' ? randomId() : beginning.slice(0, UUID_CHARACTERS)}-${thousands}`;
  thousands++;
  figures = 0;
}

const UUID_CHARACTERS = 36;

/** An id that clients may see, a random UUID (RFC 9562 §5.4): it tells nothing of any other. */
export function randomId(): string {
  return globalThis.crypto.randomUUID();
}
