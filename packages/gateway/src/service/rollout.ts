/** The roll-out of a policy, as gateway and authoriser run it: what they show of it, and where its events go. */
import cluster from 'node:cluster';
import { hostname } from 'node:os';
import { type OrderAnswer, PolicyRollout, type RolloutEvent, rolloutLine } from '@approov-guard/rollout';
import type { KeyUse } from 'approov-guard';
import type { Policy, PolicyDocument, PolicySettings } from 'approov-guard/policy-file';
import type { AccessLog } from './access-log.ts';
import type { Order } from './admin.ts';
import { type Counts, label, type Metrics } from './metrics.ts';
import { RedisConnections } from './redis.ts';
import { shownPolicy } from './shown-policy.ts';

/** What a service brings along. */
interface Surroundings {
  readonly env?: { readonly [name: string]: string | undefined };
  readonly onNote?: (note: string) => void;
  readonly guard?: { readonly now?: () => number };
}

/** The roll-out of this process. */
export class ServiceRollout {
  /** Not needed to be ready: each instance goes on by itself. */
  readonly #redis: RedisConnections = new RedisConnections();
  readonly #rollout: PolicyRollout;
  readonly #now: () => number;

  /** Where each use of an exemption is logged. */
  log: AccessLog | null = null;

  constructor({ env, onNote = () => undefined, guard = {} }: Surroundings, metrics: Metrics) {
    const { now } = guard;
    const worker = cluster.worker?.id;
    this.#now = now ?? (() => Date.now());
    this.#rollout = new PolicyRollout({
      ...(env === undefined ? {} : { env }),
      ...(now === undefined ? {} : { now }),
      ...(worker === undefined ? {} : { worker: String(worker) }),
      openRedis: (url) => this.#redis.open.server(url),
      onNote,
      onEvent: (event: RolloutEvent) => {
        metrics.add(`approov_rollout_events_total{type="${event.type}"}`);
        const line = rolloutLine(event);
        // Each use of an exemption is a line of the log, which gives way under load; what happens once is for the operator's eyes, too.
        const logged = this.log?.add(`${line}\n`) === true;
        if (!logged || event.type !== 'exemption-used') onNote(`rollout: ${line}`);
      },
    });
  }

  /** For `PolicySettings.rollout`. */
  get read(): NonNullable<PolicySettings['rollout']> {
    return this.#rollout.read;
  }

  /** The policy that was read last is in force. */
  adopt({ document }: Policy): void {
    this.#rollout.adopt('rollout' in document);
  }

  order({ path, authorization, body }: Order): OrderAnswer {
    return this.#rollout.order(path, authorization, body);
  }

  /** The policy in force, and what its roll-out is doing. */
  shown(policy: Policy): object {
    return shownPolicy(policy, this.#rollout.state);
  }

  /** What there is to count of the roll-out, and of the keys. */
  counts({ document, guard }: Policy): Counts {
    return { ...rolloutCounts(this.#rollout, document.mode, this.#now()), ...keyCounts(guard.keyUse()) };
  }

  close(): void {
    this.#rollout.close();
    this.#redis.close();
  }
}

/** Checks the section of a policy that is only looked at. */
export function checkedRollout(env: PolicySettings['env']): NonNullable<PolicySettings['rollout']> {
  return new PolicyRollout({ ...(env === undefined ? {} : { env }), openRedis: null }).read;
}

/** The name of this instance in log lines. */
export function instanceOf({ rollout }: PolicyDocument): string {
  const { instance } = (typeof rollout === 'object' && rollout !== null ? rollout : {}) as { readonly instance?: unknown };
  const worker = cluster.worker?.id;
  if (typeof instance === 'string') return worker === undefined ? instance : `${instance}-${worker}`;
  return `${hostname()}-${process.pid}`;
}

/** What there is to count of a roll-out, and what is enforced. */
function rolloutCounts(rollout: PolicyRollout, mode: unknown, at: number): Counts {
  const { state } = rollout;
  const on = state?.switch.on ?? null;
  const open = state?.breaker?.state === 'open';
  const told =
    mode === undefined || mode === 'enforce' || (typeof mode === 'object' && (mode as { token?: unknown } | null)?.token !== 'observe');
  const enforced = on !== null || open || !told ? 0 : (rollout.shareAt(at) ?? 1);
  const counts = { approov_gateway_enforced_share: enforced };
  if (state === null) return counts;
  const { shared, breaker, exemptions } = state;
  return {
    ...counts,
    'approov_rollout_observing{why="switch"}': Number(on !== null),
    'approov_rollout_observing{why="breaker"}': Number(open),
    approov_rollout_switch_until_seconds: on === null ? 0 : on.until / 1000,
    approov_rollout_switch_thrown_total: state.switch.thrown,
    'approov_rollout_exemptions_total{result="used"}': exemptions.used,
    'approov_rollout_exemptions_total{result="refused"}': exemptions.refused,
    ...(breaker === null ? {} : { approov_rollout_breaker_opened_total: breaker.opened }),
    ...(breaker?.baseline == null ? {} : { approov_rollout_baseline_per_second: breaker.baseline }),
    ...(shared === null
      ? {}
      : { approov_rollout_shared_connected: Number(shared.connected), approov_rollout_shared_commands_total: shared.commands }),
  };
}

/** How often each key was used, and when last: what a rotation waits for. */
function keyCounts(uses: readonly KeyUse[]): Counts {
  const counts: { [series: string]: number } = {};
  for (const { id, uses: count, lastUsedAt, since } of uses) {
    const key = `{key="${label(id)}"}`;
    const [total, last, start] = [
      `approov_gateway_key_uses_total${key}`,
      `approov_gateway_key_last_used_seconds${key}`,
      `approov_gateway_key_since_seconds${key}`,
    ];
    counts[total] = (counts[total] ?? 0) + count;
    counts[last] = Math.max(counts[last] ?? 0, (lastUsedAt ?? 0) / 1000);
    counts[start] = Math.max(counts[start] ?? 0, since / 1000);
  }
  return counts;
}
