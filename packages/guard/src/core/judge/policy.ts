/** What a route demands, compiled from options once and then only read. */
import type { BindingPolicy } from '../binding/check-binding.ts';
import type { ReplayStore } from '../ports.ts';
import { type ReasonCode, type Stage, stageOf } from '../reasons/codes.ts';
import type { RequestView } from '../request-view.ts';
import type { MaybePromise } from '../result.ts';
import type { AccountKey } from '../signature/signing-key.ts';
import type { SignatureCheck } from '../signature/verify-signature.ts';
import type { Bytes, Seconds } from '../time.ts';
import type { Claims, VerifiedToken } from '../token/verified.ts';
import type { Rejected, Unavailable } from '../verdict.ts';

/** `enforce` refuses what was not accepted; `observe` passes it on and keeps the verdict. */
export type Mode = 'enforce' | 'observe';

/** The mode of each part of the judgement. */
export interface Modes {
  readonly token: Mode;
  readonly binding: Mode;
  /** Signature, content digest and replay. */
  readonly signature: Mode;
}

/**
 * Asks in which modes one request is judged. Asked at the first failure, and then with every claim that was proven before it.
 * @param claims - the claims of a token whose signature held, or `null`
 * @param at - the moment of judgement
 */
export type AskModes = (request: RequestView, claims: Claims | null, at: Seconds) => Modes;

/** The modes for one request. */
export function modesOf({ modes, askModes }: Policy, request: RequestView, claims: Claims | null, at: Seconds): Modes {
  return askModes === null ? modes : askModes(request, claims, at);
}

/** A part of the judgement that can be enforced or observed by itself. */
export type Part = keyof Modes;

/** The mode that governs a rejection: that of the part in which it arose. */
export function modeOf(modes: Modes, reason: ReasonCode): Mode {
  return modeOfStage(modes, stageOf(reason));
}

/** The mode that governs a stage. */
export function modeOfStage(modes: Modes, stage: Stage): Mode {
  switch (stage) {
    case 'request':
    case 'token':
      return modes.token;
    case 'binding':
      return modes.binding;
    case 'signature':
    case 'digest':
      return modes.signature;
  }
}

/** The mode that governs a failure. A fault on our side that concerns every part is governed by the strictest mode. */
export function modeOfFailure(modes: Modes, failure: Rejected | Unavailable): Mode {
  if (failure.outcome === 'rejected') return modeOf(modes, failure.reason);
  if (failure.stage !== null) return modeOfStage(modes, failure.stage);
  return strictestMode(modes);
}

/** `enforce` if any part is enforced. */
export function strictestMode({ token, binding, signature }: Modes): Mode {
  return token === 'enforce' || binding === 'enforce' || signature === 'enforce' ? 'enforce' : 'observe';
}

/** Where the attestation token is, and what its claims must satisfy. */
export interface TokenPolicy {
  readonly header: string;
  /** The scheme before the token, lower case, or `null`. */
  readonly prefix: string | null;
  /** Whether a token without that scheme is read, too. Default: false. */
  readonly prefixOptional?: boolean;
  /** Where the SDKs say why there is no token; `null` or left out: nowhere. */
  readonly statusHeader?: string | null;
  readonly maxBytes: Bytes;
  readonly clockToleranceSeconds: Seconds;
  readonly maxLifetimeSeconds: Seconds | null;
  readonly issuers: readonly string[] | null;
  /** The accepted values of `aud`, or `null` where any is. */
  readonly audiences: readonly string[] | null;
  /** Whether a token without `aud` fails. */
  readonly audienceRequired: boolean;
  /** Whether tokens that say that an emulator made them fail. */
  readonly refuseEmulated: boolean;
}

/** Where the token is looked for, and how long it may be. */
export type TokenPlace = Pick<TokenPolicy, 'header' | 'prefix' | 'prefixOptional' | 'statusHeader' | 'maxBytes'>;

/** What the claims must satisfy. */
export type ClaimsPolicy = Omit<TokenPolicy, keyof TokenPlace>;

/** Asks the deny and allow rules about a verified token: `null` lets it pass. */
export type AskRules = (verified: VerifiedToken, at: Seconds) => MaybePromise<Rejected | Unavailable | null>;

/** What a route demands of message signatures. */
export interface SignaturePolicy extends SignatureCheck {
  /** What to do with a token that carries no `ipk` (label `install`). */
  readonly missingKey: 'reject' | 'accept';
  /** The account keys (label `account`). */
  readonly accountKeys: readonly AccountKey[];
  readonly stringDigest: boolean;
  /** The longest body that is read to compare its digest. */
  readonly maxBodyBytes: Bytes;
  readonly replay: ReplayStore | null;
}

/** What a route demands. */
export interface Policy {
  readonly token: TokenPolicy;
  /** The deny and allow rules, or `null` if there are none. */
  readonly rules: AskRules | null;
  /** Where one-time tokens are remembered, or `null` where a token may be used until it expires. */
  readonly tokenReplay: ReplayStore | null;
  readonly binding: BindingPolicy | null;
  readonly signature: SignaturePolicy | null;
  /** The modes, or the strictest there can be where they are asked for. */
  readonly modes: Modes;
  /** Whom to ask for the modes of each request, or `null` where they are fixed. */
  readonly askModes: AskModes | null;
}
