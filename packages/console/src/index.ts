/** `@approov-guard/console`: a live page for development. It shows every request, its verdict, and the way through the order of judgement. */

export type { CloudAccess } from './desk.ts';
export type { Target } from './made-requests.ts';
export { ConsoleError } from './production.ts';
export type { ReadinessOptions } from './readiness.ts';
export { type Console, type ConsoleOptions, startConsole } from './start-console.ts';
export { watch } from './watch.ts';
