/**
 * `approov-guard/policy-file`: the guard's options as a file, so that every place that enforces a policy reads the same one. A module of its
 * own, since it needs `node:fs`.
 */
export { type FilesWatcher, watchFiles } from '../keys/file/watch-files.ts';
export { type ParsedText, parseJsonText, TextMistake } from './json-text.ts';
export {
  loadPolicyFile,
  type Policy,
  type PolicyDocument,
  type PolicySettings,
  policyFrom,
  type WatchedPolicy,
  type WatchSettings,
  watchPolicyFile,
} from './policy.ts';
export { PolicyFileError } from './policy-file-error.ts';
export { type OpenRedis, type OpenRedisBy, type OpenServer, ReplayStores } from './replay-settings.ts';
export type { PolicyRolloutParts } from './rollout-modes.ts';
