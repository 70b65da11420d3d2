/** What is counted, and its text for Prometheus. Workers' counts are added up. */
import type { Outcome } from '../proxy/proxy.ts';

/** Counts by the name of a series, labels included. */
export type Counts = { readonly [series: string]: number };

/** Counts requests. Labels come from short lists of ours, so that no client can make series. */
export class Metrics {
  readonly #counts: Map<string, number> = new Map();

  add(series: string, amount: number = 1): void {
    this.#counts.set(series, (this.#counts.get(series) ?? 0) + amount);
  }

  outcome({ status, verdict, upstream, trouble }: Outcome): void {
    this.add(`approov_gateway_requests_total{status="${Math.floor(status / 100)}xx"}`);
    this.add(`approov_gateway_verdicts_total{verdict="${verdict}"}`);
    if (trouble !== null) this.add(`approov_gateway_upstream_troubles_total{upstream="${label(upstream ?? '')}",trouble="${trouble}"}`);
  }

  snapshot(gauges: Counts): Counts {
    return { ...Object.fromEntries(this.#counts), ...gauges };
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
];

/** The sum of several snapshots. */
export function summed(snapshots: readonly Counts[]): Counts {
  const sum = new Map<string, number>();
  for (const snapshot of snapshots) for (const [series, count] of Object.entries(snapshot)) sum.set(series, (sum.get(series) ?? 0) + count);
  return Object.fromEntries(sum);
}

/** The exposition format, version 0.0.4. */
export function exposition(counts: Counts): string {
  return TYPES.map(([name, type, help]) => {
    const series = Object.entries(counts).filter(([one]) => one === name || one.startsWith(`${name}{`));
    return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${series.map(([one, count]) => `${one} ${count}\n`).join('')}`;
  }).join('');
}
