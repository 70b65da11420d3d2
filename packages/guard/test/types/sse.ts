/** Responses of Node, Express, Koa, Fastify and HTTP/2 can be ended; streams of fetch platforms keep their chunks. */
import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Decision, Guard } from 'approov-guard';
import { endAtExpiry, untilExpiry } from 'approov-guard/sse';
import type { Response as ExpressResponse } from 'express';
import type { FastifyReply } from 'fastify';
import type { Context } from 'koa';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const decision: Decision;

export function end(node: ServerResponse, http2: Http2ServerResponse, express: ExpressResponse, koa: Context, reply: FastifyReply): void {
  endAtExpiry(guard, decision, node);
  endAtExpiry(guard, decision, http2);
  endAtExpiry(guard, decision, express, guard.route({ mode: 'observe' }));
  endAtExpiry(guard, decision, koa.res);
  endAtExpiry(guard, decision, reply.raw);
  // @ts-expect-error: the guard that decided is asked when
  endAtExpiry(decision, node);
  // @ts-expect-error: a route is compiled by `guard.route`
  endAtExpiry(guard, decision, node, { mode: 'observe' });
}

export function stream(events: ReadableStream<string>): Response {
  const ending = untilExpiry(guard, decision, events);
  proves<Same<typeof ending, ReadableStream<string>>>();
  // @ts-expect-error: a response is no stream
  untilExpiry(guard, decision, new Response());
  return new Response(ending.pipeThrough(new TextEncoderStream()));
}
