/** `@approov-guard/cli`: the command as a function, for tests and for programs that embed it. */
export { run } from './run.ts';
export type { Surroundings } from './terminal/surroundings.ts';
