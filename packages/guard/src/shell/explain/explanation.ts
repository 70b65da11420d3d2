/** What an explanation consists of. */
import type { FaultCode, ReasonCode } from '../../core/reasons.ts';
import type { Origin } from '../../core/signature/target.ts';
import type { Rejected } from '../../core/verdict.ts';

/** The checks in the order in which the guard makes them. */
export type CheckName = 'token' | 'binding' | 'form' | 'key' | 'policy' | 'coverage' | 'components' | 'proof' | 'digest';

/** How one check ended. */
export interface ExplainedCheck {
  readonly name: CheckName;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** The code that the guard would answer, if this check failed. */
  readonly reason: ReasonCode | FaultCode | null;
  readonly detail: string | null;
}

/** A covered component as the server resolves it. */
export interface ExplainedComponent {
  readonly identifier: string;
  /** Shortened where it holds a credential; `null` where the request has no such value. */
  readonly value: string | null;
}

/** One component that the client signed with another value. */
export interface Difference {
  readonly identifier: string;
  readonly server: string | null;
  readonly client: string | null;
  /** What lies between the two. */
  readonly cause: string;
}

/** Everything that was found. */
export interface Explanation {
  /** In the guard's order; a name occurs once for each of its failures. */
  readonly checks: readonly ExplainedCheck[];
  /** Whether the claims that later checks rest on were verified. */
  readonly tokenVerified: boolean;
  /** Scheme and authority as the server sees them; `null` where it cannot tell. */
  readonly origin: Origin | null;
  readonly components: readonly ExplainedComponent[];
  /** The signature base as the server sees it, credentials shortened; `null` if there is none. */
  readonly base: string | null;
  /** What the client's header `Signature-Base-Digest` says of the base; `null` if it says nothing. */
  readonly baseDigest: 'agrees' | 'differs' | null;
  /** What the client signed differently, if that could be found; `null` if it could not, or nothing differs. */
  readonly differences: readonly Difference[] | null;
}

/** A check that held. */
export function passed(name: CheckName, detail: string | null = null): ExplainedCheck {
  return { name, outcome: 'passed', reason: null, detail };
}

/** A check that failed. */
export function failed(
  name: CheckName,
  { reason, detail = null }: Pick<Rejected, 'reason'> & { readonly detail?: string | null },
): ExplainedCheck {
  return { name, outcome: 'failed', reason, detail };
}

/** A check that could not be made, or was not asked for. */
export function skipped(name: CheckName, detail: string): ExplainedCheck {
  return { name, outcome: 'skipped', reason: null, detail };
}
