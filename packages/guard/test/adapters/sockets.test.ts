/** WebSockets of h3 and Elysia, namespaces of socket.io: no hook runs for a connection that was not judged. */
import { deepStrictEqual, strictEqual, throws } from 'node:assert';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { manualClock } from '@approov-guard/testkit';
import { node } from '@elysiajs/node';
import { type Decision, type Guard, type GuardOptions, memoryReplayStore } from 'approov-guard';
import { approov as onElysia } from 'approov-guard/elysia';
import { judgeSockets, approov as onH3 } from 'approov-guard/h3';
import { type AdmittedSocket, approov as approovIo, judgeNamespaces } from 'approov-guard/socket-io';
import nodeAdapterFour from 'crossws/adapters/node';
import { plugin } from 'crossws/server';
import { Elysia } from 'elysia';
import { defineWebSocketHandler, H3, handleCors, serve } from 'h3';
import * as h31 from 'h31';
import { Server as IoServer, type Socket as IoSocket } from 'socket.io';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { guard, listening, NOW, withToken } from './serving.ts';

/** The crossws that h3 1 brings along. */
const h31Requires = createRequire(createRequire(import.meta.url).resolve('h31'));
const adapterThree = pathToFileURL(h31Requires.resolve('crossws/adapters/node')).href.replace('.cjs', '.mjs');
const { default: nodeAdapterThree } = (await import(adapterThree)) as { default: typeof nodeAdapterFour };

const bound: Partial<GuardOptions> = { binding: { headers: ['authorization'] } };
const genuine = { ...withToken({ bind: 'a' }), authorization: 'a' };
const refusals = [{}, withToken(), { ...genuine, authorization: 'b' }];

/** What ran, and with whose token. */
type Ran = string[];
type Context = { readonly approov?: Decision };
type Peer = { readonly context: Context; send(text: string): unknown };
function hooksOf(ran: Ran, context?: Context): object {
  return {
    upgrade: () => void ran.push('upgrade'),
    open(peer: Peer) {
      ran.push(`open ${(context ?? peer.context).approov?.claims?.did}`);
      peer.send('hello');
    },
    message: () => void ran.push('message'),
  };
}

interface Client {
  readonly socket: WebSocket;
  readonly first: string;
}
/** Opens a connection and waits for its first message; the status of a refusal. A server that opens one and says nothing is asked for a pong. */
function opened(port: number, headers: object, path = '/chat', protocols: string[] = []): Promise<Client | number | 'silent'> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers: { ...headers } });
    socket.on('message', (data) => resolve({ socket, first: String(data) }));
    socket.on('open', () => socket.ping());
    socket.on('pong', () => setImmediate(() => resolve('silent')));
    socket.on('unexpected-response', (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', reject);
  });
}

type Serve = (context: TestContext, inner: Guard, ran: Ran) => Promise<number>;

const h3One =
  (adapter: typeof nodeAdapterFour, judged: boolean, global: object = {}): Serve =>
  (context, inner, ran) => {
    const app = h31.createApp({ websocket: { hooks: global } });
    app.use(h31.eventHandler(onH3(inner)));
    app.use(h31.createRouter().get('/chat', h31.defineWebSocketHandler(hooksOf(ran))));
    if (judged) judgeSockets(inner, app);
    // The casts hold: each crossws takes the options of the other.
    const { handleUpgrade } = adapter(app.websocket as never);
    return listening(context, createServer(h31.toNodeListener(app)).on('upgrade', handleUpgrade as never));
  };

const h3Two =
  (asks: 'by itself' | 'as documented', use: (app: H3, inner: Guard) => object): Serve =>
  async (context, inner, ran) => {
    const app = new H3();
    app.get(
      '/chat',
      defineWebSocketHandler((event) => hooksOf(ran, event.context)),
      use(app, inner),
    );
    const resolve = async (request: Request): Promise<object> => ((await app.fetch(request)) as { crossws?: object }).crossws ?? {};
    const plugins = [plugin((asks === 'by itself' ? {} : { resolve }) as never)];
    const server = serve(app, { port: 0, hostname: '127.0.0.1', silent: true, plugins } as never);
    await server.ready();
    context.after(() => void server.close(true));
    return Number(new URL(server.url ?? '').port);
  };
const before = (app: H3, inner: Guard): object => {
  app.use(onH3(inner));
  return {};
};
const behindCors = (app: H3, inner: Guard): object => {
  app.use((event) => handleCors(event, { origin: '*', methods: '*' }) || undefined);
  return before(app, inner);
};

