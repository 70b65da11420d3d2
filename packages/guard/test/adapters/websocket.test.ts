/** WebSockets: `ws`, a bare upgrade, socket.io. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { type ManualClock, manualClock } from '@approov-guard/testkit';
import { approov as approovIo } from 'approov-guard/socket-io';
import { type AdmittedRequest, approov } from 'approov-guard/websocket';
import { Server as IoServer } from 'socket.io';
import { type Socket as IoClient, io } from 'socket.io-client';
import { WebSocket, WebSocketServer } from 'ws';
import { until } from '../../../../tools/until.mjs';
import type { Guard, GuardOptions } from '../../src/index.ts';
import { asyncGuard, guard, listening, NOW, withToken } from './serving.ts';

const genuine = { ...withToken({ bind: 'a' }), authorization: 'a' };
const bound: Partial<GuardOptions> = { binding: { headers: ['authorization'] } };

/**
 * A guard whose clock stands just before tokens of `withToken({ lifetimeSeconds: 1 })` expire, until the test moves it. As they are about
 * to, it is looked at every few milliseconds.
 */
function expiring(options: Partial<GuardOptions> = {}): { readonly running: Guard; readonly clock: ManualClock } {
  const clock = manualClock(NOW + 995);
  return { running: guard({ ...options, now: clock.now }), clock };
}

/** Echoes messages; `renew <token>` renews. */
async function echoing(context: TestContext, inner: Guard): Promise<string> {
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on('connection', (socket, request: IncomingMessage) => {
    // The cast holds: only admitted requests come here.
    const { approov: decision, approovConnection } = request as AdmittedRequest;
    socket.send(`hello ${decision.claims?.did}`);
    socket.on('message', async (data) => {
      const [word, token = ''] = String(data).split(' ');
      socket.send(word === 'renew' ? (await approovConnection.renew(token)).action : String(data));
    });
  });
  const port = await listening(context, createServer().on('upgrade', approov(inner, sockets)));
  return `ws://127.0.0.1:${port}/chat`;
}

/** Opens a connection: the first message and the socket, or the status of the refusal. */
function opened(url: string, headers: object, protocols: string[] = []): Promise<{ first: string; socket: WebSocket } | number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols, { headers: { ...headers } });
    socket.on('message', (data) => resolve({ first: String(data), socket }));
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('error', reject);
  });
}

async function admitted(url: string, headers: object, protocols: string[] = []): Promise<WebSocket> {
  const result = await opened(url, headers, protocols);
  if (typeof result === 'number') throw new Error(`refused: ${result}`);
  return result.socket;
}

for (const [name, make] of Object.entries({ 'decided at once': guard, 'decided later': asyncGuard })) {
  describe(`ws, ${name}`, () => {
    it('upgrades genuine requests, and hands on the decision', async (context) => {
      const result = await opened(await echoing(context, make(bound)), genuine);
      ok(typeof result === 'object');
      strictEqual(result.first, 'hello ExampleApproovTokenDID==');
      result.socket.terminate();
    });

    it('answers all others 401 before the upgrade', async (context) => {
      const url = await echoing(context, make(bound));
      deepStrictEqual(await opened(url, {}), 401);
      deepStrictEqual(await opened(url, withToken()), 401);
      deepStrictEqual(await opened(url, { ...genuine, authorization: 'b' }), 401);
      deepStrictEqual(await opened(await echoing(context, make({ keys: { current: () => null } })), genuine), 503);
    });
  });
}

