/// <reference types="h3" preserve="true" />
/** h3 1 and 2, and Nitro, which is built on it: a middleware. */
import { chain, type MaybePromise } from '../core/result.ts';
import { guardOf } from '../guard/create-guard.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../guard/options.ts';
import type { Decision } from '../http/decide.ts';
import { type H3Path, pathReadByH3 } from '../http/plain-path.ts';
import { type EitherRequest, viewOfEither } from '../http/view-either.ts';
import type { WebRequest } from '../http/view-web.ts';
import { claimSockets, refuseEvent } from './sockets/h3-sockets.ts';

export { judgeSockets } from './sockets/h3-sockets.ts';

declare module 'h3' {
  interface H3EventContext {
    approov?: Decision;
  }
}

/** What is needed of an event. h3 1 has Node's request, or a Fetch request at `web`; h3 2 a Fetch request, and on Node both. */
export interface H3EventLike extends H3Path {
  readonly context: object;
  readonly req: EitherRequest;
  readonly node?: { readonly req?: unknown } | undefined;
  readonly web?: { readonly request?: WebRequest };
}

/** A middleware: answers a response for requests that are refused, and nothing for those that pass. */
export type H3Middleware = (event: H3EventLike) => MaybePromise<Response | undefined>;

/**
 * Protects an h3 app (`app.use(…)`; in h3 1 `app.use(eventHandler(…))`) or, as a file in `server/middleware`, a Nitro server: requests that pass
 * go on with `event.context.approov`, all others are answered (`401`, `{}`). WebSockets of h3 1: {@link judgeSockets}.
 *
 * @param guard - a guard, or the options of one
 * @param route - what this route demands differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { approov } from 'approov-guard/h3';
 * import { H3 } from 'h3';
 * const app = new H3();
 * app.use(approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } }));
 * app.get('/', (event) => ({ device: event.context.approov?.claims?.did }));
 * ```
 */
export function approov(guard: Guard | GuardOptions, route?: RouteOptions): H3Middleware {
  const guarded = guardOf(guard, route);
  const judge: H3Middleware = (event) => {
    const view = viewOfEither(event.web?.request ?? event.req, event.node?.req, pathReadByH3(event));
    return chain(guarded.guard.decide(view, guarded.route), (approov) => {
      Object.assign(event.context, { approov });
      return approov.action === 'refuse' ? refuseEvent(approov.refusal, view, event) : undefined;
    });
  };
  return Object.assign(judge, { __resolve__: claimSockets });
}
