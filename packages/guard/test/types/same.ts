/** The type tests compile, or they fail: nothing in this folder is ever run. */

/** Holds if both types are the same. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only for `true`. */
export function proves<_Claim extends true>(): void {}
