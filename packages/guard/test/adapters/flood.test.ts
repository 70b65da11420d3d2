/**
 * One genuine hostile installation uses every trick at once, beside good traffic, on real sockets: no good request is refused, and what the
 * hostile one holds is counted. `FLOOD_SECONDS=60` goes on for as long and looks at resident memory and the longest turn, too. The server is a
 * process of its own, in several forms: `node:http`, HTTP/2, and Fastify beside a key set that hangs.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { freshInstallationKey, freshSecret, mintToken, signRequest } from '@approov-guard/testkit';
import { clients, type Held, type Signed } from './flood-clients.ts';
import type { FloodForm, FloodState } from './flood-server.ts';

const SECONDS = Number(process.env.FLOOD_SECONDS ?? 0);
const KIB = 1024;
const secret = freshSecret();
let counter = 0;

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

/** Every trick once; answers the connections that stay open. */
async function tricks(form: FloodForm, port: number, hostile: (body?: Buffer) => Signed): Promise<Held[]> {
  const { answer, holdBack, inPieces } = clients[form];
  const twin = hostile(Buffer.alloc(256 * KIB, 97));
  const held = Array.from({ length: 40 }, () => holdBack(port, twin, 256 * KIB - 1));
  for (let index = 0; index < 40; index++) held.push(holdBack(port, hostile(Buffer.alloc(512 * KIB, 97)), 512 * KIB - 1));
  const leaving = Array.from({ length: 20 }, () => holdBack(port, hostile(Buffer.alloc(1000, 97)), 500));
  held.push(inPieces(port, hostile(Buffer.alloc(50_000, 97))));
  held.push(holdBack(port, hostile(Buffer.alloc(1024 * KIB + 1, 97)), 10));
  const flood = Array.from({ length: 300 }, (_, index) => answer(port, index % 3 === 0 ? costly(hostile()) : hostile()).catch(() => 0));
  await Promise.all(flood);
  for (const one of leaving) one.destroy();
  return held;
}

/** Tokens that somebody made up, whose keys may be in the set that hangs: they wait for it, and nobody waits for them. */
function waitForKeys(form: FloodForm, port: number): void {
  for (let index = 0; index < 50; index++) {
    const token = mintToken({ secret: freshSecret(), now: clock(), kid: `made-up-${counter++}` });
    const body = Buffer.alloc(0);
    clients[form].answer(port, { target: '/orders', headers: [['Approov-Token', token]], body }).catch(() => 0);
  }
}

/** Each of the good installations sends one request. */
async function goodTraffic(form: FloodForm, port: number, fleet: readonly ((body?: Buffer) => Signed)[]): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (const one of fleet) statuses.push(await clients[form].answer(port, one(Buffer.from(`{"n":${counter}}`))));
  return statuses;
}

/** Another signature over as much as may be covered, in header lines of some kilobytes. */
function costly(genuine: Signed): Signed {
  const lines = Array.from({ length: 20 }, (_, index) => [`X-Line-${index}`, `"${'a'.repeat(100)}", b;c=${index}`] as const);
  const covered = lines.map(([name], index) => ` "${name.toLowerCase()}"${index < 6 ? ';sf' : ''}`).join('');
  const headers = genuine.headers.map(([name, value]): readonly [string, string] =>
    name.toLowerCase() === 'signature-input' ? [name, value.replace('(', `(${covered.slice(1)} `)] : [name, value],
  );
  return { ...genuine, headers: [...headers, ...lines] };
}

async function startServer(context: TestContext, form: FloodForm): Promise<{ readonly server: ChildProcess; readonly port: number }> {
  const env = { ...process.env, FLOOD_FORM: form, FLOOD_SECRET: secret.base64, ...(SECONDS > 0 ? {} : { FLOOD_NOW: String(START) }) };
  const server = fork(new URL('flood-server.ts', import.meta.url), { env, execArgv: ['--conditions=source', '--import=tsx'] });
  context.after(() => server.kill());
  // The cast holds: it is the first message of that program.
  const [{ port }] = (await once(server, 'message')) as [{ port: number }];
  return { server, port };
}

async function stateOf(server: ChildProcess): Promise<FloodState> {
  server.send('state');
  // The cast holds: it is that program's answer.
  const [state] = (await once(server, 'message')) as [FloodState];
  return state;
}

async function holds(context: TestContext, form: FloodForm, devices: number): Promise<void> {
  const { server, port } = await startServer(context, form);
  const hostile = installation(port);
  const fleet = Array.from({ length: devices }, () => installation(port));
  assert.deepEqual(new Set(await goodTraffic(form, port, fleet)), new Set([200]));
  const open: Held[] = [];
  let good = fleet.length;
  const round = async (): Promise<void> => {
    if (form === 'fastify') waitForKeys(form, port);
    const [held, statuses] = await Promise.all([tricks(form, port, hostile), goodTraffic(form, port, fleet)]);
    open.push(...held);
    good += statuses.length;
    assert.deepEqual(new Set(statuses), new Set([200]));
    if (SECONDS > 0) for (const one of open.splice(0)) one.destroy();
  };
  // The long form begins to count when what is made once is made: compiled code, caches, the heap's usual size.
  for (let rounds = 0; rounds < (SECONDS > 0 ? 10 : 1); rounds++) await round();
  const before = await stateOf(server);
  const end = performance.now() + SECONDS * 1000;
  let resident = before.resident;
  let longestTurn = 0;
  while (performance.now() < end) {
    await round();
    const state = await stateOf(server);
    resident = Math.max(resident, state.resident);
    longestTurn = Math.max(longestTurn, state.longestTurn);
  }

  const counted = await stateOf(server);
  assert.ok((counted.codes['signature-share-exceeded'] ?? 0) > 0);
  assert.ok((counted.codes['signature-invalid'] ?? 0) > 0);
  assert.ok(counted.peakBytes <= 8 * KIB * KIB, `${counted.peakBytes} bytes of bodies held`);
  // Its share, and what the good ones took.
  const entries = counted.gauges.replay?.entries ?? 0;
  assert.ok(entries <= 400 + good, `${entries} entries`);
  for (const one of open) one.destroy();
  let after = await stateOf(server);
  for (let asked = 0; after.gauges.bodies.held > 0 && asked < 3000; asked++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    after = await stateOf(server);
  }
  assert.deepEqual([after.gauges.bodies.held, after.gauges.bodies.bytes], [0, 0]);
  assert.ok((after.codes['digest-body-incomplete'] ?? 0) > 0);
  // Nobody’s outage: what the hostile one was refused for is its own, but for the room that it has used up.
  const faults = [
    ...(form === 'fastify' ? [] : ['keys-unavailable']),
    'keys-empty',
    'rule-failed',
    'body-unavailable',
    'replay-store-unavailable',
    'internal',
  ];
  assert.deepEqual(
    faults.filter((fault) => after.codes[fault] !== undefined),
    [],
  );
  if (SECONDS > 0) {
    const grown = resident - before.resident;
    context.diagnostic(
      `resident memory grew by ${grown} bytes; one request kept the event loop for ${longestTurn.toFixed(1)} ms of CPU at the most`,
    );
    assert.ok(grown < 64 * KIB * KIB, `resident memory grew by ${grown}`);
    assert.ok(longestTurn < 50, `${longestTurn} ms`);
  }
}

test('a hostile installation stands in nobody’s way', (context) => holds(context, 'http', 100));
test('a hostile installation stands in nobody’s way on HTTP/2', (context) => holds(context, 'http2', 25));
test('a hostile installation stands in nobody’s way on Fastify, beside a key set that hangs', (context) => holds(context, 'fastify', 25));