describe('ws', () => {
  const token = withToken()['approov-token'];

  it('takes the token from x-approov-token, or from a subprotocol that it never selects', async (context) => {
    const url = await echoing(context, guard());
    (await admitted(url, { 'x-approov-token': token })).terminate();
    const socket = await admitted(url, {}, [`approov-token.${token}`, 'chat']);
    strictEqual(socket.protocol, 'chat');
    socket.terminate();
  });

  it('takes it so where the header has another name and a scheme', async (context) => {
    const url = await echoing(context, guard({ token: { header: 'authorization', prefix: 'Bearer' } }));
    (await admitted(url, { 'x-approov-token': token })).terminate();
    (await admitted(url, { authorization: `Bearer ${token}` })).terminate();
  });

  it('refuses tokens in two places, and in the query', async (context) => {
    const url = await echoing(context, guard());
    strictEqual(await opened(url, { 'x-approov-token': token, 'approov-token': token }), 401);
    strictEqual(await opened(url, withToken(), [`approov-token.${token}`, 'chat']), 401);
    strictEqual(await opened(`${url}?approov-token=${token}&x-approov-token=${token}`, {}), 401);
  });

  it('closes the connection with code 3000 when the token expires', async (context) => {
    const { running, clock } = expiring();
    const socket = await admitted(await echoing(context, running), withToken({ lifetimeSeconds: 1 }));
    clock.advance(5);
    const [code] = (await once(socket, 'close')) as [number];
    strictEqual(code, 3000);
  });

  it('reads nothing from a client that ignores the end of its token', async (context) => {
    let seen = 0;
    const { running, clock } = expiring();
    const sockets = new WebSocketServer({ noServer: true });
    sockets.on('connection', (socket) => socket.on('message', () => seen++));
    const port = await listening(context, createServer().on('upgrade', approov(running, sockets)));
    const token = withToken({ lifetimeSeconds: 1 })['approov-token'];
    const client = connect(port, '127.0.0.1');
    client.on('error', () => undefined);
    const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13';
    client.write(`GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${key}\r\nApproov-Token: ${token}\r\n\r\n`);
    const message = Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x61]);
    const sending = setInterval(() => client.write(message), 10);
    context.after(() => clearInterval(sending));
    const closed = new Promise((resolve) => client.on('close', resolve));
    await until(() => seen > 0);
    clock.advance(5);
    await closed;
  });

  it('lives on with a new token, and not with a bad one', async (context) => {
    const { running, clock } = expiring(bound);
    const url = await echoing(context, running);
    const bind = { bind: 'a', lifetimeSeconds: 1 };
    const other = await admitted(url, { ...withToken(bind), authorization: 'a' });
    const socket = await admitted(url, { ...withToken(bind), authorization: 'a' });
    const renewed = async (options: object): Promise<string> => {
      socket.send(`renew ${withToken(options)['approov-token']}`);
      return String((await once(socket, 'message'))[0]);
    };
    strictEqual(await renewed({ bind: 'b' }), 'refuse');
    strictEqual(await renewed({ ...bind, lifetimeSeconds: 2 }), 'pass');
    strictEqual(await renewed({ lifetimeSeconds: -1 }), 'refuse');
    clock.advance(5);
    await once(other, 'close');
    socket.send('still there');
    strictEqual(String((await once(socket, 'message'))[0]), 'still there');
    clock.advance(1000);
    await once(socket, 'close');
  });

  it('keeps observed connections open', async (context) => {
    const url = await echoing(context, expiring({ mode: 'observe' }).running);
    const socket = await admitted(url, withToken({ lifetimeSeconds: -1 }));
    socket.send('still there');
    strictEqual(String((await once(socket, 'message'))[0]), 'still there');
    socket.terminate();
  });
});

