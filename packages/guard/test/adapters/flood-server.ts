/** The server of the flood, in a process of its own: what it holds is its own, and nothing of the clients'. Told `state`, it tells what it counted. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
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
  /** The longest that the event loop stood still since the last question, milliseconds. */
  readonly longestStandstill: number;
}

const { FLOOD_SECRET = '', FLOOD_NOW } = process.env;
const codes: { [code: string]: number } = {};
let peakBytes = 0;
const guard = createGuard({
  keys: { secret: { base64: FLOOD_SECRET } },
  signature: { replay: memoryReplayStore({ maxEntries: 5000 }) },
  share: { perSecond: 20, burst: 200, entries: 400 },
  ...(FLOOD_NOW === undefined ? {} : { now: () => Number(FLOOD_NOW) }),
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
const delays = monitorEventLoopDelay({ resolution: 5 });
delays.enable();
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
    longestStandstill: delays.max / 1e6,
  };
  delays.reset();
  process.send?.(state);
});
process.on('disconnect', () => process.exit());
