/// <reference types="@hapi/hapi" preserve="true" />
/** hapi 21: an extension for `onPreAuth`, of the server or of a route. */
import { chain, type MaybePromise } from '../core/result.ts';
import { guardOf } from '../guard/create-guard.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../guard/options.ts';
import type { Decision } from '../http/decide.ts';
import { type NodeRequest, viewShownBy } from '../http/view-node.ts';

declare module '@hapi/hapi' {
  interface PluginsStates {
    /** The decision of the guard that this request passed. */
    approov: Decision;
  }
}

/** What is needed of hapi's request and toolkit. */
type Request = { readonly raw: { readonly req: NodeRequest }; readonly path: string; readonly plugins: object };
interface Answer {
  code(status: number): Answer;
  charset(name: string): unknown;
  header(name: string, value: string): Answer;
  takeover(): Answer;
}
type Toolkit<Continue extends symbol> = { readonly continue: Continue; response(body: string): Answer };

/** A lifecycle method. */
export type HapiExtension = <Continue extends symbol>(request: Request, h: Toolkit<Continue>) => MaybePromise<Continue | object>;

/**
 * Protects a hapi server (`server.ext('onPreAuth', …)`) or a route (`{ ext: { onPreAuth: { method: … } } }`): requests that pass go on with
 * `request.plugins.approov`, all others are answered (`401`, `{}`). It comes after routing and hapi's own CORS, and before authentication and
 * parsing. What no route handles is answered by hapi, unjudged: 404. It is not an authentication scheme, so yours stay as they are.
 *
 * @param guard - a guard, or the options of one
 * @param route - what this route demands differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { server as createServer } from '@hapi/hapi';
 * import { approov } from 'approov-guard/hapi';
 * const server = createServer();
 * server.ext('onPreAuth', approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } }));
 * server.route({ method: 'GET', path: '/', handler: (request) => ({ device: request.plugins.approov.claims?.did }) });
 * ```
 */
export function approov(guard: Guard | GuardOptions, route?: RouteOptions): HapiExtension {
  const guarded = guardOf(guard, route);
  return (request, h) =>
    chain(guarded.guard.decide(viewShownBy('hapi', request, request.raw.req, request.path), guarded.route), (decision: Decision) => {
      Object.assign(request.plugins, { approov: decision });
      if (decision.action === 'pass') return h.continue;
      const answer = h.response(decision.refusal.body).code(decision.refusal.status);
      for (const [name, value] of Object.entries(decision.refusal.headers)) answer.header(name, value);
      answer.charset(''); // Else hapi would add one to the content type.
      return answer.takeover();
    });
}
