/** `@approov-guard/rollout`: from observing to enforcing, without losing one genuine user. */
export { type DecisionLog, type DecisionLogOptions, decisionLog } from './log/decision-log.ts';
export type { AppHeaders, DecisionKind } from './log/line.ts';
export type { LineCounts, LinesSink } from './log/rotated-file.ts';
export { CLASSES, type ClassName, type ClassRow } from './report/classes.ts';
export { htmlReport } from './report/html.ts';
export { readDecisionLogs } from './report/read-logs.ts';
export type { ClassCount, Finding, ReadinessReport, ReportSettings, Slice, Thresholds } from './report/report.ts';
export { spellReport } from './report/spell.ts';
export { type CohortOptions, cohortModes, type RampStep } from './switching/cohorts.ts';
