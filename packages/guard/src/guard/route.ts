/** A route: how it is made of a policy, and what it demands, for those who have to know: adapters whose answers outlive a request, proxies. */
import type { RequestKeys, Route } from '../core/judge/case.ts';
import { orderOf } from '../core/judge/order.ts';
import type { AskModes, Modes, Policy } from '../core/judge/policy.ts';
import type { ReplayStore } from '../core/ports.ts';
import type { Bytes, Seconds } from '../core/time.ts';
import type { Claims } from '../core/token/verified.ts';
import type { RouteRow } from '../http/route-table.ts';

/** Makes a route of a compiled policy. */
export function routeOf(name: string | null, policy: Policy, keys: RequestKeys): Route {
  return { name, policy, keys, order: orderOf(policy) };
}

/** The route by which a token by itself is judged: no binding, no signature of the message. */
export function tokenOnly({ name, policy, keys }: Route): Route {
  const token = { ...policy.token, prefix: null };
  return routeOf(name, { ...policy, token, binding: null, signature: null, tokenReplay: null }, keys);
}

/** The same route, of which one request asks once: what a source answers later must not part the verdict from the decision. */
export function askedOnce(route: Route): Route {
  const askModes = route.policy?.askModes ?? null;
  if (askModes === null) return route;
  let asked: { readonly claims: Claims | null; readonly modes: Modes } | null = null;
  const once: AskModes = (request, claims, at) => {
    // Judged again with newer keys, a request may have claims that it had not.
    if (asked === null || asked.claims !== claims) asked = { claims, modes: askModes(request, claims, at) };
    return asked.modes;
  };
  return { ...route, policy: { ...route.policy, askModes: once } };
}

/** The replay stores of these routes, each once. */
export function storesOf(routes: readonly Route[]): readonly ReplayStore[] {
  const stores = routes.flatMap(({ policy }) => [policy.signature?.replay ?? null, policy.tokenReplay]);
  return [...new Set(stores.filter((store) => store !== null))];
}

/** What a request must show, as far as its route says it at start. A mode that is asked for at each request is not in it. */
export interface Demands {
  /** The name of the route; `null` for the guard as a whole and for routes made in code. */
  readonly route: string | null;
  /** Where it stands in the options, with a dot at its end: empty for the guard as a whole, `routes[0].`, or `route.` for one made in code. */
  readonly path: string;
  /** Whether the host of a request decides that this is demanded of it. */
  readonly byHost: boolean;
  readonly token: {
    /** Lower case. */
    readonly header: string;
    /** The scheme before the token, lower case, or `null`. */
    readonly prefix: string | null;
    /** Whether a token without that scheme is read, too. */
    readonly prefixOptional: boolean;
    readonly clockToleranceSeconds: Seconds;
  };
  /** The headers to which the token must be bound, lower case; none where binding is not asked for. */
  readonly boundHeaders: readonly string[];
  /** Whether the message must be signed. */
  readonly signed: boolean;
  /** What is asked of `Content-Digest`; `null` where messages need no signature. */
  readonly digest: 'if-present' | 'required' | 'delegated' | null;
  /** The longest body that is read to compare its digest; 0 where none is. */
  readonly maxBodyBytes: Bytes;
  /** Whether a token is good for one request. */
  readonly onceOnly: boolean;
  readonly modes: Modes;
}

/** What one route demands. */
export function demandsOf({ name, policy }: Route, path: string, byHost: boolean): Demands {
  const { token, binding, signature, tokenReplay, modes } = policy;
  const { header, prefix, prefixOptional = false, clockToleranceSeconds } = token;
  return {
    route: name,
    path,
    byHost,
    token: { header, prefix, prefixOptional, clockToleranceSeconds },
    boundHeaders: binding?.headers ?? [],
    signed: signature !== null,
    digest: signature?.digest ?? null,
    maxBodyBytes: signature?.maxBodyBytes ?? 0,
    onceOnly: tokenReplay !== null,
    modes,
  };
}

/** What a guard may demand: that of the whole first, then that of each row of the option `routes`. */
export function allDemands(whole: Route, rows: readonly RouteRow<Route>[]): readonly [Demands, ...Demands[]] {
  const ofRows = rows.flatMap(({ match, leadsTo }, index) =>
    leadsTo === 'exempt' ? [] : [demandsOf(leadsTo, `routes[${index}].`, match.hosts !== null)],
  );
  // Where the host leads to a row, exempt ones too, it decides whether what the whole demands holds.
  const byHost = rows.some(({ match }) => match.hosts !== null);
  return [demandsOf(whole, '', byHost), ...ofRows];
}
