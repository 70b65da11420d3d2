/** What may be accepted once: signatures, and tokens on routes that ask for it. */
import type { ReplayStore } from './ports.ts';
import type { RequestView } from './request-view.ts';
import { chain, isThenable, type MaybePromise } from './result.ts';
import { LATEST_MOMENT, type Seconds } from './time.ts';
import { type Rejected, rejected, type Unavailable, unavailable } from './verdict.ts';

/** Something that may be accepted once. */
export interface OnceOnly {
  /** The request that brings it. */
  readonly request: RequestView;
  readonly store: ReplayStore;
  /** What must not come again; only its hash is stored. */
  readonly text: string;
  readonly until: Seconds;
  readonly reason: 'signature-replayed' | 'token-replayed';
  readonly stage: 'signature' | 'token';
}

/**
 * What each message was the first to bring, by store. A guard for the whole application and another for one of its routes judge the same
 * message twice, which is no replay. Nothing outlives the message.
 */
const broughtBy: WeakMap<object, Map<ReplayStore, Set<string>>> = new WeakMap();

/** One atomic set-if-absent. A store that cannot answer makes the request unavailable, never accepted. */
export function rememberOnce(once: OnceOnly, hash: (text: string) => MaybePromise<string>): MaybePromise<Rejected | Unavailable | null> {
  return chain(hash(once.text), (key) => (broughtAlready(once, key) ? null : askStore(once, key)));
}

function askStore(once: OnceOnly, key: string): MaybePromise<Rejected | Unavailable | null> {
  const failed = (cause: unknown): Unavailable => unavailable('replay-store-unavailable', cause, once.stage);
  const answered = (isNew: unknown): Rejected | Unavailable | null => {
    if (isNew === false) return rejected(once.reason);
    // An answer that is neither (`OK`, 1, nothing) does not tell: that is no fault of the client.
    if (isNew !== true) return failed(new TypeError('`setIfAbsent` answered neither true nor false'));
    noteBrought(once, key);
    return null;
  };
  try {
    // One second more: stores count whole seconds.
    const isNew: unknown = once.store.setIfAbsent(key, Math.ceil(Math.min(once.until, LATEST_MOMENT)) + 1);
    return isThenable(isNew) ? Promise.resolve(isNew).then(answered, failed) : answered(isNew);
  } catch (cause) {
    return failed(cause);
  }
}

function broughtAlready({ request, store }: OnceOnly, key: string): boolean {
  const { message } = request;
  return message !== undefined && broughtBy.get(message)?.get(store)?.has(key) === true;
}

function noteBrought({ request, store }: OnceOnly, key: string): void {
  const { message } = request;
  if (message === undefined) return;
  const stores = broughtBy.get(message) ?? new Map<ReplayStore, Set<string>>();
  stores.set(store, (stores.get(store) ?? new Set()).add(key));
  broughtBy.set(message, stores);
}
