/** What a guard demands of requests, for those around it who have to know: adapters whose answers outlive a request, proxies, clients' tools. */
import type { Route } from '../core/judge/case.ts';
import type { Modes } from '../core/judge/policy.ts';
import type { Bytes, Seconds } from '../core/time.ts';
import type { RouteRow } from '../http/route-table.ts';

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
