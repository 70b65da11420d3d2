/**
 * One genuine hostile installation uses every trick at once, beside good traffic, on real sockets: no good request is refused, and what the
 * hostile one holds is counted. `FLOOD_SECONDS=60` goes on for as long and looks at resident memory, too.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, request as send } from 'node:http';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { freshInstallationKey, freshSecret, mintToken, signRequest } from '@approov-guard/testkit';
import { createGuard, type Guard, memoryReplayStore, type Verdict } from 'approov-guard';
import { approov } from 'approov-guard/node';
import { outcomeOf } from '../both-ports.ts';
import { listening } from './serving.ts';

const SECONDS = Number(process.env.FLOOD_SECONDS ?? 0);
const KIB = 1024;
const secret = freshSecret();
let counter = 0;

interface Signed {
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

/** Stands still in the bounded form: however slow the machine is, no share fills up again. */
const START = Date.now();
const clock = (): number => (SECONDS > 0 ? Date.now() : START);

/** An installation: each call signs another request with its key. */
function installation(port: number): (body?: Buffer) => Signed {
  const installationKey = freshInstallationKey();
  const token = mintToken({ secret, now: clock(), claims: { ipk: installationKey.ipk } });
  return (body = Buffer.alloc(0)) => {
    const target = `/orders?n=${counter++}`;
    const request = { method: 'POST', url: `http://127.0.0.1:${port}${target}`, body };
    const { headers } = signRequest({
      client: 'urlsession',
      digest: { required: true },
      sign: 'install',
      request,
      token,
      installationKey,
      now: clock(),
    });
    return { target, headers: headers.filter(([name]) => !/^(?:host|content-length)$/i.test(name)), body };
  };
}

function answer(port: number, { target, headers, body }: Signed): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { port, method: 'POST', path: target, headers: [['Host', `127.0.0.1:${port}`], ...headers].flat(), agent: false };
    const outgoing = send(options, (response: IncomingMessage) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Sends the head and the beginning of a body, and then nothing more. */
function holdBack(port: number, { target, headers, body }: Signed, bytes: number): Socket {
  const lines = [...headers, ['Content-Length', String(body.length)], ['Host', `127.0.0.1:${port}`]].map((line) => line.join(': '));
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  socket.write(`POST ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  socket.write(body.subarray(0, bytes));
  return socket.resume();
}

function inPieces(port: number, { target, headers, body }: Signed): Socket {
  const lines = [...headers, ['Transfer-Encoding', 'chunked'], ['Host', `127.0.0.1:${port}`]].map((line) => line.join(': '));
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  socket.write(`POST ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  for (let at = 0; at < body.length; at += 5) socket.write(`5\r\n${body.toString('latin1', at, at + 5)}\r\n`);
  socket.write('0\r\n\r\n');
  return socket.resume();
}

/** Every trick once; answers the connections that stay open. */
async function tricks(port: number, hostile: (body?: Buffer) => Signed): Promise<Socket[]> {
  const twin = hostile(Buffer.alloc(256 * KIB, 97));
  const held = Array.from({ length: 40 }, () => holdBack(port, twin, 256 * KIB - 1));
  for (let index = 0; index < 40; index++) held.push(holdBack(port, hostile(Buffer.alloc(512 * KIB, 97)), 512 * KIB - 1));
  const leaving = Array.from({ length: 20 }, () => holdBack(port, hostile(Buffer.alloc(1000, 97)), 500));
  held.push(inPieces(port, hostile(Buffer.alloc(50_000, 97))));
  held.push(holdBack(port, hostile(Buffer.alloc(1024 * KIB + 1, 97)), 10));
  const flood = Array.from({ length: 300 }, () => answer(port, hostile()).catch(() => 0));
  await Promise.all(flood);
  for (const socket of leaving) socket.destroy();
  return held;
}

async function until(condition: () => boolean, what: () => string): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 3000, what());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

interface Peaks {
  bytes: number;
  resident: number;
}

async function goodTraffic(port: number, guard: Guard, peaks: Peaks): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let index = 0; index < 100; index++) {
    const body = Buffer.from(`{"n":${index}}`);
    statuses.push(await answer(port, installation(port)(body)));
    peaks.bytes = Math.max(peaks.bytes, guard.gauges().bodies.bytes);
    peaks.resident = Math.max(peaks.resident, process.memoryUsage.rss());
  }
  return statuses;
}

test('a hostile installation stands in nobody’s way', async (context) => {
  const verdicts: Verdict[] = [];
  const guard = createGuard({
    keys: { secret },
    now: clock,
    signature: { replay: memoryReplayStore({ maxEntries: 5000 }) },
    share: { perSecond: 20, burst: 200, entries: 400 },
    onVerdict: (verdict) => {
      if (verdicts.length < 100_000) verdicts.push(verdict);
    },
  });
  const handler = approov(guard, async (request, response) => {
    const hash = createHash('sha256');
    for await (const chunk of request) hash.update(chunk as Buffer);
    response.end(hash.digest('hex'));
  });
  const port = await listening(context, createServer(handler));
  const hostile = installation(port);
  const peaks: Peaks = { bytes: 0, resident: 0 };
  assert.deepEqual(new Set(await goodTraffic(port, guard, peaks)), new Set([200]));
  const before = peaks.resident;
  const end = performance.now() + SECONDS * 1000;
  const open: Socket[] = [];
  let good = 100;
  do {
    const [held, statuses] = await Promise.all([tricks(port, hostile), goodTraffic(port, guard, peaks)]);
    open.push(...held);
    good += statuses.length;
    assert.deepEqual(new Set(statuses), new Set([200]));
    if (SECONDS > 0) for (const socket of open.splice(0)) socket.destroy();
  } while (performance.now() < end);

  const of = (code: string): number => verdicts.filter((verdict) => outcomeOf(verdict) === code).length;
  assert.ok(of('signature-share-exceeded') > 0);
  assert.ok(peaks.bytes <= 8 * KIB * KIB, `${peaks.bytes} bytes of bodies held`);
  // Its share, and what the good ones took.
  const entries = guard.gauges().replay?.entries ?? 0;
  assert.ok(entries <= 400 + good, `${entries} entries`);
  for (const socket of open) socket.destroy();
  await until(
    () => guard.gauges().bodies.held === 0,
    () => JSON.stringify(guard.gauges().bodies),
  );
  assert.equal(guard.gauges().bodies.bytes, 0);
  assert.ok(of('digest-body-incomplete') > 0);
  // Nobody’s outage: what the hostile one was refused for is its own, but for the room that it has used up.
  const faults = verdicts.filter(({ outcome }) => outcome === 'unavailable').map(outcomeOf);
  assert.deepEqual(
    faults.filter((fault) => fault !== 'body-budget-exceeded'),
    [],
  );
  if (SECONDS > 0) assert.ok(peaks.resident - before < 64 * KIB * KIB, `resident memory grew by ${peaks.resident - before}`);
});
