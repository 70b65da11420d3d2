/** A whole decision from nothing but what is given: for engines that run the checks where there is no guard. */
import { judgeByEach } from '../core/judge/by-each.ts';
import type { Check, KeySnapshot, Means, RequestKeys, Route } from '../core/judge/case.ts';
import { modesForVerdict } from '../core/judge/judge.ts';
import type { Policy } from '../core/judge/policy.ts';
import type { KeysAtHand } from '../core/jws/jws.ts';
import type { RequestView } from '../core/request-view.ts';
import { chain, type MaybePromise } from '../core/result.ts';
import { type Decision, decide, skip, withPreflightRemedy } from '../http/decide.ts';
import type { RefusalPolicy } from '../http/refusal.ts';
import { findRoutes, type RouteRow } from '../http/route-table.ts';

/** What {@link decideByRoutes} is given. */
export interface EngineParts {
  /** The policies, each with the checks that it asks for: that of the guard as a whole, then those of the rows. */
  readonly policies: readonly { readonly policy: Policy; readonly order: readonly Check[] }[];
  /** Which rows lead to which policy, by its place in the list. */
  readonly rows: readonly RouteRow<number>[];
  readonly keys: KeysAtHand;
  readonly means: Means;
  readonly refusal: RefusalPolicy;
}

/**
 * Decides about one request as a guard would: which policies count for it, its verdict, what is done and what is answered. It does **not** read
 * a clock, call hooks, count, or refresh keys: what it is given holds.
 * @param request - the request
 * @param at - the moment of judgement, milliseconds since 1970
 * @param id - an id of this judgement: a refusal as problem+json shows it
 * @param parts - policies, keys, cryptography
 * @returns the decision: at once, if the cryptography answers at once. Its verdict names the reason
 */
export function decideByRoutes(request: RequestView, at: number, id: string, parts: EngineParts): MaybePromise<Decision> {
  const keys = keysOf(parts.keys);
  const routes = parts.policies.map((one): Route => ({ name: null, keys, ...one }));
  // The cast holds: the first policy is the whole guard's.
  const whole = routes[0] as Route;
  const found = parts.rows.length === 0 ? [0] : findRoutes(request, parts.means.originOf(request)?.authority ?? null, parts.rows, 0);
  if (found === 'exempt') return skip('exempt', whole.policy.modes, id);
  const asked = found.flatMap((index) => routes[index] ?? []);
  return chain(judgeByEach(parts.means, request, asked, at), ({ verdict, route }) =>
    decide(withPreflightRemedy(verdict, request), modesForVerdict(route, request, verdict, at), id, parts.refusal),
  );
}

/** Keys that stay as they are, and vouch for themselves. */
function keysOf(keys: KeysAtHand): RequestKeys {
  const of = { waiting: 0, snapshot: (): KeySnapshot => snapshot, refresh: () => true, keyUsed: () => undefined };
  const snapshot: KeySnapshot = { keys, verified: null, of };
  return { ofRequest: () => snapshot };
}
