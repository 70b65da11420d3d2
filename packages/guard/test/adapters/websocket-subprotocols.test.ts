/** Browsers say the token in a subprotocol: the companion beside it is selected, and the token never comes back. */
import { deepStrictEqual } from 'node:assert';
import { createServer } from 'node:http';
import { it } from 'node:test';
import { approov as onSocketIo } from 'approov-guard/socket-io';
import { approov } from 'approov-guard/websocket';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { WebSocket, WebSocketServer } from 'ws';
import { guard, listening, withToken } from './serving.ts';

const token = `approov-token.${withToken()['approov-token']}`;

it('ws selects the companion, whichever place it has, and nothing where the token stands alone', async (context) => {
  const server = createServer().on('upgrade', approov(guard(), new WebSocketServer({ noServer: true })));
  const port = await listening(context, server);
  const offer = (...protocols: string[]): Promise<string> =>
    new Promise((resolve) => {
      const client = new WebSocket(`ws://127.0.0.1:${port}`, protocols);
      client.once('open', () => resolve(client.protocol)).once('error', ({ message }) => resolve(message));
      context.after(() => client.terminate());
    });
  deepStrictEqual([await offer('approov', token), await offer(token, 'approov')], ['approov', 'approov']);
  deepStrictEqual(await offer(token), 'Server sent no subprotocol');
  deepStrictEqual(await offer('approov', 'approov-token.a.b.c'), 'Unexpected server response: 401');
});

it('socket.io selects the companion', async (context) => {
  const server = createServer();
  const sockets = new Server(server);
  onSocketIo(guard(), sockets);
  const port = await listening(context, server);
  const client = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], protocols: ['approov', token], reconnection: false });
  context.after(() => client.close());
  const outcome = new Promise((resolve) => client.once('connect', () => resolve('open')).once('connect_error', resolve));
  deepStrictEqual(await outcome, 'open');
});
