/** `approov-guard`: the back-end half of mobile-app attestation. */

export type { Mode } from './core/judge/policy.ts';
export type { AlgorithmName } from './core/jws/algorithms.ts';
export { KeySet, type PreparedKey, type VerificationKey } from './core/jws/key-set.ts';
export type { KeySource, ReplayStore, StoreOccupancy } from './core/ports.ts';
export { FAULTS, type FaultCode, type FaultRow, REASONS, type ReasonCode, type ReasonRow, type Stage } from './core/reasons.ts';
export type { BodyAllowance, BodyRead, RequestBody, RequestView } from './core/request-view.ts';
export type { MaybePromise } from './core/result.ts';
export { type Claims, EMULATOR_CLAIM } from './core/token/claims.ts';
export type { Accepted, Attestation, Rejected, Unavailable, Verdict } from './core/verdict.ts';
export type { Decision, Pass, Refuse } from './http/decide.ts';
export type { Refusal, RefusalFacts, RefusalOptions } from './http/refusal.ts';
export { type ConfigurationCode, ConfigurationError } from './shell/configuration-error.ts';
export type { GuardCounters, VerdictCounts } from './shell/counters.ts';
export { createGuard } from './shell/create-guard.ts';
export type { GuardGauges } from './shell/gauges.ts';
export type { Guard } from './shell/guard.ts';
export type { Route } from './shell/judging.ts';
export type { FetchKeys } from './shell/keys/fetch-key-set.ts';
export type { KeyFailure, KeyProblem, KeySourceEvent, OnKeyEvent } from './shell/keys/key-events.ts';
export type {
  JsonWebKeySet,
  KeysOptions,
  KeysPart,
  RemoteKeysOptions,
  SecretOptions,
  StaticKeysOptions,
} from './shell/keys/key-options.ts';
export type { KeyUse } from './shell/keys/key-ring.ts';
export { type KeysFromUrlOptions, keysFromUrl, type RemoteKeysSettings } from './shell/keys/keys-url.ts';
export type {
  AccountKeyOptions,
  BindingOptions,
  BodyOptions,
  CacheOptions,
  GuardOptions,
  MatchedRouteOptions,
  ModeOptions,
  OriginOptions,
  RouteMatchOptions,
  RouteOptions,
  ShareOptions,
  SignatureOptions,
  TokenOptions,
  ToleranceOptions,
  VerdictFacts,
} from './shell/options.ts';
export type { GuardWarning } from './shell/remade-guards.ts';
export { type MemoryReplayOptions, memoryReplayStore } from './shell/replay/replay-memory.ts';
export {
  type GlideLike,
  type IoRedisLike,
  type NodeRedisLike,
  type RedisClientLike,
  type RedisReplayOptions,
  redisReplayStore,
  type SendCommand,
} from './shell/replay/replay-redis.ts';
export { type ReplayStoreCode, ReplayStoreError } from './shell/replay/replay-store-error.ts';
export { requireDecision } from './shell/require-decision.ts';
export type { RuleFacts, RuleOptions, RulePredicate, TextSet } from './shell/rules.ts';
export { tokenFingerprint } from './shell/token-fingerprint.ts';
