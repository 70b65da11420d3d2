/**
 * `approov-guard/order`: the order of judgement as data, and what a guard demands. For compilers that make another engine enforce the same policy,
 * and for whoever shows it: everything may be read here, and nothing can be changed.
 */

export type { BindingPolicy } from './core/binding/check-binding.ts';
export type { Check } from './core/judge/case.ts';
export { ORDER, orderOf } from './core/judge/order.ts';
export type { Modes, Part, Policy, SignaturePolicy, TokenPolicy } from './core/judge/policy.ts';
export { SDK_STATUSES } from './core/judge/token.ts';
export { compilePattern, type PathPattern } from './http/plain-path.ts';
