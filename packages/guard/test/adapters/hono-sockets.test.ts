/** Hono's `upgradeWebSocket` on Node, Bun and Deno, Elysia's `ws` on Bun: nothing runs for a handshake that was not judged. */
import { deepStrictEqual } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { devSecret, exampleToken } from '@approov-guard/testkit';
import { serve, upgradeWebSocket } from '@hono/node-server';
import { approov } from 'approov-guard/hono';
import { build } from 'esbuild';
import { Hono, type MiddlewareHandler } from 'hono';
import { WebSocket, WebSocketServer } from 'ws';
import { skipUnless } from '../../../../tools/optional.mjs';
import { findRuntime } from '../../../../tools/runtimes.mjs';
import { end, endsWithUs } from '../runtimes/ends-with-us.ts';
import { guard, withToken } from './serving.ts';

/** The first message of a connection, or that none was opened. */
function answerTo(port: number, path: string, headers: object): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { ...headers } });
    socket.on('message', (data) => {
      resolve(String(data));
      socket.terminate();
    });
    socket.on('unexpected-response', (request, response) => {
      resolve(`refused ${response.statusCode}`);
      request.destroy();
    });
    socket.on('error', () => resolve('refused'));
  });
}

/** The app, everywhere: the number of times that the function of `upgradeWebSocket` ran is what it says. */
const PROGRAM = `
import { approov } from 'approov-guard/hono';
import { Hono } from 'hono';
let ran = 0;
const keys = { secret: { base64: '${devSecret.base64}' } };
const events = () => ({ onOpen: (_event, ws) => ws.send('hello ' + ++ran) });
const one = upgradeWebSocket((c) => (ran += 10, events(c)));
const app = new Hono();
app.get('/route', approov({ keys, environment: 'development' }), one);
app.use(approov({ keys, environment: 'development' }));
app.get('/app', one);
`;
const PROGRAMS = {
  bun: `import { upgradeWebSocket, websocket } from 'hono/bun';${PROGRAM}
    console.log(Bun.serve({ fetch: app.fetch, websocket, port: 0, hostname: '127.0.0.1' }).port);`,
  deno: `import { upgradeWebSocket } from 'hono/deno';${PROGRAM}
    Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: ({ port }) => console.log(port) }, app.fetch);`,
};
const ELYSIA = `
import { approov } from 'approov-guard/elysia';
import { Elysia } from 'elysia';
let ran = 0;
const one = { upgrade() { ran += 10; }, open(ws) { ws.send('hello ' + ++ran); } };
const app = new Elysia();
app.onRequest(approov({ keys: { secret: { base64: '${devSecret.base64}' } }, environment: 'development' }));
app.ws('/route', one).ws('/app', one).listen({ port: 0, hostname: '127.0.0.1' });
console.log(app.server.port);
`;
const PARAMETERS = { bun: ['run'], deno: ['run', '--quiet', '--no-config', '--allow-net', '--allow-env', '--allow-read'] };

async function onRuntime(context: TestContext, runtime: keyof typeof PROGRAMS, contents: string = PROGRAMS[runtime]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'approov-guard-hono-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const module = join(folder, 'server.mjs');
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const stdin = { contents, resolveDir: import.meta.dirname, loader: 'ts' as const };
  const external = ['node:*'];
  await build({
    stdin,
    outfile: module,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['source'],
    external,
    logLevel: 'error',
  });
  // The cast holds: it is asked for only where it is there.
  const program = findRuntime(runtime) as string;
  const child = endsWithUs(spawn(program, [...PARAMETERS[runtime], module], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] }));
  context.after(() => end(child));
  const [line] = await once(child.stdout, 'data');
  return Number(String(line));
}

async function onNode(context: TestContext): Promise<number> {
  let ran = 0;
  const inner = guard({ now: Date.now });
  const events = () => {
    ran += 10;
    return { onOpen: (_event: unknown, ws: { send(text: string): void }) => ws.send(`hello ${++ran}`) };
  };
  const app = new Hono();
  const one = upgradeWebSocket(events) as MiddlewareHandler;
  app.get('/route', approov(inner), one);
  app.use(approov(inner));
  app.get('/app', one);
  // The cast below holds: the option says so.
  const sockets = new WebSocketServer({ noServer: true });
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', websocket: { server: sockets as never } });
  await once(server, 'listening');
  context.after(() => void server.close());
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

const live = { 'approov-token': exampleToken({ secret: devSecret, lifetimeSeconds: 3600 }) };

async function refusesAndOpens(port: number): Promise<void> {
  for (const path of ['/route', '/app']) {
    for (const headers of [{}, withToken({ lifetimeSeconds: -1e9 })]) deepStrictEqual(await answerTo(port, path, headers), 'refused 401');
  }
  // Had the function run before, it would have counted.
  deepStrictEqual(await answerTo(port, '/route', live), 'hello 11');
  deepStrictEqual(await answerTo(port, '/app', live), 'hello 22');
}

describe("hono's upgradeWebSocket", () => {
  it('on Node', async (context) => refusesAndOpens(await onNode(context)));
  for (const runtime of ['bun', 'deno'] as const) {
    it(`on ${runtime}`, skipUnless(findRuntime(runtime), runtime), async (context) => refusesAndOpens(await onRuntime(context, runtime)));
  }
});

it("elysia's ws on bun", skipUnless(findRuntime('bun'), 'bun'), async (context) => {
  await refusesAndOpens(await onRuntime(context, 'bun', ELYSIA));
});
