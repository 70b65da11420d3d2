/** `node:http`, `node:https` and the compatibility API of `node:http2`: a request listener around yours. */
import { chain } from '../core/result.ts';
import { guardOf } from '../guard/create-guard.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../guard/options.ts';
import type { Decision } from '../http/decide.ts';
import { answerNode, type NodeResponse } from '../http/refusal.ts';
import { type NodeRequest, NodeRequestView } from '../http/view-node.ts';

/**
 * Protects a request listener: it is called, with `request.approov`, for requests that pass; all others are answered (`401`, `{}`).
 * What your listener throws or rejects with goes where it went before.
 *
 * @param guard - a guard, or the options of one
 * @param listener - your listener
 * @param route - what is demanded here differently from the guard as a whole
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { approov } from 'approov-guard/node';
 * const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
 * const server = createServer(
 *   approov({ keys }, (request, response) => response.end(`hello ${request.approov.claims?.did}`)),
 * );
 * server.close();
 * ```
 */
export function approov<
  Request extends NodeRequest = import('node:http').IncomingMessage,
  Response extends NodeResponse = import('node:http').ServerResponse,
>(
  guard: Guard | GuardOptions,
  listener: (request: Request & { approov: Decision }, response: Response) => unknown,
  route?: RouteOptions,
): (request: Request, response: Response) => unknown {
  const guarded = guardOf(guard, route);
  return (request, response) => {
    const proceed = (decision: Decision): unknown => {
      Object.assign(request, { approov: decision });
      // The cast holds: the property was set just now.
      if (decision.action === 'pass') return listener(request as Request & { approov: Decision }, response);
      return answerNode(response, decision.refusal);
    };
    return chain(guarded.guard.decide(new NodeRequestView(request), guarded.route), proceed);
  };
}
