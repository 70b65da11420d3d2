/** socket.io 4: every request of its transports is judged before it is accepted; connections are closed when the token expires. */
import type { IncomingMessage } from 'node:http';
import { guardOf } from '../../guard/create-guard.ts';
import type { Guard } from '../../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../../guard/options.ts';
import type { NodeResponse } from '../../http/refusal.ts';
import { answerTransport } from './answer-upgrade.ts';
import { Connection, tokenPlaceOf } from './connection.ts';
import { HandshakeView, hideOfferedToken } from './view-handshake.ts';

export { type AdmittedSocket, judgeNamespaces } from './socket-io-namespaces.ts';

/** What is needed of the engine below a socket.io server. */
interface Engine {
  use(middleware: (request: IncomingMessage, response: NodeResponse, next: () => void) => void): unknown;
  on(event: 'connection', listener: (socket: EngineSocket) => void): unknown;
}
type EngineSocket = { readonly request: object; close(discard?: boolean): void; on(event: 'close', listener: () => void): unknown };

/**
 * Protects a socket.io server that is attached to its HTTP server: refused requests are answered (`401`, `{}`). The token is taken from its
 * header (`extraHeaders`), from `x-approov-token`, or from an offered subprotocol `approov-token.<token>`; polling clients send it each time.
 * Handlers find `socket.request.approov`, and with `socket.request.approovConnection.renew(token)` a connection outlives its first token.
 * One handshake opens all namespaces: {@link judgeNamespaces} judges each of them.
 *
 * @param guard - a guard, or the options of one
 * @param server - the socket.io server
 * @param route - what is demanded here differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { approov } from 'approov-guard/socket-io';
 * import { Server } from 'socket.io';
 * const server = new Server(createServer().listen(8002));
 * approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } }, server);
 * ```
 */
export function approov(guard: Guard | GuardOptions, server: { readonly engine: Engine }, route?: RouteOptions): void {
  const guarded = guardOf(guard, route);
  const place = tokenPlaceOf(guarded);
  const opened = new WeakMap<object, ConstructorParameters<typeof Connection>[0]>();
  server.engine.use(async (request, response, next) => {
    const handshake = new HandshakeView(request, place);
    const decision = await guarded.guard.decide(handshake, guarded.route);
    if (decision.action === 'refuse') return answerTransport(response, decision.refusal);
    hideOfferedToken(request.headers);
    opened.set(Object.assign(request, { approov: decision }), { guarded, handshake, decision, close: () => undefined });
    return next();
  });
  server.engine.on('connection', (socket) => {
    const parts = opened.get(socket.request);
    if (parts === undefined) return socket.close(true);
    const approovConnection = new Connection({ ...parts, close: () => socket.close() });
    Object.assign(socket.request, { approovConnection });
    socket.on('close', () => approovConnection.end());
  });
}
