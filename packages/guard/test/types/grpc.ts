/** The interceptor fits `@grpc/grpc-js`, and handlers of all kinds of calls find the decision. */
import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { approov, decisionOf } from 'approov-guard/grpc';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

export const interceptor: ServerInterceptor = approov(guard);
new Server({ interceptors: [approov(options), approov(guard, { binding: { headers: ['authorization'] } })] });

export const unary: handleUnaryCall<string, string | undefined> = (call, done) => {
  const decision = decisionOf(call);
  proves<Same<typeof decision, Decision | null>>();
  // @ts-expect-error: no guard may have stood before it
  decision.claims;
  done(null, decision?.claims?.did satisfies string | undefined);
};
export const clientStream: handleClientStreamingCall<string, string> = (call, done) => done(null, decisionOf(call)?.id ?? '');
export const serverStream: handleServerStreamingCall<string, string> = (call) => call.write(decisionOf(call)?.id ?? '');
export const bidi: handleBidiStreamingCall<string, string> = (call) => call.write(decisionOf(call)?.id ?? '');

// @ts-expect-error: an interceptor needs a guard or its options
approov();
// @ts-expect-error: a route has no keys
approov(guard, { keys: { secret: { base64: 'x' } } });
// @ts-expect-error: it is an interceptor for servers, in a list
new Server({ interceptors: approov(guard) });
// @ts-expect-error: a call has metadata
decisionOf({});
