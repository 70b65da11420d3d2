/** `@approov-guard/rollout`: from observing to enforcing, without losing one genuine user. */
export { type DecisionLog, type DecisionLogOptions, decisionLog } from './log/decision-log.ts';
export type { AppHeaders, DecisionKind } from './log/line.ts';
export type { LineCounts, LinesSink } from './log/rotated-file.ts';
export { CLASSES, type ClassName, type ClassRow } from './report/classes.ts';
export { htmlReport } from './report/html.ts';
export { readDecisionLogs } from './report/read-logs.ts';
export type { ClassCount, Finding, ReadinessReport, ReportSettings, Slice, Thresholds } from './report/report.ts';
export { spellReport } from './report/spell.ts';
export type { BreakerOptions, BreakerState } from './switching/breaker.ts';
export { type CohortOptions, cohortModes, type RampStep } from './switching/cohorts.ts';
export type { SwitchOptions, SwitchOrder, Thrown } from './switching/emergency-switch.ts';
export { type Hand, type RolloutEvent, type RolloutHappening, rolloutLine, type SwitchPlace } from './switching/events.ts';
export type { Exemption, ExemptionKey, ExemptionOptions } from './switching/exemptions.ts';
export type { Rollout, RolloutOptions, RolloutPlan, RolloutState } from './switching/options.ts';
export { createRollout } from './switching/rollout.ts';
export type { SharedOptions } from './switching/shared.ts';
export { signExemption } from './switching/sign-exemption.ts';
export type { VersionOptions } from './switching/versions.ts';
