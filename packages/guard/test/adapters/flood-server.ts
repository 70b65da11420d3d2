/** The server of the flood, in a process of its own: what it holds is its own, and nothing of the clients'. Told `state`, it tells what it counted. */
import { createHook } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGuard, type GuardGauges, memoryReplayStore } from 'approov-guard';
import { approov } from 'approov-guard/node';

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

const { FLOOD_SECRET = '', FLOOD_NOW } = process.env;
const isLong = FLOOD_NOW === undefined;
const codes: { [code: string]: number } = {};
let peakBytes = 0;
const guard = createGuard({
  keys: { secret: { base64: FLOOD_SECRET } },
  // The long form's good requests fill more than that by themselves.
  signature: { replay: isLong ? memoryReplayStore() : memoryReplayStore({ maxEntries: 5000 }) },
  share: { perSecond: 20, burst: 200, entries: 400 },
  ...(isLong ? {} : { now: () => Number(FLOOD_NOW) }),
  onVerdict: ({ code }) => {
    codes[code] = (codes[code] ?? 0) + 1;
    peakBytes = Math.max(peakBytes, guard.gauges().bodies.bytes);
  },
});
const handler = approov(guard, async (request, response) => {
  const hash = createHash('sha256');
  for await (const chunk of request) hash.update(chunk as Buffer);
  response.end(hash.digest('hex'));
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
const server = createServer(handler).listen(0, '127.0.0.1', () => {
  // The cast holds: it listens on a port.
  process.send?.({ port: (server.address() as AddressInfo).port });
});
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
