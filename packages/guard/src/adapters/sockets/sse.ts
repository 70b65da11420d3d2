/** Server-sent events, and every other response that takes its time: ends the stream when the token expires. The client comes back. */

import type { Route } from '../../core/judge/case.ts';
import type { Guard } from '../../guard/guard.ts';
import type { Decision } from '../../http/decide.ts';
import { endableStream } from './endable-stream.ts';

/** What is needed of a response: satisfied by `http.ServerResponse`, and so by Express's, Koa's `context.res`, Fastify's `reply.raw`. */
export interface EventResponse {
  end(): unknown;
  on(event: 'close', listener: () => void): unknown;
}

/**
 * Ends a response when the token of its request expires. Asks nothing: the adapter of your framework has judged the request.
 *
 * @param guard - the guard that decided
 * @param decision - what it decided, `request.approov`
 * @param response - the response
 * @param route - the route by which it was judged, if it has a clock tolerance of its own
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { createGuard } from 'approov-guard';
 * import { approov } from 'approov-guard/node';
 * import { endAtExpiry } from 'approov-guard/sse';
 * const guard = createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } });
 * const events = approov(guard, (request, response) => {
 *   response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: hello\n\n');
 *   endAtExpiry(guard, request.approov, response);
 * });
 * createServer(events).listen(8002);
 * ```
 */
export function endAtExpiry(guard: Guard, decision: Decision, response: EventResponse, route?: Route): void {
  response.on(
    'close',
    guard.whenExpired(decision, () => response.end(), route),
  );
}

/** The same for fetch platforms: a stream that ends when the token expires. `new Response(untilExpiry(guard, request.approov, events))` */
export function untilExpiry<Chunk>(guard: Guard, decision: Decision, events: ReadableStream<Chunk>, route?: Route): ReadableStream<Chunk> {
  const { readable, end } = endableStream(events, () => callOff());
  const callOff = guard.whenExpired(decision, end, route);
  return readable;
}
