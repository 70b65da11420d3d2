/** What the console remembers of decisions: exact counts, and a bounded sample of the decisions themselves. */
import type { Decision } from 'approov-guard';
import type { Bucket, Frame, Gauges, ShownDecision, Way } from '../wire.ts';

const BUCKET_MS = 10_000;
/** One hour. */
const BUCKETS = 360;
/** Decisions that can be looked at. */
const REMEMBERED = 500;
/** Decisions a second that are shown, and that are explained, whatever the traffic. */
const SHOWN_EACH_SECOND = 50;
const EXPLAINED_EACH_SECOND = 40;

type Counted = ShownDecision['outcome'];

/** What one decision is shown by. */
export interface Described {
  readonly method: string;
  readonly path: string;
  readonly sender: string;
}

/** The feed of one process: every watched guard writes to it, every console reads from it. */
export class Feed {
  readonly #totals: Record<Counted, number> = { accepted: 0, rejected: 0, unavailable: 0, skipped: 0 };
  readonly #codes: Map<string, number> = new Map();
  readonly #buckets: { at: number; accepted: number; rejected: number; unavailable: number }[] = [];
  readonly #decisions: ShownDecision[] = [];
  readonly #ways: Map<string, Way> = new Map();
  /** How many decisions were ever shown: readers know by it what is new to them. */
  #shown = 0;
  #second = { at: 0, decided: 0, shown: 0, explained: 0, codes: new Set<string>() };
  #lastSecond = { at: 0, decided: 0, shown: 0 };
  #changes = 0;

  /** Grows with everything that a reader could show. */
  get changes(): number {
    return this.#changes;
  }

  /** How many decisions were ever shown. */
  get shown(): number {
    return this.#shown;
  }

  /** Whether a decision at this moment may be explained; takes the place if so. */
  takesExplanation(at: number): boolean {
    this.#turn(at);
    if (this.#second.explained >= EXPLAINED_EACH_SECOND) return false;
    this.#second.explained++;
    return true;
  }

  /**
   * Counts a decision, and shows it if there is room in this second, or if it is the first with its code, or if it is `wanted`.
   * @param describe - called only if it is shown
   * @returns what is shown, or `null`
   */
  add(decision: Decision, at: number, wanted: boolean, describe: () => Described): ShownDecision | null {
    this.#turn(at);
    const [outcome, code] = outcomeOf(decision);
    this.#changes++;
    this.#totals[outcome]++;
    this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1);
    const bucket = this.#bucketAt(at);
    if (outcome !== 'skipped') bucket[outcome]++;
    const second = this.#second;
    second.decided++;
    const isFirst = !second.codes.has(code);
    if (second.shown >= SHOWN_EACH_SECOND && !isFirst && !wanted) return null;
    second.codes.add(code);
    second.shown++;
    const { action, mode } = decision;
    const shown = { id: String(++this.#shown), at, outcome, code, action, mode, ...describe(), explained: false };
    this.#decisions.push(shown);
    if (this.#decisions.length > REMEMBERED) this.#ways.delete(this.#decisions.shift()?.id ?? '');
    return shown;
  }

  /** Adds the way of a decision that is still remembered. */
  explain(way: Way): void {
    const place = this.#decisions.findLastIndex(({ id }) => id === way.decision.id);
    if (place === -1) return;
    this.#decisions[place] = way.decision;
    this.#ways.set(way.decision.id, way);
    this.#changes++;
  }

  way(id: string): Way | null {
    return this.#ways.get(id) ?? null;
  }

  /**
   * What a reader does not know yet.
   * @param known - how many decisions had been shown when it last asked; `null`: it knows nothing
   */
  frame(known: number | null, at: number, gauges: Gauges | null): Frame {
    this.#turn(at);
    const fresh = known === null ? this.#decisions.length : Math.min(this.#shown - known, this.#decisions.length);
    return {
      at,
      first: known === null,
      decisions: fresh === 0 ? [] : this.#decisions.slice(-fresh),
      totals: { ...this.#totals },
      codes: Object.fromEntries(this.#codes),
      buckets: known === null ? this.#buckets.map((bucket): Bucket => ({ ...bucket })) : this.#buckets.slice(-2),
      rate: this.#lastSecond.at === this.#second.at - 1 ? this.#lastSecond : { decided: 0, shown: 0 },
      gauges,
    };
  }

  #turn(at: number): void {
    const second = Math.floor(at / 1000);
    if (second === this.#second.at) return;
    this.#lastSecond = { at: this.#second.at, decided: this.#second.decided, shown: this.#second.shown };
    this.#second = { at: second, decided: 0, shown: 0, explained: 0, codes: new Set() };
  }

  #bucketAt(at: number): { at: number; accepted: number; rejected: number; unavailable: number } {
    const begins = Math.floor(at / BUCKET_MS) * BUCKET_MS;
    const last = this.#buckets.at(-1);
    if (last !== undefined && last.at >= begins) return last;
    const bucket = { at: begins, accepted: 0, rejected: 0, unavailable: 0 };
    this.#buckets.push(bucket);
    while ((this.#buckets[0]?.at ?? begins) < begins - BUCKETS * BUCKET_MS) this.#buckets.shift();
    return bucket;
  }
}

function outcomeOf({ verdict, ...decision }: Decision): readonly [Counted, string] {
  if (verdict !== null) return [verdict.outcome, verdict.code];
  return ['skipped', decision.action === 'pass' ? (decision.skipped ?? 'exempt') : 'exempt'];
}
