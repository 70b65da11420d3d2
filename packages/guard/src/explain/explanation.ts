/** What an explanation consists of. */
import type { Origin } from '../core/signature/target.ts';
import type { Explained } from '../guard/explaining.ts';

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

/** What is known of a message signature. */
export interface ExplainedSignature {
  readonly components: readonly ExplainedComponent[];
  /** The signature base as the server sees it, credentials shortened; `null` if there is none. */
  readonly base: string | null;
  /** What the client's header `Signature-Base-Digest` says of the base; `null` if it says nothing. */
  readonly baseDigest: 'agrees' | 'differs' | null;
  /** Whether the signature holds only by a tolerated deviation of the client. */
  readonly deviates: boolean;
  /** What the client signed differently, if that could be found; `null` if it could not, or nothing differs. */
  readonly differences: readonly Difference[] | null;
}

/** Everything that was found. */
export interface Explanation extends Omit<Explained, 'facts'>, ExplainedSignature {
  /** Scheme and authority as the server sees them; `null` where it cannot tell. */
  readonly origin: Origin | null;
}
