/** What is counted, and its text for Prometheus. Workers' counts are added up. */
import type { Outcome } from '../proxy/proxy.ts';

/** Counts by the name of a series, labels included. */
export type Counts = { readonly [series: string]: number };

/** Counts requests. Labels come from short lists of ours, so that no client can make series. */
export class Metrics {
  readonly #counts: Map<string, number> = new Map();
  /** By the first figure of the status, and by verdict: the names of series are made when somebody asks. */
  readonly #classes: number[] = Array.from({ length: 10 }, () => 0);
  readonly #verdicts: Map<string, number> = new Map();

  add(series: string, amount: number = 1): void {
    this.#counts.set(series, (this.#counts.get(series) ?? 0) + amount);
  }

  outcome({ status, verdict, upstream, trouble }: Outcome): void {
    const figure = Math.floor(status / 100);
    this.#classes[figure] = (this.#classes[figure] ?? 0) + 1;
    this.#verdicts.set(verdict, (this.#verdicts.get(verdict) ?? 0) + 1);
    if (trouble !== null) this.add(`approov_gateway_upstream_troubles_total{upstream="${label(upstream ?? '')}",trouble="${trouble}"}`);
  }

  snapshot(gauges: Counts): Counts {
    const classes = this.#classes.flatMap((count, figure) =>
      count === 0 ? [] : [[`approov_gateway_requests_total{status="${figure}xx"}`, count] as const],
    );
    const verdicts = [...this.#verdicts].map(
      ([verdict, count]) => [`approov_gateway_verdicts_total{verdict="${verdict}"}`, count] as const,
    );
    return { ...Object.fromEntries([...classes, ...verdicts, ...this.#counts]), ...gauges };
  }
}

/** A label's value. */
export function label(text: string): string {
  return text.replace(/[^\x20-\x7e]|["\\]/g, '_').slice(0, 64);
}

const TYPES: readonly (readonly [name: string, type: 'counter' | 'gauge', help: string])[] = [
  ['approov_gateway_requests_total', 'counter', 'Requests that are over, by class of status.'],
  ['approov_gateway_verdicts_total', 'counter', 'Requests that are over, by verdict or by what is wrong with their shape.'],
  ['approov_gateway_upstream_troubles_total', 'counter', 'Requests that an upstream or a client left without a whole answer.'],
  ['approov_gateway_malformed_total', 'counter', 'Connections whose bytes were not HTTP.'],
  ['approov_gateway_policy_reloads_total', 'counter', 'Changes of the policy file, by result.'],
  ['approov_gateway_connections_refused_total', 'counter', 'Connections over a limit.'],
  ['approov_gateway_log_lines_dropped_total', 'counter', 'Lines of the access log that nobody took in time.'],
  ['approov_gateway_requests_in_flight', 'gauge', 'Requests that are not over.'],
  ['approov_gateway_connections', 'gauge', 'Open connections.'],
  ['approov_gateway_tunnels', 'gauge', 'Open WebSockets and other upgraded connections.'],
  ['approov_gateway_upstream_well', 'gauge', 'Servers that are thought to be well.'],
  ['approov_gateway_enforced_share', 'gauge', 'The share of devices for which the policy is enforced now; 0: everything is observed.'],
  ['approov_gateway_key_uses_total', 'counter', 'Tokens that a key verified.'],
  ['approov_gateway_key_last_used_seconds', 'gauge', 'When a key verified a token last, seconds since 1970; 0: not since it is counted.'],
  ['approov_gateway_key_since_seconds', 'gauge', 'Since when the uses of a key are counted, seconds since 1970.'],
  ['approov_rollout_observing', 'gauge', 'Processes in which the switch is on, or the breaker open.'],
  ['approov_rollout_switch_until_seconds', 'gauge', 'When the switch ends, seconds since 1970; 0: it is off.'],
  ['approov_rollout_switch_thrown_total', 'counter', 'How often the switch was thrown.'],
  ['approov_rollout_breaker_opened_total', 'counter', 'How often the breaker opened.'],
  ['approov_rollout_baseline_per_second', 'gauge', 'Accepted requests a second that are expected.'],
  ['approov_rollout_exemptions_total', 'counter', 'Exemptions that were used, and that were none.'],
  ['approov_rollout_events_total', 'counter', 'Events of the roll-out, by type.'],
  ['approov_rollout_shared_connected', 'gauge', 'Whether the other instances are heard.'],
  ['approov_rollout_shared_commands_total', 'counter', 'Commands sent to the Redis of the roll-out.'],
];

/** What is not a sum where several processes count: the latest of moments, and the least of what each of them enforces. */
const LATEST = /_seconds(?:\{|$)/;
const LEAST = /^approov_(?:gateway_enforced_share|rollout_shared_connected)$/;

/** The sum of several snapshots. */
export function summed(snapshots: readonly Counts[]): Counts {
  const sum = new Map<string, number>();
  for (const [series, count] of snapshots.flatMap((snapshot) => Object.entries(snapshot))) {
    const before = sum.get(series);
    if (before === undefined) sum.set(series, count);
    else if (LATEST.test(series)) sum.set(series, Math.max(before, count));
    else sum.set(series, LEAST.test(series) ? Math.min(before, count) : before + count);
  }
  return Object.fromEntries(sum);
}

/** The exposition format, version 0.0.4. */
export function exposition(counts: Counts): string {
  return TYPES.map(([name, type, help]) => {
    const series = Object.entries(counts).filter(([one]) => one === name || one.startsWith(`${name}{`));
    return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${series.map(([one, count]) => `${one} ${count}\n`).join('')}`;
  }).join('');
}