const elysia =
  (where: 'onRequest' | 'beforeHandle'): Serve =>
  (context, inner, ran) => {
    const app = new Elysia({ adapter: node() });
    if (where === 'onRequest') app.onRequest(onElysia(inner));
    const { upgrade, message } = hooksOf(ran) as { readonly [name: string]: () => void };
    const open = (ws: { send(text: string): unknown }): void => {
      ran.push('open ExampleApproovTokenDID==');
      ws.send('hello');
    };
    // The casts hold: the shape of hooks is Elysia's.
    app.ws('/chat', { upgrade, open, message, ...(where === 'beforeHandle' ? { beforeHandle: onElysia(inner) } : {}) } as never);
    return new Promise((resolve) => {
      app.listen({ port: 0, hostname: '127.0.0.1' }, (running) => {
        const { server } = (running as unknown as { raw: { node: { server: Server } } }).raw.node;
        server.close(() => resolve(listening(context, server)));
      });
    });
  };

const apps: { readonly [name: string]: Serve } = {
  'h3 1, crossws 0.3': h3One(nodeAdapterThree, true),
  'h3 1, crossws 0.4': h3One(nodeAdapterFour, true),
  'h3 2, hooks by the request': h3Two('by itself', before),
  'h3 2, hooks by the answer': h3Two('as documented', before),
  'h3 2, a route': h3Two('as documented', (_app, inner) => ({ middleware: [onH3(inner)] })),
  'elysia 1, every request': elysia('onRequest'),
  'elysia 1, a route': elysia('beforeHandle'),
};

for (const [name, start] of Object.entries(apps)) {
  describe(`WebSockets: ${name}`, () => {
    it('opens no connection and runs no hook for a handshake that does not pass', async (context) => {
      const ran: Ran = [];
      const inner = guard(bound);
      const port = await start(context, inner, ran);
      for (const headers of refusals) strictEqual(await opened(port, { ...headers, origin: 'https://app.example.com' }), 401);
      deepStrictEqual([ran, inner.counters().accepted], [[], 0]);
    });

    it('opens one for a handshake that passes', async (context) => {
      const ran: Ran = [];
      const result = await opened(await start(context, guard(bound), ran), genuine);
      deepStrictEqual(
        [typeof result === 'object' ? result.first : result, ran.slice(0, 2)],
        ['hello', ['upgrade', 'open ExampleApproovTokenDID==']],
      );
      if (typeof result === 'object') result.socket.terminate();
    });

    it('counts a token once', async (context) => {
      const inner = guard({ token: { replay: memoryReplayStore({ now: () => NOW }) } });
      const port = await start(context, inner, []);
      const headers = withToken({ claims: { jti: 'one' } });
      const result = await opened(port, headers);
      strictEqual(typeof result === 'object' ? result.first : result, 'hello');
      strictEqual(await opened(port, headers), 401);
      if (typeof result === 'object') result.socket.terminate();
    });
  });
}

for (const [name, adapter] of Object.entries({ '0.3': nodeAdapterThree, '0.4': nodeAdapterFour })) {
  describe(`h3 1, crossws ${name}`, () => {
    it('opens nothing past the middleware while nobody judges what is opened, whoever asks', async (context) => {
      const ran: Ran = [];
      const port = await h3One(adapter, false)(context, guard(), ran);
      for (const headers of [{}, withToken()]) strictEqual(await opened(port, headers), 501);
      deepStrictEqual(ran, []);
    });

    it('runs no hook of the whole app for a handshake that does not pass', async (context) => {
      const ran: Ran = [];
      const port = await h3One(adapter, true, hooksOf(ran))(context, guard(), ran);
      strictEqual(await opened(port, {}), 401);
      deepStrictEqual(ran, []);
    });

    it('judges by the path that leads to the hooks, whatever the host makes of it', async (context) => {
      const routes = [{ match: { path: '/chat' }, binding: { headers: ['authorization'] } }];
      const ran: Ran = [];
      const port = await h3One(adapter, true)(
        context,
        guard({ mode: 'observe', routes: [{ ...routes[0], mode: 'enforce' } as never] }),
        ran,
      );
      for (const [path, host] of [
        ['/chat', 'a'],
        ['//x/chat', 'a'],
        ['/', 'a/chat?'],
        ['/', 'a/chat#'],
      ] as const) {
        const result = await opened(port, { host }, path).catch(() => 'closed');
        strictEqual(typeof result === 'object', false, `${path} of ${host}`);
      }
      deepStrictEqual(ran, []);
    });

    it('lives as long as its token', async (context) => {
      const clock = manualClock(NOW + 995);
      const port = await h3One(adapter, true)(context, guard({ now: clock.now }), []);
      const result = await opened(port, withToken({ lifetimeSeconds: 1 }));
      if (typeof result !== 'object') throw new Error(`refused: ${result}`);
      clock.advance(5);
      deepStrictEqual((await once(result.socket, 'close'))[0], 3000);
    });
  });
}

it('h3 2: opens nothing for a handshake that does not pass, though its answer gets other headers', async (context) => {
  const ran: Ran = [];
  for (const asks of ['by itself', 'as documented'] as const) {
    const port = await h3Two(asks, behindCors)(context, guard(), ran);
    strictEqual(await opened(port, { origin: 'https://app.example.com' }), 401);
  }
  deepStrictEqual(ran, []);
});

