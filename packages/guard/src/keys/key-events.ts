/** What happens to key sources, for the operator. No event holds a key, a secret, an address or a path. */

import type { ConfigurationCode } from '../checks/configuration-error.ts';
import { isThenable } from '../core/result.ts';
import type { Seconds } from '../core/time.ts';

/** Why a key set could not be fetched. */
export type KeyFailure =
  /** No answer, or no end of it, within `timeoutSeconds`. */
  | 'timeout'
  /** No connection, or it broke. */
  | 'network'
  /** Another status than 200. */
  | 'status'
  /** A redirect to another origin, without a target, or one too many. */
  | 'redirect'
  /** Longer than `maxBytes`. */
  | 'too-large'
  /** HTML, or anything else that is declared to be no JSON. */
  | 'content-type'
  /** Not a JSON object with a list `keys` (RFC 7517 §5). */
  | 'not-a-key-set'
  /** A key set without one key that can verify a token. */
  | 'no-usable-key'
  /** The file cannot be read. */
  | 'unreadable'
  /** The file's content is not a key: see `code`. */
  | 'invalid';

/** Why a single key of a set is not used. `key-untried`: it has no `kid`, and eight such keys of its algorithm stand before it. */
export type KeyProblem = 'other-use' | 'key-not-public' | 'key-algorithm' | 'key-invalid' | 'key-untried';

/** Something that happened to a key source. Switch on `type`. */
export type KeySourceEvent = {
  /** The source's `name`. */
  readonly source: string;
} & (
  | {
      /** The source delivered. */
      readonly type: 'keys-refreshed';
      /** How many keys can be used. */
      readonly keys: number;
      /** Whether the set differs from the one before. */
      readonly changed: boolean;
    }
  | {
      /** The source did not deliver. What was there before stays in use: see `keys-stale` and `keys-expired`. */
      readonly type: 'keys-refresh-failed';
      readonly failure: KeyFailure;
      /** The HTTP status, for the failure `status`. */
      readonly status?: number;
      /** What is wrong with the content, for the failure `invalid`. */
      readonly code?: ConfigurationCode;
    }
  | {
      /** The set is older than it should be, and still used because its source does not deliver. */
      readonly type: 'keys-stale';
      /** For how long it will still be used. */
      readonly usableForSeconds: Seconds;
    }
  | {
      /** The set has been stale for too long and is not used any more: requests are answered with 503. */
      readonly type: 'keys-expired';
    }
  | {
      /** A key of the set is not used. */
      readonly type: 'key-skipped';
      /** Its place in the set. */
      readonly index: number;
      readonly problem: KeyProblem;
      /** What is wrong with it, in words for the operator. */
      readonly cause?: string;
    }
);

/** Called for each event, synchronously. What it throws, or rejects with, is dropped. */
export type OnKeyEvent = (event: KeySourceEvent) => void;

/** Reports without letting the listener break anything. */
export function reporter(onEvent: OnKeyEvent | undefined): OnKeyEvent {
  return (event) => {
    try {
      const answer: unknown = onEvent?.(event);
      // An asynchronous listener that rejects must not end the process.
      if (isThenable(answer)) Promise.resolve(answer).catch(() => undefined);
    } catch {
      // A listener that fails must not take the keys with it.
    }
  };
}
