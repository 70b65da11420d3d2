/** A rotation of keys that is under way: what is known, and what comes next. It is kept in a file, so that it goes on where it stopped. */
import type { Evidence } from './evidence.ts';

/** Where a rotation stands. */
export type Phase = 'adding' | 'signing' | 'watching' | 'removing' | 'done';

/** What is known of one place: the address of metrics, or the logs. */
export interface Place {
  /** When it last answered, milliseconds since the epoch; `null`: never. */
  readonly answeredAt: number | null;
  /** Uses of the old and of the new key when it answered; `null`: it does not know the key. */
  readonly old: number | null;
  readonly fresh: number | null;
  /** Whether it knows all the keys that are accepted while the old and the new one are. */
  readonly knowsAll: boolean;
  /** Since when the place counts the old key, as it says. */
  readonly since: number | null;
  /** Since when the old key was not used there, as far as was seen. */
  readonly quietSince: number | null;
  /** Whether it answered this time. */
  readonly answers: boolean;
}

/** A rotation. It holds references to keys, and no key. */
export interface Rotation {
  readonly version: 1;
  readonly phase: Phase;
  readonly startedAt: number;
  /** The names of the keys while both are accepted. */
  readonly oldId: string;
  readonly freshId: string;
  /** All that are accepted then. */
  readonly ids: readonly string[];
  /** What the policy says of the old one. */
  readonly oldWritten: unknown;
  /** What it says of the new one, and the part of `keys` that it came with. */
  readonly freshWritten: unknown;
  readonly part: { readonly [name: string]: unknown };
  readonly lifeSeconds: number;
  readonly marginSeconds: number;
  readonly places: { readonly [name: string]: Place };
}

/** Of a place that was not asked yet. */
export const NOTHING: Place = { answeredAt: null, old: null, fresh: null, knowsAll: false, since: null, quietSince: null, answers: false };
/** What decision logs are called among the places. */
export const LOGS = 'logs';

/** Takes note of what a place told. The use of a key is seen by its count: no clock but this one matters. */
export function noted(before: Place, evidence: Evidence, { oldId, freshId, ids }: Rotation, at: number): Place {
  if (evidence === null) return { ...before, answers: false };
  const old = evidence.get(oldId);
  const uses = old?.uses ?? null;
  const since = old?.since ?? null;
  // Another count, or one that began again: the key may have been used until now.
  const still = before.quietSince !== null && uses === before.old && since === before.since;
  const knowsAll = ids.every((id) => evidence.has(id));
  return {
    answeredAt: at,
    old: uses,
    fresh: evidence.get(freshId)?.uses ?? null,
    knowsAll,
    since,
    quietSince: still ? before.quietSince : at,
    answers: true,
  };
}

/** How much longer the old key must not be used, in seconds; 0: long enough on every place. */
export function quietLeft({ places, lifeSeconds, marginSeconds }: Rotation, at: number): number {
  const needed = lifeSeconds + marginSeconds;
  const left = Object.values(places).map(({ quietSince, answers }) =>
    quietSince === null || !answers ? needed : needed - (at - quietSince) / 1000,
  );
  return Math.max(0, ...left);
}

/** The phase that follows from what is known. `remove` and `done` are not reached by looking alone. */
export function nextPhase(rotation: Rotation, at: number): Phase | 'remove' {
  const entries = Object.entries(rotation.places);
  const all = entries.map(([, place]) => place);
  const instances = entries.filter(([name]) => name !== LOGS).map(([, place]) => place);
  if (!all.every(({ answers }) => answers)) return rotation.phase;
  if (rotation.phase === 'adding') return instances.every(({ knowsAll }) => knowsAll) ? 'signing' : 'adding';
  if (rotation.phase === 'signing') return all.some(({ fresh }) => (fresh ?? 0) > 0) ? 'watching' : 'signing';
  if (rotation.phase === 'watching') return quietLeft(rotation, at) === 0 ? 'remove' : 'watching';
  if (rotation.phase === 'removing') return instances.every(({ knowsAll }) => !knowsAll) ? 'done' : 'removing';
  return 'done';
}

/** What whoever runs this does next. */
export function remedyOf(rotation: Rotation, at: number): string {
  const silent = Object.entries(rotation.places).filter(([, { answers }]) => !answers);
  if (silent.length > 0) return `${silent.map(([name]) => name).join(', ')}: no answer; nothing goes on until every instance answers`;
  switch (rotation.phase) {
    case 'adding':
      return 'wait until every instance has read the policy that accepts both keys; it follows the file, or SIGHUP';
    case 'signing':
      return 'have the account sign with the new key; no token of it has been seen yet';
    case 'watching':
      return `wait: the old key must not be used for ${Math.ceil(quietLeft(rotation, at))} s more, which is the longest life of a token and the margin`;
    case 'removing':
      return 'wait until every instance has read the policy without the old key';
    default:
      return 'nothing: the old key is gone from every instance; delete it where it is kept';
  }
}
