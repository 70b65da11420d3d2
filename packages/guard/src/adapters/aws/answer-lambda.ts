/** Refusals in AWS's words. */
import { STATUS_CODES } from 'node:http';
import type { Refusal } from '../../http/refusal.ts';

/** The answer to a request, for API Gateway, function URLs and load balancers. */
export interface LambdaRefusal {
  readonly statusCode: number;
  /** Load balancers demand it; the others ignore it. */
  readonly statusDescription: string;
  readonly headers: { readonly [name: string]: string };
  readonly multiValueHeaders: { readonly [name: string]: string[] };
  readonly body: string;
  readonly isBase64Encoded: false;
}

/** A refusal for API Gateway, function URLs and load balancers (which read the one or the other kind of headers). */
export function lambdaRefusal({ status, headers, body }: Refusal): LambdaRefusal {
  const multiValueHeaders = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  return { statusCode: status, statusDescription: descriptionOf(status), headers, multiValueHeaders, body, isBase64Encoded: false };
}

/** What is needed of a response stream of Lambda's. */
export interface LambdaStream {
  write(chunk: string): unknown;
  end(): unknown;
}

/** What the runtime of Lambda has for handlers that stream their answers. */
interface LambdaGlobals {
  readonly awslambda?: {
    readonly HttpResponseStream?: {
      from(stream: LambdaStream, metadata: { readonly statusCode: number; readonly headers: object }): LambdaStream;
    };
  };
}

/** The response stream, where a handler is called with one: second, after the event. */
export function streamIn(parameters: readonly unknown[]): LambdaStream | null {
  // The casts hold: what stands there is asked for both of its functions.
  const [stream] = parameters as readonly [Partial<LambdaStream>?];
  return typeof stream?.write === 'function' && typeof stream.end === 'function' ? (stream as LambdaStream) : null;
}

/** Writes a refusal to a response stream and ends it: what a streaming handler returns, nobody reads. */
export function refuseStream(stream: LambdaStream, { status, headers, body }: Refusal): void {
  // The cast holds: Lambda puts it there for handlers that stream, and nobody else has the name.
  const { HttpResponseStream } = (globalThis as LambdaGlobals).awslambda ?? {};
  const answer = HttpResponseStream?.from(stream, { statusCode: status, headers }) ?? stream;
  // Status and headers go out with the first chunk, an empty one included.
  answer.write(body);
  answer.end();
}

/** The answer of Lambda@Edge to a viewer. */
export interface EdgeRefusal {
  readonly status: string;
  readonly statusDescription: string;
  readonly headers: { readonly [name: string]: { readonly key: string; readonly value: string }[] };
  readonly body: string;
}

/** A refusal for CloudFront. */
export function edgeRefusal({ status, headers, body }: Refusal): EdgeRefusal {
  const lists = Object.entries(headers).map(([key, value]) => [key.toLowerCase(), [{ key, value }]]);
  return { status: String(status), statusDescription: STATUS_CODES[status] ?? '', headers: Object.fromEntries(lists), body };
}

function descriptionOf(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trim();
}
