/** `approov-guard`: the back-end half of mobile-app attestation. */

export { type ConfigurationCode, ConfigurationError } from './checks/configuration-error.ts';
export type { Route } from './core/judge/case.ts';
export type { Mode } from './core/judge/policy.ts';
export type { AlgorithmName } from './core/jws/algorithms.ts';
export { KeySet, type PreparedKey, type VerificationKey } from './core/jws/jws.ts';
export type { KeySource, ReplayStore, StoreOccupancy } from './core/ports.ts';
export { FAULTS, type FaultCode, type FaultRow, REASONS, type ReasonCode, type ReasonRow, type Stage } from './core/reasons/reasons.ts';
export type { BodyAllowance, BodyRead, RequestBody, RequestView } from './core/request-view.ts';
export type { MaybePromise } from './core/result.ts';
export { type Claims, EMULATOR_CLAIM } from './core/token/verified.ts';
export type { Accepted, Attestation, Rejected, Unavailable, Verdict } from './core/verdict.ts';
export type { RuleFacts, RuleOptions, RulePredicate, TextSet } from './guard/compile/rules.ts';
export { tokenFingerprint } from './guard/compile/rules.ts';
export { createGuard } from './guard/create-guard.ts';
export type { Demands } from './guard/demands.ts';
export type { GuardGauges, GuardWarning } from './guard/gauges.ts';
export type { Guard } from './guard/guard.ts';
export type {
  BindingOptions,
  BodyOptions,
  CacheOptions,
  GuardOptions,
  MatchedRouteOptions,
  ModeFacts,
  ModeOptions,
  ModeSource,
  OriginOptions,
  RouteMatchOptions,
  RouteOptions,
  ShareOptions,
  TokenOptions,
} from './guard/options.ts';
export type { GuardCounters, OnVerdict, VerdictCounts, VerdictFacts } from './guard/report.ts';
export { requireDecision } from './guard/require-decision.ts';
export type { AccountKeyOptions, SignatureOptions, ToleranceOptions } from './guard/signature-options.ts';
export type { Decision, Pass, Refuse } from './http/decide.ts';
export type { Refusal, RefusalFacts, RefusalOptions } from './http/refusal.ts';
export type { KeyFailure, KeyProblem, KeySourceEvent, OnKeyEvent } from './keys/key-events.ts';
export type {
  ChosenKeysOptions,
  JsonWebKeySet,
  KeysOptions,
  KeysPart,
  RemoteKeysOptions,
  RoutingFacts,
  SecretOptions,
  StaticKeysOptions,
} from './keys/key-options.ts';
export type { KeyUse } from './keys/key-ring.ts';
export type { FetchKeys } from './keys/remote/fetch-key-set.ts';
export { type KeysFromUrlOptions, keysFromUrl, type RemoteKeysSettings } from './keys/remote/keys-url.ts';
export { type MemoryReplayOptions, memoryReplayStore } from './replay/memory.ts';
export {
  type GlideLike,
  type IoRedisLike,
  type NodeRedisLike,
  type RedisClientLike,
  type RedisReplayOptions,
  redisReplayStore,
  type SendCommand,
} from './replay/redis.ts';
export { type ReplayStoreCode, ReplayStoreError } from './replay/replay-store-error.ts';
