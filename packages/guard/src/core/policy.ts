/** What a route demands, compiled from options once and then only read. */
import { type ReasonCode, type Stage, stageOf } from './reasons/codes.ts';
import type { Bytes, Seconds } from './time.ts';

/** `enforce` refuses what was not accepted; `observe` passes it on and keeps the verdict. */
export type Mode = 'enforce' | 'observe';

/** How the attestation token is read and checked. */
export interface TokenPolicy {
  /** The header that carries the token, lower case. */
  readonly header: string;
  /** The authentication scheme before the token, lower case and without the space, or `null` for a bare token. */
  readonly prefix: string | null;
  readonly maxBytes: Bytes;
  readonly clockToleranceSeconds: Seconds;
  readonly maxLifetimeSeconds: Seconds | null;
  readonly issuers: readonly string[] | null;
  /** The accepted values of `aud`, or `null` where any is. */
  readonly audiences: readonly string[] | null;
  /** Whether a token without `aud` fails: where the option names values. */
  readonly audienceRequired: boolean;
}

/** How the token is bound to other header values. */
export interface BindingPolicy {
  /** The bound headers in configured order, lower case. */
  readonly headers: readonly string[];
  /** What to do with a token that has no `pay` claim. */
  readonly missing: 'reject' | 'accept';
  /** What of the `authorization` header is hashed. */
  readonly value: 'whole' | 'without-bearer';
}

/** The mode of each check. */
export interface Modes {
  readonly token: Mode;
  readonly binding: Mode;
  /** Signature, content digest and replay. */
  readonly signature: Mode;
}

const CHECK_OF_STAGE: { readonly [S in Stage]: keyof Modes } = {
  request: 'token',
  token: 'token',
  binding: 'binding',
  signature: 'signature',
  digest: 'signature',
};

/** The mode that governs a rejection: that of the check in which it arose. */
export function modeOf(modes: Modes, reason: ReasonCode): Mode {
  return modeOfStage(modes, stageOf(reason));
}

/** The mode that governs a stage. */
export function modeOfStage(modes: Modes, stage: Stage): Mode {
  return modes[CHECK_OF_STAGE[stage]];
}
