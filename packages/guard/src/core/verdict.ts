/** What is true of a request. What we do about it is the decision (`http/decide.ts`). */
import type { FaultCode, ReasonCode, Stage } from './reasons/reasons.ts';
import type { Claims } from './token/verified.ts';

/** What was proven of an accepted request. Nothing in it comes from an unverified source. */
export interface Attestation {
  /** The verified token's claims, frozen. */
  readonly claims: Claims;
  /** The configured key that verified the token: its `kid`, else its name in the configuration. */
  readonly keyId: string;
  /** `verified`: the bound value matched `pay`. `absent`: no `pay`, accepted by policy. `unchecked`: not asked for. */
  readonly binding: 'verified' | 'absent' | 'unchecked';
  /** `verified`: the message signature held. `absent`: the token carries no key, accepted by policy. `unchecked`: not asked for. */
  readonly signature: 'verified' | 'absent' | 'unchecked';
  /** `verified`: the body matched `Content-Digest`. `absent`: no digest was sent. `unchecked`: not asked for. */
  readonly digest: 'verified' | 'absent' | 'unchecked';
  /** The identifiers of the components that the message signature covers; empty where none was verified. */
  readonly covered: ReadonlySet<string>;
}

/** The request comes from a genuine app, as far as the policy asked. */
export interface Accepted {
  readonly outcome: 'accepted';
  readonly code: 'accepted';
  readonly attestation: Attestation;
}

/** The request failed a check: the client's side. */
export interface Rejected {
  readonly outcome: 'rejected';
  readonly reason: ReasonCode;
  /** The same as `reason`: every verdict has one code. */
  readonly code: ReasonCode;
  /** The claims of the token if its signature held, whatever failed afterwards, also if it has expired; else `null`. */
  readonly proven: Claims | null;
  /** A short remark for the operator, without any part of the token, of a bound value or of a secret. */
  readonly detail?: string;
}

/** The request could not be judged: our side. */
export interface Unavailable {
  readonly outcome: 'unavailable';
  readonly fault: FaultCode;
  /** The same as `fault`: every verdict has one code. */
  readonly code: FaultCode;
  /** The claims of the token if its signature held; else `null`. */
  readonly proven: Claims | null;
  /** The stage that could not be judged; `null` if the fault concerns all of them. */
  readonly stage: Stage | null;
  readonly cause?: unknown;
}

/** What is true of a request. Switch on `outcome`. */
export type Verdict = Accepted | Rejected | Unavailable;

/** Makes the verdict for a failed check. */
export function rejected(reason: ReasonCode, detail?: string): Rejected {
  return rejectedOf(reason, null, detail);
}

/** Literals, each with its members in one order: verdicts of many shapes would slow down whoever reads one. */
function rejectedOf(reason: ReasonCode, proven: Claims | null, detail: string | undefined): Rejected {
  return detail === undefined
    ? { outcome: 'rejected', reason, code: reason, proven }
    : { outcome: 'rejected', reason, code: reason, proven, detail };
}

/** Makes the verdict for a request that could not be judged. */
export function unavailable(fault: FaultCode, cause?: unknown, stage: Stage | null = null, proven: Claims | null = null): Unavailable {
  return { outcome: 'unavailable', fault, code: fault, proven, stage, cause };
}

/** The same verdict, with what was proven before the check failed. */
export function withProven(failure: Rejected | Unavailable, proven: Claims): Rejected | Unavailable {
  return failure.outcome === 'rejected'
    ? rejectedOf(failure.reason, proven, failure.detail)
    : unavailable(failure.fault, failure.cause, failure.stage, proven);
}
