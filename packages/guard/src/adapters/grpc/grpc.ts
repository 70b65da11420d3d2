/** gRPC, with `@grpc/grpc-js` 1.10 and newer: a server interceptor, for unary calls and streams. */

import { guardOf, refuseUnheld } from '../../guard/create-guard.ts';
import type { Guard } from '../../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../../guard/options.ts';
import type { Decision } from '../../http/decide.ts';
import { grpcStatus, judgedCall } from './answer-grpc.ts';
import { type GrpcCall, type GrpcMetadata, GrpcRequestView } from './view-grpc.ts';

const decisions: WeakMap<GrpcMetadata, Decision> = new WeakMap();

/** A server interceptor. What it answers stands for the call that it is given. */
export type GrpcInterceptor = <Call>(method: { readonly path: string }, call: GrpcCall) => Call;

/**
 * Protects every method of a server: calls that pass reach their handlers, all others end with `UNAUTHENTICATED` (in an outage on our side
 * `UNAVAILABLE`) before a message is read. The token is in the metadata `approov-token`; bound headers are metadata too. A method is exempt
 * or has a route of its own by its path, `/package.Service/Method`. A stream is judged when it begins.
 *
 * @param guard - a guard, or the options of one
 * @param route - what is demanded here differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { Server } from '@grpc/grpc-js';
 * import { approov } from 'approov-guard/grpc';
 * const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
 * const server = new Server({ interceptors: [approov({ keys, binding: { headers: ['authorization'] } })] });
 * ```
 */
export function approov(guard: Guard | GuardOptions, route?: RouteOptions): GrpcInterceptor {
  const guarded = refuseUnheld(guardOf(guard, route), 'gRPC');
  const intercept = ({ path }: { readonly path: string }, call: GrpcCall): GrpcCall =>
    judgedCall(call, async (metadata, pass) => {
      const decision = await guarded.guard.decide(new GrpcRequestView(call, path, metadata), guarded.route);
      decisions.set(metadata, decision);
      if (decision.action === 'pass') pass();
      else call.sendStatus(grpcStatus(decision));
    });
  // The cast holds: the answer is the given call, with all its members.
  return intercept as GrpcInterceptor;
}

/** The decision about a call: `decisionOf(call)` in a handler. `null` if no guard stood before it. */
export function decisionOf(call: { readonly metadata: GrpcMetadata }): Decision | null {
  return decisions.get(call.metadata) ?? null;
}
