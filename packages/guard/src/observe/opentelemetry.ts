/** `approov-guard/opentelemetry`: metrics by observable instruments, and an event on the active span for what was not accepted. */

import type { Verdict } from '../core/verdict.ts';
import type { Guard } from '../guard/guard.ts';
import type { OnVerdict, VerdictFacts } from '../guard/report.ts';
import { decisionEvent } from './decision-event.ts';
import { BUCKETS, INSTRUMENTS, Observed } from './instruments.ts';

type Attributes = { readonly [name: string]: string };
type Options = { readonly description: string; readonly unit: string };

/** What is needed of an observable instrument. */
export interface OtelObservable {
  addCallback(callback: (result: { observe(value: number, attributes: Attributes): void }) => void): void;
}

/** What is needed of a meter of `@opentelemetry/api`. */
export interface OtelMeter {
  createObservableCounter(name: string, options: Options): OtelObservable;
  createObservableGauge(name: string, options: Options): OtelObservable;
}

/** What is needed of `trace` of `@opentelemetry/api`. */
export interface OtelTrace {
  getActiveSpan(): { addEvent(name: string, attributes: { [name: string]: string | number | boolean }): unknown } | undefined;
}

/** Where the telemetry goes. Each may be left out. */
export interface OpenTelemetryOptions {
  readonly meter?: OtelMeter;
  /** `trace` of `@opentelemetry/api`: each decision that was not accepted becomes an event `approov.decision` of the active span. */
  readonly trace?: OtelTrace;
}

/** Telemetry for OpenTelemetry. */
export interface OpenTelemetry {
  /** For the guard's option `onVerdict`. */
  readonly onVerdict: OnVerdict;
  /** Shows a guard's counters, gauges and keys, too. `name` is the attribute `guard`; default `guard`. At most 64 are shown. */
  watch(guard: Pick<Guard, 'counters' | 'gauges' | 'keyUse'>, name?: string): void;
}

/**
 * Telemetry of guards for OpenTelemetry, by its interface alone: nothing is imported. Instruments are read when they are exported, so that a decision
 * costs a count and no more. Durations are counted in `approov.guard.decision.duration.bucket`, cumulated, attribute `le`, seconds. The number
 * of series is bounded by your configuration: routes count by name. It does **not** set up an exporter, and makes no spans.
 *
 * @returns the hook that counts
 *
 * @example
 * ```ts
 * import { metrics, trace } from '@opentelemetry/api';
 * import { createGuard } from 'approov-guard';
 * import { opentelemetry } from 'approov-guard/opentelemetry';
 * const telemetry = opentelemetry({ meter: metrics.getMeter('approov-guard'), trace });
 * const guard = createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } }, onVerdict: telemetry.onVerdict });
 * telemetry.watch(guard);
 * ```
 */
export function opentelemetry({ meter, trace }: OpenTelemetryOptions): OpenTelemetry {
  const observed = new Observed();
  if (meter !== undefined) observeBy(meter, observed);
  const count = (verdict: Verdict, facts: VerdictFacts): void => {
    observed.decisions.onVerdict(verdict, facts);
    if (trace === undefined || verdict.outcome === 'accepted') return;
    const span = trace.getActiveSpan();
    if (span === undefined) return;
    const event = Object.entries(decisionEvent(verdict, facts)).filter(([, value]) => value !== '');
    span.addEvent('approov.decision', Object.fromEntries(event.map(([name, value]) => [`approov.${name}`, value])));
  };
  return { onVerdict: Object.assign(count, { timed: true }), watch: (guard, name = 'guard') => observed.watch(guard, name) };
}

function observeBy(meter: OtelMeter, observed: Observed): void {
  for (const { name, kind, unit, description, read } of INSTRUMENTS) {
    const observable =
      kind === 'counter'
        ? meter.createObservableCounter(name, { unit, description })
        : meter.createObservableGauge(name, { unit, description });
    observable.addCallback((result) => {
      for (const { value, labels } of read(observed)) result.observe(value, given(labels));
    });
  }
  const name = 'approov.guard.decision.duration';
  const buckets = meter.createObservableCounter(`${name}.bucket`, {
    unit: '{judgement}',
    description: 'Judgements that took at most `le`.',
  });
  buckets.addCallback((result) => {
    for (const [index, count] of observed.decisions.durations().cumulated.entries())
      result.observe(count, { le: BUCKETS[index] ?? '+Inf' });
  });
  const sum = meter.createObservableCounter(`${name}.sum`, { unit: 's', description: 'How long judgements took in all.' });
  sum.addCallback((result) => result.observe(observed.decisions.durations().seconds, {}));
}

function given(labels: Attributes): Attributes {
  return Object.fromEntries(Object.entries(labels).filter(([, text]) => text !== ''));
}
