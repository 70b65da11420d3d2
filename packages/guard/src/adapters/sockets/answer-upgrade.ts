/** Answers a request for an upgrade on its bare socket, and ends WebSocket connections. */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { answerNode, type NodeResponse, type Refusal } from '../../http/refusal.ts';

/** What is needed of a socket: satisfied by `net.Socket` and `tls.TLSSocket`. */
export interface UpgradeSocket {
  readonly destroyed: boolean;
  write(data: string | Uint8Array): unknown;
  end(data?: string): unknown;
  destroy(): unknown;
  on(event: string, listener: () => void): unknown;
}

/** How a WebSocket connection is closed when its token has expired: 3000 is `Unauthorized` in IANA's registry of close codes. */
export const EXPIRED = { code: 3000, reason: 'attestation token expired' };

/** What is needed of a WebSocket: satisfied by that of the package `ws`. */
export interface ClosableWebSocket {
  close(code: number, reason: string): void;
}

/** What is needed of a `WebSocketServer` of the package `ws`, made with `noServer: true`. */
export interface WebSocketServerLike {
  handleUpgrade(request: IncomingMessage, socket: UpgradeSocket, head: Uint8Array, done: (client: ClosableWebSocket) => void): void;
  emit(event: 'connection', client: ClosableWebSocket, request: IncomingMessage): unknown;
}

/** Closes a WebSocket whose token has expired, and its socket once that is said: what the client still sends is not read. */
export function closeExpired(client: ClosableWebSocket, socket: UpgradeSocket & { destroySoon?(): void }): void {
  client.close(EXPIRED.code, EXPIRED.reason);
  if (socket.destroySoon === undefined) socket.destroy();
  else socket.destroySoon();
}

/** Writes the refusal and ends the connection. */
export function answerUpgrade(socket: UpgradeSocket, { status, headers, body }: Refusal): void {
  const fields = { ...headers, 'content-length': String(new TextEncoder().encode(body).length), connection: 'close' };
  const lines = Object.entries(fields).map(([name, value]) => `${singleLine(name)}: ${singleLine(value)}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** Answers a request of which only the framework knows whether it asks for an upgrade: such a one has no real response. */
export function answerTransport(response: NodeResponse & { readonly socket?: unknown }, refusal: Refusal): void {
  if (typeof response.statusCode === 'number') answerNode(response, refusal);
  // The cast holds: what stands in for the response has the socket.
  else answerUpgrade(response.socket as UpgradeSocket, refusal);
}

/** A renderer of the user's may have put anything into its headers. */
function singleLine(text: string): string {
  return text.replace(/[\r\n\0]/g, ' ');
}
