/** `@approov-guard/console`: a live page for development. It shows every request, its verdict, and the way through the order of judgement. */

export type { CloudAccess } from './actions/desk.ts';
export type { Target } from './actions/made-requests.ts';
export type { ReadinessOptions } from './live/readiness.ts';
export { watch } from './live/watch.ts';
export { ConsoleError } from './production.ts';
export { type Console, type ConsoleOptions, startConsole } from './server/start-console.ts';
