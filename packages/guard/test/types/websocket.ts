/** The listener fits Node's servers and the package `ws`, and types the request that `accept` gets. */
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { type AdmittedRequest, approov } from 'approov-guard/websocket';
import { WebSocketServer } from 'ws';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

const sockets = new WebSocketServer({ noServer: true });
createServer().on('upgrade', approov(options, sockets));
createTlsServer({}).on('upgrade', approov(guard, sockets, { binding: { headers: ['authorization'] } }));
sockets.on('connection', (client, request) => {
  // `ws` hands on the request as it is: `AdmittedRequest` is its type.
  const { approov: decision, approovConnection } = request as AdmittedRequest;
  proves<Same<typeof decision, Decision>>();
  client.on('message', (data) => {
    const renewed: Promise<Decision> = approovConnection.renew(String(data));
    renewed.catch(() => client.close());
  });
});
createServer().on(
  'upgrade',
  approov(guard, (request, socket, head) => {
    proves<Same<typeof request.approov, Decision>>();
    // @ts-expect-error: claims may be absent
    request.approov.claims.did;
    // @ts-expect-error: a token is a text
    request.approovConnection.renew(head);
    socket.write(head);
    socket.end(request.headers.host);
  }),
);

// @ts-expect-error: somebody has to accept
approov(guard);
// @ts-expect-error: a server that listens by itself was not told
approov(guard, createServer());
// @ts-expect-error: a route has no keys
approov(guard, sockets, { keys: { secret: { base64: 'x' } } });
