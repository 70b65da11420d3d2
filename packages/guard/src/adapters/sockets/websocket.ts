/** WebSocket connections, with `ws` or a bare `upgrade` listener: judged before the upgrade is accepted, closed when the token expires. */
import type { IncomingMessage } from 'node:http';
import { guardOf } from '../../guard/create-guard.ts';
import type { Guard } from '../../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../../guard/options.ts';
import type { Decision } from '../../http/decide.ts';
import { answerUpgrade, closeExpired, type UpgradeSocket, type WebSocketServerLike } from './answer-upgrade.ts';
import { Connection, tokenPlaceOf } from './connection.ts';
import { HandshakeView, hideOfferedToken } from './view-handshake.ts';

/** A request whose handshake passed. */
export type AdmittedRequest = IncomingMessage & { readonly approov: Decision; readonly approovConnection: Connection };
/** An upgrade listener. */
export type UpgradeListener<Request> = (request: Request, socket: UpgradeSocket, head: Uint8Array) => unknown;

/**
 * A listener for `server.on('upgrade', …)`. Genuine requests are upgraded by `accept`; all others are answered (`401`, `{}`). The token is
 * taken from its header, from `x-approov-token`, or from an offered subprotocol `approov-token.<token>`, which the server never selects.
 * When the token expires the connection is closed (code 3000), unless `request.approovConnection.renew(token)` was given a new one.
 *
 * @param guard - a guard, or the options of one
 * @param accept - a `WebSocketServer`, or your own upgrade listener, whose socket is destroyed when the token expires
 * @param route - what is demanded here differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { approov } from 'approov-guard/websocket';
 * import { WebSocketServer } from 'ws';
 * const sockets = new WebSocketServer({ noServer: true });
 * createServer().on('upgrade', approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } }, sockets)).listen(8002);
 * ```
 */
export function approov(
  guard: Guard | GuardOptions,
  accept: WebSocketServerLike | UpgradeListener<AdmittedRequest>,
  route?: RouteOptions,
): UpgradeListener<IncomingMessage> {
  const guarded = guardOf(guard, route);
  const place = tokenPlaceOf(guarded);
  return async (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const handshake = new HandshakeView(request, place);
    const decision = await guarded.guard.decide(handshake, guarded.route);
    if (decision.action === 'refuse') return answerUpgrade(socket, decision.refusal);
    hideOfferedToken(request.headers);
    const approovConnection = new Connection({ guarded, handshake, decision, close: () => socket.destroy() });
    socket.on('close', () => approovConnection.end());
    const admitted = Object.assign(request, { approov: decision, approovConnection });
    if (typeof accept === 'function') return accept(admitted, socket, head);
    return accept.handleUpgrade(admitted, socket, head, (client) => {
      approovConnection.closeBy(() => closeExpired(client, socket));
      accept.emit('connection', client, admitted);
    });
  };
}
