/** A guard that tells the console of everything it decides. */
import type { Decision, Guard, MaybePromise, RequestView, Route } from 'approov-guard';
import { refuseProduction } from '../production.ts';
import { type SeenBody, seenBody } from '../way/seen-body.ts';
import { senderOf, shownPath, shownWord } from '../way/shown-request.ts';
import { wayOf } from '../way/way.ts';
import type { ShownDecision, Way } from '../wire.ts';
import { Feed } from './feed.ts';
import { live } from './readiness.ts';

/** The header by which the console finds the requests that it sent itself. It changes no verdict. */
export const CONSOLE_HEADER = 'approov-console';

/** A request of the console's own that is under way. */
export interface Expected {
  /** What the request is shown as. */
  readonly sender: string;
  /** Whether it is one of many, of which a sample is shown as of all others. */
  readonly isSampled: boolean;
  /** Told when it is decided about; never, if the guard does not see it. `null`: there is nothing to explain. */
  readonly judged: (way: Promise<Way | null>) => void;
}

/** What every watched guard of this process has in common. */
export const watched: { readonly feed: Feed; readonly guards: Set<Guard>; readonly expected: Map<string, Expected> } = {
  feed: new Feed(),
  guards: new Set(),
  expected: new Map(),
};

/**
 * Makes a guard's decisions visible to {@link startConsole} of the same process. The guard that it answers decides exactly as the one that it
 * is given, with every adapter. For development only.
 *
 * It does **not** keep tokens, bound values, bodies or queries: a decision is explained when it is made, and only the explanation is kept, in
 * which credentials are shortened. Of busy traffic it keeps a sample; counts are exact.
 *
 * @param guard - made by `createGuard`
 * @param settings - `allowInProduction`: default `false`. The page shows claims of real devices; relaxing this shows them to whoever reaches it.
 * @returns the guard to give to adapters
 * @throws ConsoleError `production` where `NODE_ENV` says so
 * @example
 * ```ts
 * import { watch } from '@approov-guard/console';
 * import { createGuard } from 'approov-guard';
 *
 * const guard = watch(createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } }));
 * console.log(guard.counters().accepted); // 0
 * guard.close();
 * ```
 */
export function watch(guard: Guard, { allowInProduction = false }: { readonly allowInProduction?: boolean } = {}): Guard {
  refuseProduction(allowInProduction);
  watched.guards.add(guard);
  return {
    judge: (request, route) => guard.judge(request, route),
    explain: (request, route) => guard.explain(request, route),
    decide: (request, route) => decideVisibly(guard, request, route),
    verifyToken: (token) => guard.verifyToken(token),
    demands: guard.demands.bind(guard),
    whenExpired: (decision, expired, route) => guard.whenExpired(decision, expired, route),
    route: (options) => guard.route(options),
    counters: () => guard.counters(),
    gauges: () => guard.gauges(),
    keyUse: () => guard.keyUse(),
    warmUp: () => guard.warmUp(),
    close: () => {
      watched.guards.delete(guard);
      guard.close();
    },
  };
}

function decideVisibly(guard: Guard, request: RequestView, route: Route | undefined): MaybePromise<Decision> {
  const expected = expectedOf(request);
  const at = Date.now();
  const isWanted = expected?.isSampled === false;
  if (!isWanted && !watched.feed.takesExplanation(at)) {
    return whenDecided(guard.decide(request, route), (decision) => {
      report(decision, request, at);
      watched.feed.add(decision, at, false, () => described(request, expected));
    });
  }
  const seen = seenBody(request);
  return whenDecided(guard.decide(seen.request, route), (decision) => {
    report(decision, request, at);
    const shown = watched.feed.add(decision, at, isWanted, () => described(request, expected));
    if (shown === null || decision.verdict === null) return;
    const way = explained(guard, { seen, route, decision }, shown);
    expected?.judged(way);
  });
}

/** A decision tells neither its route nor whether it is the second of a request; of each request of a page for development one is made. */
function report({ verdict, mode, action }: Decision, request: RequestView, at: number): void {
  if (verdict !== null) live.onVerdict(verdict, { at, route: null, mode, action, again: false, request: () => request });
}

interface Judged {
  readonly seen: SeenBody;
  readonly route: Route | undefined;
  readonly decision: Decision;
}

async function explained(guard: Guard, { seen, route, decision }: Judged, shown: ShownDecision): Promise<Way | null> {
  try {
    const way = await wayOf({ guard, request: seen.replayed(), route, decision, wasRead: seen.wasRead }, shown);
    watched.feed.explain(way);
    return way;
  } catch {
    // What cannot be explained is shown without its way: watching must not change what is watched.
    return null;
  }
}

function whenDecided(decision: MaybePromise<Decision>, tell: (decision: Decision) => void): MaybePromise<Decision> {
  const told = (made: Decision): Decision => {
    try {
      tell(made);
    } catch {
      // As above.
    }
    return made;
  };
  return 'then' in decision ? decision.then(told) : told(decision);
}

function expectedOf(request: RequestView): Expected | null {
  if (watched.expected.size === 0) return null;
  const id = request.lines(CONSOLE_HEADER)[0];
  return id === undefined ? null : (watched.expected.get(id) ?? null);
}

function described(request: RequestView, expected: Expected | null): { method: string; path: string; sender: string } {
  return {
    method: shownWord(request.method),
    path: shownPath(request.target),
    sender: expected?.sender ?? senderOf(request.lines('user-agent')[0] ?? ''),
  };
}
