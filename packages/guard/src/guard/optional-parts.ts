/** Parts of a guard that can be left out of a bundle: what compiles the options that need them. */

import { ConfigurationError } from '../checks/configuration-error.ts';
import type { BodyReader } from '../core/ports.ts';
import type { remoteKeySource } from '../keys/remote/keys-url.ts';
import type { memoryReplayStore } from '../replay/memory.ts';
import type { compileRules } from './compile/rules.ts';
import type { compileSignature } from './compile/signature.ts';
import type { BodyLimits, HeldBodies } from './held-bodies.ts';

/** The parts. */
export interface OptionalParts {
  /** Compiles `signature`. */
  readonly compileSignature: typeof compileSignature;
  /** Compiles `keys.jwksUrl`. */
  readonly remoteKeySource: typeof remoteKeySource;
  /** Compiles `rules`. */
  readonly compileRules: typeof compileRules;
  /** Where signatures are remembered by default. */
  readonly memoryReplayStore: typeof memoryReplayStore;
  /** Holds the bodies whose digests are compared. */
  readonly holdBodies: (limits: BodyLimits) => BodyReader & Partial<Pick<HeldBodies, 'gauge'>>;
}

/** None of them: options that need one are refused, and the message says what to import. */
export const NO_PARTS: OptionalParts = {
  compileSignature: (options, path) => none(options, path),
  compileRules: (options) => none(options, 'rules'),
  memoryReplayStore: () => missing('signature'),
  holdBodies: () => ({ deadlineSeconds: 0, read: (_reading, use) => use({ outcome: 'over-budget' }) }),
  remoteKeySource: (_options, member, path) => missing(`${path}.${member}`),
};

function none(options: unknown, path: string): null {
  return options === undefined || options === null ? null : missing(path);
}

function missing(path: string): never {
  throw new ConfigurationError('option-unavailable', path, 'is not in this small build: import `approov-guard/web` instead');
}
