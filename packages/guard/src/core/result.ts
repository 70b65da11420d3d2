/** How the core answers without exceptions, and without a promise where none is due. */

/** A value that is either here already or still to come (`instanceof Promise`). Node's crypto port always answers at once. */
export type MaybePromise<T> = T | Promise<T>;

/** Tells whether an answer of a user's code is still to come: a promise of any realm, or anything else with `then`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Passes `value` on to `next`: at once if it is here, later if it is still to come. The one place that knows both cases. */
export function chain<A, B>(value: MaybePromise<A>, next: (value: A) => MaybePromise<B>): MaybePromise<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}
