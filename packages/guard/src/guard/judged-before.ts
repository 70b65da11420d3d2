/** Which requests a guard has judged before: a guard for the whole application, used for a route as well, judges a request twice. */
import type { RequestView } from '../core/request-view.ts';

/** A constructor that answers the object it is given, so that a subclass puts its private field on that one. */
function Given(message: object): object {
  return message;
}

/** A note on a platform's request, in a private field: neither logs nor comparisons see it, and it costs a thirtieth of a `WeakMap`'s entry. */
class Note extends (Given as unknown as new (message: object) => object) {
  readonly #guards: object[] = [];

  static guardsOf(message: object): object[] {
    return (#guards in message ? message : new Note(message)).#guards;
  }
}

/**
 * Notes that a guard has judged a request, and answers whether it had before. Never throws. Where the platform has no request of its own, or none
 * that takes a note, a request is always new.
 */
export function noteJudged(request: RequestView, guard: object): boolean {
  try {
    const { message } = request;
    if (message === undefined) return false;
    const guards = Note.guardsOf(message);
    if (guards.includes(guard)) return true;
    guards.push(guard);
  } catch {
    // No request, or one that cannot be extended, on engines that refuse private fields on it.
  }
  return false;
}