it('h3 1, crossws 0.3: takes the token of a browser from a subprotocol, and never selects it', async (context) => {
  const port = await h3One(nodeAdapterThree, true)(context, guard(), []);
  const result = await opened(port, {}, '/chat', [`approov-token.${withToken()['approov-token']}`, 'approov']);
  if (typeof result !== 'object') throw new Error(`refused: ${result}`);
  strictEqual(result.socket.protocol, 'approov');
  result.socket.terminate();
});

describe('socket.io namespaces', () => {
  type Prepare = (inner: Guard, server: IoServer) => void;
  async function serving(context: TestContext, inner: Guard, ran: Ran, prepare: Prepare): Promise<string> {
    const http = createServer();
    const server = new IoServer(http, { connectionStateRecovery: { skipMiddlewares: false } });
    const greet = (socket: IoSocket): void => {
      // The cast holds: only admitted sockets come here.
      const { approov } = socket as unknown as Partial<AdmittedSocket>;
      ran.push(socket.nsp.name);
      socket.emit('hello', approov?.claims?.did ?? 'nobody');
    };
    server.of('/early').on('connection', greet);
    server.of(/^\/room-\d+$/).on('connection', greet);
    prepare(inner, server);
    server.on('connection', greet);
    server.of('/late').on('connection', greet);
    context.after(() => server.close());
    return `http://127.0.0.1:${await listening(context, http)}`;
  }
  function outcome(context: TestContext, url: string, namespace: string, auth: object, extraHeaders: object = {}): Promise<string> {
    const socket = io(url + namespace, { auth, extraHeaders: { ...extraHeaders }, reconnection: false, forceNew: true });
    context.after(() => socket.close());
    return new Promise((resolve) => {
      socket.on('hello', resolve);
      socket.on('connect_error', (error) => resolve(`${error.message} ${JSON.stringify((error as { data?: object }).data)}`));
    });
  }
  const NAMESPACES = ['/', '/early', '/late', '/room-7'];
  const said = { 'Approov-Token': genuine['approov-token'], Authorization: 'a' };
  const refused = 'Unauthorized {"status":401}';

  it('run no handler for a CONNECT that does not pass', async (context) => {
    const ran: Ran = [];
    const url = await serving(context, guard(bound), ran, judgeNamespaces);
    for (const namespace of NAMESPACES) {
      for (const auth of [{}, withToken(), { ...said, Authorization: 'b' }])
        strictEqual(await outcome(context, url, namespace, auth), refused);
      strictEqual(await outcome(context, url, namespace, said, genuine), refused, 'said twice');
    }
    deepStrictEqual(ran, []);
  });

  it('take the token and the bound header from auth, or from the handshake', async (context) => {
    const ran: Ran = [];
    const url = await serving(context, guard(bound), ran, judgeNamespaces);
    for (const namespace of NAMESPACES) strictEqual(await outcome(context, url, namespace, said), 'ExampleApproovTokenDID==');
    strictEqual(await outcome(context, url, '/early', {}, genuine), 'ExampleApproovTokenDID==');
    deepStrictEqual(ran, [...NAMESPACES, '/early']);
  });

  it('demand more, one by one, than the handshake', async (context) => {
    const url = await serving(context, guard(), [], (inner, server) => {
      approovIo(inner, server);
      judgeNamespaces(inner, server.of('/early'), { binding: { headers: ['authorization'] } });
    });
    strictEqual(await outcome(context, url, '/', {}, withToken()), 'nobody');
    strictEqual(await outcome(context, url, '/early', {}, withToken()), refused);
    strictEqual(await outcome(context, url, '/early', { authorization: 'a' }, withToken({ bind: 'a' })), 'ExampleApproovTokenDID==');
  });

  it('are left when the token expires', async (context) => {
    const clock = manualClock(NOW + 995);
    const url = await serving(context, guard({ now: clock.now }), [], judgeNamespaces);
    const socket = io(`${url}/early`, { auth: withToken({ lifetimeSeconds: 1 }), reconnection: false, forceNew: true });
    context.after(() => socket.close());
    await new Promise((resolve) => socket.on('hello', resolve));
    const left = new Promise((resolve) => socket.on('disconnect', resolve));
    clock.advance(5);
    strictEqual(await left, 'io server disconnect');
  });

  it('do not start where recovered connections skip middleware', () => {
    const server = new IoServer({ connectionStateRecovery: {} });
    throws(() => judgeNamespaces(guard(), server), { code: 'options-contradict', path: 'connectionStateRecovery.skipMiddlewares' });
    throws(() => judgeNamespaces(guard(), server.of('/a')), { code: 'options-contradict' });
  });
});
