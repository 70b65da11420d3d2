/** The server of the flood, in a process of its own: what it holds is its own, and nothing of the clients'. Told `state`, it tells what it counted. */
import { createHook } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createGuard, type GuardGauges, memoryReplayStore } from 'approov-guard';
import { approov as approovFastify } from 'approov-guard/fastify';
import { approov } from 'approov-guard/node';
import { fastify } from 'fastify';

/** What stands there: `node:http`, its HTTP/2, or Fastify beside a key set that hangs. */
export type FloodForm = 'http' | 'http2' | 'fastify';

/** What the server counted. */
export interface FloodState {
  /** How often each code was the verdict. */
  readonly codes: { readonly [code: string]: number };
  readonly gauges: GuardGauges;
  /** The most bytes of bodies that were held at the end of a request. */
  readonly peakBytes: number;
  /** Resident memory now, bytes. */
  readonly resident: number;
  /** The longest that one callback of one request kept the event loop, in milliseconds of CPU, since the last question; measured in the long form. */
  readonly longestTurn: number;
}

const { FLOOD_SECRET = '', FLOOD_NOW, FLOOD_FORM = 'http' } = process.env;
const isLong = FLOOD_NOW === undefined;
const codes: { [code: string]: number } = {};
let peakBytes = 0;
const secret = { base64: FLOOD_SECRET };
const guard = createGuard({
  keys: FLOOD_FORM === 'fastify' ? [{ secret }, { jwksUrl: `http://127.0.0.1:${await portThatHangs()}/jwks` }] : { secret },
  // The long form's good requests fill more than that by themselves.
  signature: { replay: isLong ? memoryReplayStore() : memoryReplayStore({ maxEntries: 5000 }) },
  share: { perSecond: 20, burst: 200, entries: 400 },
  ...(isLong ? {} : { now: () => Number(FLOOD_NOW) }),
  onVerdict: ({ code }) => {
    codes[code] = (codes[code] ?? 0) + 1;
    peakBytes = Math.max(peakBytes, guard.gauges().bodies.bytes);
  },
});
/**
 * What one turn costs: a callback of one socket, timer or promise from its beginning to its end. A turn of the loop as a whole may serve
 * hundreds of sockets; this is on account of one. The lesser of CPU and elapsed time: other threads and other processes count in neither.
 */
let longestTurn = 0;
if (isLong) {
  let depth = 0;
  let began = { at: 0, cpu: process.cpuUsage() };
  createHook({
    before() {
      if (depth++ === 0) began = { at: performance.now(), cpu: process.cpuUsage() };
    },
    after() {
      if (--depth !== 0) return;
      const { user, system } = process.cpuUsage(began.cpu);
      longestTurn = Math.max(longestTurn, Math.min(performance.now() - began.at, (user + system) / 1000));
    },
  }).enable();
}
process.send?.({ port: await startForm() });
process.on('message', () => {
  const state: FloodState = {
    codes,
    gauges: guard.gauges(),
    peakBytes,
    resident: process.memoryUsage.rss(),
    longestTurn,
  };
  longestTurn = 0;
  process.send?.(state);
});
process.on('disconnect', () => process.exit());

/** A server that takes connections and answers nothing. */
async function portThatHangs(): Promise<number> {
  const silent = createServer(() => undefined);
  return portOf(await new Promise((resolve) => silent.listen(0, '127.0.0.1', () => resolve(silent.address()))));
}

async function startForm(): Promise<number> {
  if (FLOOD_FORM === 'fastify') return await startFastify();
  const handler = approov(guard, async (request, response) => {
    const hash = createHash('sha256');
    for await (const chunk of request as IncomingMessage) hash.update(chunk as Buffer);
    response.end(hash.digest('hex'));
  });
  // The cast holds: the compatibility API has what the listener asks for.
  const server =
    FLOOD_FORM === 'http2' ? createHttp2Server(handler as unknown as Parameters<typeof createHttp2Server>[1]) : createServer(handler);
  return portOf(await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address()))));
}

async function startFastify(): Promise<number> {
  const app = fastify({ bodyLimit: 2 ** 21 });
  app.addHook('onRequest', approovFastify(guard));
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post('/orders', ({ body }, reply) => {
    reply.send(
      createHash('sha256')
        .update((body as Buffer | undefined) ?? '')
        .digest('hex'),
    );
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return portOf(app.server.address());
}

function portOf(address: AddressInfo | string | null): number {
  // The cast holds: it listens on a port.
  return (address as AddressInfo).port;
}
