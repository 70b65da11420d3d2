/** The policy in force, for the operator's eyes: what the file says, and a fingerprint for each secret that it names. */
import { createHash } from 'node:crypto';
import type { RolloutState } from '@approov-guard/rollout';
import type { Policy } from 'approov-guard/policy-file';

/** The document, with a fingerprint beside each reference whose text the guard holds. */
export function shownPolicy({ document, options, file }: Policy, rollout: RolloutState | null): object {
  // Modes are sources in the guard's options where there is a roll-out: what the file says is shown.
  return { file, policy: withFingerprints(document, options), ...(rollout === null ? {} : { rollout: shownRollout(rollout) }) };
}

function shownRollout({ breaker, switch: { on, thrown }, ...rest }: RolloutState): object {
  const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  return {
    observing: on !== null ? 'switch' : breaker?.state === 'open' ? 'breaker' : null,
    switch: { on: on === null ? null : { ...on, since: time(on.since), until: time(on.until) }, thrown },
    breaker: breaker === null ? null : { ...breaker, since: time(breaker.since), heldUntil: time(breaker.heldUntil) },
    ...rest,
  };
}

function withFingerprints(written: unknown, used: unknown): unknown {
  if (Array.isArray(written))
    return written.map((item: unknown, index) => withFingerprints(item, (used as readonly unknown[] | undefined)?.[index]));
  if (typeof written !== 'object' || written === null) return written;
  const isReference = 'env' in written || 'file' in written;
  if (isReference && typeof used === 'string') return { ...written, fingerprint: fingerprintOf(used) };
  const member = (name: string): unknown =>
    typeof used === 'object' && used !== null ? (used as { [name: string]: unknown })[name] : undefined;
  return Object.fromEntries(Object.entries(written).map(([name, value]) => [name, withFingerprints(value, member(name))]));
}

/** Enough to tell two secrets apart, and nothing to find one by: account secrets are random. */
function fingerprintOf(secret: string): string {
  return `sha256:${createHash('sha256').update(secret.trim()).digest('hex').slice(0, 16)}`;
}
