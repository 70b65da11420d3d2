/** Why a replay store could not answer. */

/** What kept a replay store from answering. */
export type ReplayStoreCode =
  /** The store holds as many entries as it may, and none may be forgotten yet. */
  | 'store-full'
  /** The entry's time is past, or earlier than what was forgotten already: nobody can tell any more whether the key is new. */
  | 'entry-past'
  /** The server did not answer in time. */
  | 'store-timed-out'
  /** The server answered something that means neither "new" nor "known". */
  | 'answer-unexpected'
  /** The client reported an error; it is the `cause`. */
  | 'store-failed';

/**
 * A replay store could not answer. The guard makes the fault `replay-store-unavailable` of it, with this error as the `cause`: the request is
 * neither accepted nor called a replay. The message never holds a key or an address; the cause may hold an address.
 *
 * @example
 * ```ts
 * import { memoryReplayStore, ReplayStoreError } from 'approov-guard';
 * const store = memoryReplayStore({ maxEntries: 1 });
 * const until = Date.now() / 1000 + 60;
 * await store.setIfAbsent('first', until);
 * try {
 *   await store.setIfAbsent('second', until);
 * } catch (error) {
 *   if (error instanceof ReplayStoreError) console.log(error.code); // store-full
 * }
 * ```
 */
export class ReplayStoreError extends Error {
  /** What kept it from answering. Stable. */
  readonly code: ReplayStoreCode;

  constructor(code: ReplayStoreCode, message: string, options?: { readonly cause: unknown }) {
    super(`${message} [${code}]`, options);
    this.name = 'ReplayStoreError';
    this.code = code;
  }
}
