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

/** Fields that hold credentials, whatever the policy says of them. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'api-key',
  'x-api-key',
  'approov-token',
]);
const SHOWN = 10;

/** Whether a field's value must not be shown in full. */
export type IsSecret = (fieldName: string) => boolean;

/** Made of the token header and the bound headers. */
export function secretFields(names: readonly string[]): IsSecret {
  return (name) => CREDENTIALS.has(name) || names.includes(name);
}

/** The value as it may be shown: of a credential the first characters, at most half of them, and its length. */
export function shownValue(name: string, value: string, isSecret: IsSecret): string {
  if (!isSecret(name) || value === '') return value;
  return `${value.slice(0, Math.min(SHOWN, Math.floor(value.length / 2)))}…(${value.length} characters)`;
}