describe('a bare upgrade', () => {
  async function exchange(context: TestContext, inner: Guard, headers: readonly string[], accepted = () => {}): Promise<string> {
    const accept = (request: AdmittedRequest, socket: { write(text: string): unknown }): void => {
      accepted();
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: own\r\n\r\n${request.approov.claims?.did}`);
    };
    const port = await listening(context, createServer().on('upgrade', approov(inner, accept)));
    const client = connect(port, '127.0.0.1');
    const got: Buffer[] = [];
    client.on('data', (data) => got.push(data));
    client.write(['GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: own', ...headers, '', ''].join('\r\n'));
    await once(client, 'close');
    return Buffer.concat(got).toString();
  }

  it('gets the whole standard refusal', async (context) => {
    const fields =
      'content-type: application/json\r\ncache-control: no-store\r\nwww-authenticate: Approov\r\ncontent-length: 2\r\nconnection: close';
    strictEqual(await exchange(context, guard(), []), `HTTP/1.1 401 Unauthorized\r\n${fields}\r\n\r\n{}`);
  });

  it('is accepted by the listener, and destroyed when the token expires', async (context) => {
    const token = withToken({ lifetimeSeconds: 1 })['approov-token'];
    const { running, clock } = expiring();
    const text = await exchange(context, running, [`Approov-Token: ${token}`], () => clock.advance(5));
    ok(text.startsWith('HTTP/1.1 101'));
    ok(text.endsWith('ExampleApproovTokenDID=='));
  });

  it('splits no response by what a renderer puts into a header', async (context) => {
    const render = (): { status: number; headers: { [name: string]: string }; body: string } => ({
      status: 403,
      headers: { 'x-own': 'a\r\nset-cookie: b' },
      body: 'é',
    });
    const text = await exchange(context, guard({ refusal: { render } }), []);
    strictEqual(text, 'HTTP/1.1 403 Forbidden\r\nx-own: a  set-cookie: b\r\ncontent-length: 2\r\nconnection: close\r\n\r\né');
  });
});

for (const transport of ['polling', 'websocket'] as const) {
  describe(`socket.io, ${transport}`, () => {
    async function serving(context: TestContext, inner: Guard): Promise<string> {
      const http = createServer();
      const server = new IoServer(http);
      approovIo(inner, server);
      // The cast holds: only admitted requests come here.
      server.on('connection', (socket) => {
        const request = socket.request as AdmittedRequest;
        socket.emit('hello', request.approov.claims?.did);
        socket.on('renew', async (token: string, done) => done((await request.approovConnection.renew(token)).action));
      });
      context.after(() => server.close());
      return `http://127.0.0.1:${await listening(context, http)}`;
    }
    const client = (context: TestContext, url: string, headers: object) => {
      const socket = io(url, { transports: [transport], extraHeaders: { ...headers }, reconnection: false, forceNew: true });
      context.after(() => socket.close());
      return socket;
    };
    const outcome = (socket: ReturnType<typeof client>): Promise<string> =>
      new Promise((resolve) => {
        socket.on('hello', (did: string) => resolve(did));
        socket.on('connect_error', () => resolve('refused'));
      });

    it('connects genuine clients and no others', async (context) => {
      const url = await serving(context, guard(bound));
      strictEqual(await outcome(client(context, url, genuine)), 'ExampleApproovTokenDID==');
      for (const headers of [{}, withToken(), { ...genuine, authorization: 'b' }]) {
        strictEqual(await outcome(client(context, url, headers)), 'refused');
      }
    });

    it('disconnects when the token expires', async (context) => {
      const { running, clock } = expiring();
      const socket = client(context, await serving(context, running), withToken({ lifetimeSeconds: 1 }));
      strictEqual(await outcome(socket), 'ExampleApproovTokenDID==');
      const gone = new Promise((resolve) => socket.on('disconnect', resolve));
      clock.advance(5);
      await gone;
    });

    if (transport === 'websocket') {
      it('lives on with a new token', async (context) => {
        const { running, clock } = expiring();
        const url = await serving(context, running);
        const [socket, other] = [1, 2].map(() => client(context, url, withToken({ lifetimeSeconds: 1 }))) as [IoClient, IoClient];
        await Promise.all([outcome(socket), outcome(other)]);
        const gone = (which: IoClient): Promise<unknown> => new Promise((resolve) => which.on('disconnect', resolve));
        strictEqual(await socket.emitWithAck('renew', withToken({ lifetimeSeconds: 2 })['approov-token']), 'pass');
        const [first, second] = [gone(other), gone(socket)];
        clock.advance(5);
        await first;
        strictEqual(await socket.emitWithAck('renew', withToken({ lifetimeSeconds: 2 })['approov-token']), 'pass');
        clock.advance(1000);
        await second;
      });
    }
  });
}
