/**
 * `approov-guard/engine`: the checks themselves, for engines in which no guard can live, such as the JavaScript inside nginx. A compiler takes what a
 * policy demands from `approov-guard/order`; what runs there is made of this, so that no check is written twice.
 */

export { bytesOfFieldValue, equalInConstantTime } from './core/bytes.ts';
export type { Check, Means } from './core/judge/case.ts';
export { checkBound } from './core/judge/message.ts';
export type { Policy } from './core/judge/policy.ts';
export { checkForm, checkHeader, checkKey, checkLife, checkOtherClaims, checkSection, checkSignature } from './core/judge/token.ts';
export type { AlgorithmRow } from './core/jws/algorithms.ts';
export { type KeysAtHand, selectKeys, type VerificationKey } from './core/jws/jws.ts';
export type { RequestView } from './core/request-view.ts';
export { decideByRoutes, type EngineParts } from './guard/decide-by-routes.ts';
export type { Decision } from './http/decide.ts';
export type { RefusalPolicy } from './http/refusal.ts';
export type { RouteMatch, RouteRow } from './http/route-table.ts';
