/** One decision as flat values for spans, log lines and channels: no token, claim, bound value or header of the request. */
import type { Verdict } from '../core/verdict.ts';
import type { VerdictFacts } from '../guard/report.ts';
import { stageShown } from './tally.ts';

/** What is told of a decision. Values are short texts and numbers; those that a client chose are escaped. */
export interface DecisionEvent {
  readonly id: string;
  readonly outcome: Verdict['outcome'];
  readonly code: string;
  readonly stage: string;
  readonly action: 'pass' | 'refuse';
  readonly mode: 'enforce' | 'observe';
  readonly route: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly again: boolean;
  readonly tookMs: number;
  /** A remark for the operator, or an empty text. */
  readonly detail: string;
}

/** What is told of a decision. */
export function decisionEvent(verdict: Verdict, facts: VerdictFacts): DecisionEvent {
  const { id, action, mode, route, method, path, again, tookMs } = facts;
  const { outcome, code } = verdict;
  const detail = outcome === 'rejected' ? (verdict.detail ?? '') : '';
  return { id, outcome, code, stage: stageShown(verdict), action, mode, route: route ?? 'default', method, path, again, tookMs, detail };
}
