/** Namespaces of socket.io: judged one by one, by the handshake of their connection and by what the client says in `auth`. */

import { ConfigurationError } from '../../checks/configuration-error.ts';
import { guardOf } from '../../guard/create-guard.ts';
import type { Guard } from '../../guard/guard.ts';
import type { GuardOptions, RouteOptions } from '../../guard/options.ts';
import type { Decision } from '../../http/decide.ts';
import { namespaceError } from '../../http/refusal-errors.ts';
import type { NodeRequest } from '../../http/view-node.ts';
import { Connection, placesOf } from './connection.ts';
import { OperationView, type Said } from './view-operation.ts';

/** What is needed of a socket in a namespace. */
interface NamespaceSocket {
  readonly request: NodeRequest;
  readonly handshake: { readonly auth?: Said };
  readonly conn: { on(event: 'close', listener: () => void): unknown };
  disconnect(): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}
/** What is needed of a socket.io server, or of one of its namespaces. */
export interface SocketIoNamespaces {
  // biome-ignore lint/suspicious/noExplicitAny: the classes of socket.io have parameters that are not seen from here.
  use(middleware: (socket: any, next: (error?: Error) => void) => void): unknown;
}
type Options = { readonly connectionStateRecovery?: { readonly skipMiddlewares?: boolean } };
type Server = {
  readonly _opts: Options;
  readonly _nsps: ReadonlyMap<string, SocketIoNamespaces>;
  on(event: 'new_namespace', listener: (namespace: SocketIoNamespaces) => void): unknown;
};

/** What a socket has whose CONNECT passed. */
export interface AdmittedSocket {
  readonly approov: Decision;
  readonly approovConnection: Connection;
}

/**
 * Judges every CONNECT to a namespace before its handlers run: the token and the headers that it is bound to may be in the handshake or in what
 * the client sends as `auth` (`io(url, { auth: { 'approov-token': token } })`), which a browser can always set; in both they are duplicates.
 * Refused clients get `connect_error`, `Unauthorized`. Sockets that pass have `socket.approov`, and `socket.approovConnection.renew(token)`; when
 * the token expires the namespace is left. Does not judge events, nor what `io.engine` shows before a namespace is asked for.
 *
 * @param guard - a guard, or the options of one
 * @param target - the server, for all its namespaces, present and to come; or one namespace (`io.of('/admin')`). Before other middleware of theirs
 * @param route - what is demanded here differently
 * @throws ConfigurationError for any mistake in the options; also where recovered connections skip middleware, as is socket.io's default
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { judgeNamespaces } from 'approov-guard/socket-io';
 * import { Server } from 'socket.io';
 * const server = new Server(createServer().listen(8002));
 * judgeNamespaces({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } }, server);
 * ```
 */
export function judgeNamespaces(guard: Guard | GuardOptions, target: SocketIoNamespaces, route?: RouteOptions): void {
  const guarded = guardOf(guard, route);
  const places = placesOf(guarded);
  // The casts hold: a namespace knows its server, and a server its namespaces. So they do below.
  const { server = target } = target as { readonly server?: unknown };
  refuseSkipping((server as Server)._opts);
  const judge = async (socket: NamespaceSocket, next: (error?: Error) => void): Promise<void> => {
    const handshake = new OperationView(socket.request, places, socket.handshake.auth);
    const decision = await guarded.guard.decide(handshake, guarded.route);
    if (decision.action === 'refuse') return next(namespaceError(decision));
    const approovConnection = new Connection({ guarded, handshake, decision, close: () => socket.disconnect() });
    socket.on('disconnect', () => approovConnection.end());
    socket.conn.on('close', () => approovConnection.end());
    Object.assign(socket, { approov: decision, approovConnection } satisfies AdmittedSocket);
    return next();
  };
  if (server !== target) target.use(judge);
  else {
    const { _nsps: present } = server as Server;
    for (const namespace of present.values()) namespace.use(judge);
    (server as Server).on('new_namespace', (namespace) => namespace.use(judge));
  }
}

function refuseSkipping({ connectionStateRecovery: recovery }: Options): void {
  if (recovery === undefined || recovery.skipMiddlewares === false) return;
  const path = 'connectionStateRecovery.skipMiddlewares';
  throw new ConfigurationError('options-contradict', path, 'must be false: recovered connections would not be judged');
}
