/** `approov-guard/prometheus`: what a guard does, in the text format that Prometheus reads (version 0.0.4). */
import type { Guard } from '../guard/guard.ts';
import type { OnVerdict } from '../guard/report.ts';
import { BUCKETS, INSTRUMENTS, type Instrument, type Measured, Observed } from './instruments.ts';

/** Metrics for Prometheus. */
export interface PrometheusMetrics {
  /** For the guard's option `onVerdict`: counts decisions. */
  readonly onVerdict: OnVerdict;
  /** Shows a guard's counters, gauges and keys, too. `name` is the label `guard`; default `guard`. At most 64 are shown. */
  watch(guard: Pick<Guard, 'counters' | 'gauges' | 'keyUse'>, name?: string): void;
  /** Everything as it is now. */
  text(): string;
  /** For the header `content-type` of what `text` answers. */
  readonly contentType: 'text/plain; version=0.0.4; charset=utf-8';
}

/**
 * Metrics of guards for Prometheus, without a dependency. It does **not** serve them: hand `text()` out where your metrics are, never to the public.
 * The number of series is bounded by your configuration: routes count by name, never by path, and nothing of a request makes a label.
 *
 * @returns the hook that counts, and the text
 *
 * @example
 * ```ts
 * import { createGuard } from 'approov-guard';
 * import { prometheus } from 'approov-guard/prometheus';
 * const metrics = prometheus();
 * const guard = createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } }, onVerdict: metrics.onVerdict });
 * metrics.watch(guard);
 * console.log(metrics.text()); // # HELP approov_guard_decisions_total …
 * ```
 */
export function prometheus(): PrometheusMetrics {
  const observed = new Observed();
  return {
    onVerdict: observed.decisions.onVerdict,
    watch: (guard, name = 'guard') => observed.watch(guard, name),
    text: () => INSTRUMENTS.map((instrument) => seriesOf(instrument, observed)).join('') + durationsOf(observed),
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
  };
}

const UNITS: { readonly [unit: string]: string } = { s: '_seconds', By: '_bytes' };

function seriesOf(instrument: Instrument, observed: Observed): string {
  const { kind, unit, description } = instrument;
  const name = `${instrument.name.replaceAll('.', '_')}${UNITS[unit] ?? ''}${kind === 'counter' ? '_total' : ''}`;
  return `${head(name, kind, description)}${instrument
    .read(observed)
    .map((measured) => line(name, measured))
    .join('')}`;
}

function durationsOf({ decisions }: Observed): string {
  const name = 'approov_guard_decision_duration_seconds';
  const { cumulated, seconds } = decisions.durations();
  const buckets = cumulated.map((value, index) => line(`${name}_bucket`, { value, labels: { le: BUCKETS[index] ?? '+Inf' } }));
  const all = cumulated.at(-1) ?? 0;
  return `${head(name, 'histogram', 'How long judgements took.')}${buckets.join('')}${name}_sum ${seconds}\n${name}_count ${all}\n`;
}

function head(name: string, kind: string, description: string): string {
  return `# HELP ${name} ${description}\n# TYPE ${name} ${kind}\n`;
}

function line(name: string, { value, labels }: Measured): string {
  const pairs = Object.entries(labels).flatMap(([label, text]) => (text === '' ? [] : [`${label}="${escaped(text)}"`]));
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
}

/** Only names from a configuration, and ids of keys; of those nothing that could end a line or a text. */
function escaped(text: string): string {
  return text
    .slice(0, 128)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/g, '_')
    .replace(/["\\]/g, '\\$&');
}
