/** `approov-guard/diagnostics`: every decision on a channel of `node:diagnostics_channel`, for whoever has other tools. */
import { channel } from 'node:diagnostics_channel';
import type { Verdict } from '../core/verdict.ts';
import type { OnVerdict, VerdictFacts } from '../guard/report.ts';
import { type DecisionEvent, decisionEvent } from './decision-event.ts';

export type { DecisionEvent };

/** The name of the channel. */
export const DECISION_CHANNEL = 'approov-guard:decision';

/**
 * Publishes each decision, accepted or not, as a {@link DecisionEvent} on the channel `approov-guard:decision`. Costs next to nothing while nobody
 * has subscribed. Holds no token, claim or header.
 * @returns a hook for the guard's option `onVerdict`
 *
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel';
 * import { createGuard } from 'approov-guard';
 * import { DECISION_CHANNEL, diagnostics } from 'approov-guard/diagnostics';
 * createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } }, onVerdict: diagnostics() });
 * subscribe(DECISION_CHANNEL, (event) => console.log(event));
 * ```
 */
export function diagnostics(): OnVerdict {
  const decisions = channel(DECISION_CHANNEL);
  const publish = (verdict: Verdict, facts: VerdictFacts): void => {
    if (decisions.hasSubscribers) decisions.publish(decisionEvent(verdict, facts));
  };
  return Object.assign(publish, { timed: true });
}
