/** What is measured, once for all tools: names and units as OpenTelemetry writes them, and how each is read. */
import type { Guard } from '../guard/guard.ts';
import { DecisionTally, DURATION_BOUNDS } from './tally.ts';

/** One number, and what it is of. */
export interface Measured {
  readonly value: number;
  readonly labels: { readonly [name: string]: string };
}

/** One instrument. */
export interface Instrument {
  readonly name: string;
  /** A counter only grows; a gauge is as it is now. */
  readonly kind: 'counter' | 'gauge';
  /** As UCUM writes it. */
  readonly unit: string;
  readonly description: string;
  readonly read: (observed: Observed) => readonly Measured[];
}

/** A guard and the name under which it is shown. */
interface Named {
  readonly name: string;
  readonly guard: Guard;
}

const MOST_GUARDS = 64;

/** What is looked at: the decisions that were told, and the guards that are watched. */
export class Observed {
  readonly decisions: DecisionTally = new DecisionTally();
  readonly guards: Named[] = [];

  /** Has a guard's counters, gauges and keys shown, too. A name that is taken is shown again; at most 64. */
  watch(guard: Pick<Guard, 'counters' | 'gauges' | 'keyUse'>, name: string): void {
    const kept = this.guards.filter((known) => known.name !== name);
    // The cast holds for what is asked of it here.
    this.guards.splice(0, this.guards.length, ...kept.slice(-(MOST_GUARDS - 1)), { name, guard: guard as Guard });
  }
}

type Labels = { readonly [name: string]: string };
type OfGuard = (guard: Guard) => readonly (readonly [value: number | null, labels?: Labels])[];

function ofGuards(read: OfGuard): Instrument['read'] {
  return ({ guards }) =>
    guards.flatMap(({ name, guard }) =>
      read(guard).flatMap(([value, labels]) => (value === null ? [] : [{ value, labels: { guard: name, ...labels } }])),
    );
}

function counter(name: string, unit: string, description: string, read: Instrument['read']): Instrument {
  return { name: `approov.guard.${name}`, kind: 'counter', unit, description, read };
}

function gauge(name: string, unit: string, description: string, read: Instrument['read']): Instrument {
  return { name: `approov.guard.${name}`, kind: 'gauge', unit, description, read };
}

const MOST_KEYS = 256;
/** The keys that are used, bounded. The id of a key comes from whoever publishes it. */
const keys = (guard: Guard): ReturnType<Guard['keyUse']> => guard.keyUse().slice(0, MOST_KEYS);

/** Every instrument, in the order in which they are shown. The durations come beside them: each tool has its own form for those. */
export const INSTRUMENTS: readonly Instrument[] = [
  counter('decisions', '{request}', 'Requests that were judged, by route, outcome, code, stage, mode and action.', ({ decisions }) =>
    decisions.counts().flatMap(({ labels, count }) => (count === 0 ? [] : [{ value: count, labels: { ...labels } }])),
  ),
  counter('decisions.again', '{judgement}', 'Later judgements of requests that are counted in decisions.', ({ decisions }) =>
    decisions.counts().flatMap(({ labels, again }) => (again === 0 ? [] : [{ value: again, labels: { ...labels } }])),
  ),
  counter(
    'skipped',
    '{request}',
    'Requests that passed unjudged: preflights and exempt paths.',
    ofGuards((guard) => [[guard.counters().skipped]]),
  ),
  counter(
    'hook.failures',
    '{failure}',
    'Exceptions that hooks threw.',
    ofGuards((guard) => [[guard.counters().hookFailures]]),
  ),
  counter(
    'key.uses',
    '{token}',
    'Tokens that held with a key.',
    ofGuards((guard) => keys(guard).map(({ uses, id, algorithm }) => [uses, { key: id, algorithm }])),
  ),
  gauge(
    'key.last_used',
    's',
    'When a token last held with a key, seconds since the epoch.',
    ofGuards((guard) =>
      keys(guard).map(({ lastUsedAt, id, algorithm }) => [lastUsedAt === null ? null : lastUsedAt / 1000, { key: id, algorithm }]),
    ),
  ),
  gauge(
    'key_set.keys',
    '{key}',
    'Keys in use, by key set.',
    ofGuards((guard) => guard.gauges().keySets.map(({ keys }, index) => [keys, { set: String(index) }])),
  ),
  gauge(
    'key_set.age',
    's',
    'How long ago the source of a key set last made sure of it.',
    ofGuards((guard) => guard.gauges().keySets.map(({ ageSeconds }, index) => [ageSeconds, { set: String(index) }])),
  ),
  gauge(
    'replay.entries',
    '{entry}',
    'Entries of the replay stores.',
    ofGuards((guard) => [[guard.gauges().replay?.entries ?? null]]),
  ),
  gauge(
    'replay.capacity',
    '{entry}',
    'Room in the replay stores.',
    ofGuards((guard) => [[guard.gauges().replay?.capacity ?? null]]),
  ),
  gauge(
    'bodies.held',
    '{body}',
    'Bodies that are held to compare their digests.',
    ofGuards((guard) => [[guard.gauges().bodies.held]]),
  ),
  gauge(
    'bodies.size',
    'By',
    'Bytes of those bodies.',
    ofGuards((guard) => [[guard.gauges().bodies.bytes]]),
  ),
  counter(
    'bodies.exceeded',
    '{body}',
    'Bodies that were not read for want of room.',
    ofGuards((guard) => [[guard.gauges().bodies.exceeded]]),
  ),
  gauge(
    'shares.keys',
    '{key}',
    'Signing keys of which it is remembered what they took.',
    ofGuards((guard) => [[guard.gauges().shares.keys]]),
  ),
  counter(
    'shares.exceeded',
    '{request}',
    'Requests whose signing key was over its share.',
    ofGuards((guard) => [[guard.gauges().shares.exceeded]]),
  ),
  gauge(
    'token_cache.tokens',
    '{token}',
    'Verified tokens that are remembered.',
    ofGuards((guard) => [[guard.gauges().tokenCache.tokens]]),
  ),
  gauge(
    'token_cache.capacity',
    '{token}',
    'Room for verified tokens.',
    ofGuards((guard) => [[guard.gauges().tokenCache.capacity]]),
  ),
  counter(
    'token_cache.hits',
    '{token}',
    'Tokens that were found among them.',
    ofGuards((guard) => [[guard.gauges().tokenCache.hits]]),
  ),
  counter(
    'token_cache.misses',
    '{token}',
    'Tokens that were not.',
    ofGuards((guard) => [[guard.gauges().tokenCache.misses]]),
  ),
  gauge(
    'installation_key_cache.keys',
    '{key}',
    'Opened installation keys that are remembered.',
    ofGuards((guard) => [[guard.gauges().installationKeyCache.keys]]),
  ),
  gauge(
    'installation_key_cache.capacity',
    '{key}',
    'Room for opened installation keys.',
    ofGuards((guard) => [[guard.gauges().installationKeyCache.capacity]]),
  ),
  counter(
    'installation_key_cache.hits',
    '{key}',
    'Installation keys that were found among them.',
    ofGuards((guard) => [[guard.gauges().installationKeyCache.hits]]),
  ),
  counter(
    'installation_key_cache.misses',
    '{key}',
    'Installation keys that were not.',
    ofGuards((guard) => [[guard.gauges().installationKeyCache.misses]]),
  ),
];

/** The durations of judgements, as a histogram's buckets: their upper bounds as texts, `+Inf` last. */
export const BUCKETS: readonly string[] = [...DURATION_BOUNDS.map(String), '+Inf'];
