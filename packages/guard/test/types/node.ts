/** The listener fits Node's servers, and keeps the types of its own request and response. */
import { createServer, IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import { createServer as createHttp2Server, createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/node';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

createServer(
  approov(options, (request, response) => {
    proves<Same<typeof request.approov, Decision>>();
    response.writeHead(200).end(request.approov.claims?.did satisfies string | undefined);
    // @ts-expect-error: claims may be absent
    request.approov.claims.did;
  }),
);
createTlsServer(
  {},
  approov(guard, async (request, response) => void response.end(request.headers.host)),
);
createServer().on(
  'request',
  approov(guard, (_request, response) => void response.end('ok'), { mode: 'observe' }),
);
export const listener: RequestListener = approov(guard, (_request, response) => void response.end());

const http2 = approov(guard, (request: Http2ServerRequest & { approov: Decision }, response: Http2ServerResponse) => {
  response.stream.respond({ ':status': 200 });
  response.end(request.approov.id);
});
createHttp2Server(http2);
createSecureServer({}, http2);
createHttp2Server(approov<Http2ServerRequest, Http2ServerResponse>(guard, (request, response) => void response.end(request.authority)));

class OwnRequest extends IncomingMessage {
  readonly own: string = 'own';
}
createServer(
  { IncomingMessage: OwnRequest, ServerResponse },
  approov(
    guard,
    (request: OwnRequest & { approov: Decision }, response: ServerResponse) => void response.end(request.own + request.approov.id),
  ),
);

// @ts-expect-error: a listener is needed
approov(guard);
// @ts-expect-error: the listener's first argument is the request
approov(guard, (request: number) => request);
// @ts-expect-error: no such route option
approov(guard, () => undefined, { exempt: ['/'] });
