/** gRPC's words for refusals (https://grpc.io/docs/guides/status-codes): the same details whatever the reason. */
import type { Refuse } from '../../http/decide.ts';
import { statusOf } from '../../http/refusal.ts';
import type { GrpcCall, GrpcListener, GrpcMetadata } from './view-grpc.ts';

/** `UNAUTHENTICATED`; `UNAVAILABLE` for an outage on our side and `RESOURCE_EXHAUSTED` for a share that is used up, which clients may retry. */
export function grpcStatus({ verdict }: Refuse): { readonly code: number; readonly details: string } {
  const status = statusOf(verdict, 401);
  if (status === 503) return { code: 14, details: 'Unavailable' };
  return status === 429 ? { code: 8, details: 'Resource Exhausted' } : { code: 16, details: 'Unauthenticated' };
}

/**
 * The same call, but its metadata reach the listener only by way of `judge`. Nothing is read of the call before they do. A call that ends
 * while it is judged reaches no handler: nobody would tell it that the client is gone.
 */
export function judgedCall<Call extends GrpcCall>(call: Call, judge: (metadata: GrpcMetadata, pass: () => void) => void): Call {
  const start = (listener: GrpcListener): void => {
    let ended = false;
    const passOn = (metadata: GrpcMetadata): void => {
      if (!ended) listener.onReceiveMetadata(metadata);
    };
    call.start({
      onReceiveMetadata: (metadata) => judge(metadata, () => passOn(metadata)),
      onReceiveMessage: (message) => listener.onReceiveMessage(message),
      onReceiveHalfClose: () => listener.onReceiveHalfClose(),
      onCancel: () => {
        ended = true;
        listener.onCancel();
      },
    });
  };
  return new Proxy(call, {
    get: (target, name): unknown => {
      if (name === 'start') return start;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
