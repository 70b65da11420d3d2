/** Smuggling, splitting, framing, encodings: whatever the bytes, nothing that was not judged reaches the upstream. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import test from 'node:test';
import type { VerdictFacts } from 'approov-guard';
import { gatewayTo, genuine, upstream, valuesOf } from './harness.ts';
import { type Shape, shapes } from './shapes.ts';

/** Writes a shape, at once or a byte at a time, and waits until the gateway closes the connection: it bounds every wait. */
function write(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => (text += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
    socket.write(bytes, 'latin1');
  });
}

/** The path in origin-form, without the escapes of the hook. */
function pathOf(path: string): string {
  const plain = path.replace(/\\u([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return plain.replace(/^https?:\/\/[^/?]*/i, '') || '/';
}

const LAST = 'GET /last HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n';

test(`${shapes.length} shapes`, async (context) => {
  const { url, received } = await upstream(context);
  const passed: VerdictFacts[] = [];
  const gateway = await gatewayTo(context, url, {
    gateway: { timeouts: { drainSeconds: 0, headerSeconds: 0.5, bodySeconds: 1, idleSeconds: 1 } },
    options: { guard: { onVerdict: (_verdict, facts) => facts.action === 'pass' && passed.push(facts) } },
  });
  assert.ok(shapes.length >= 500, String(shapes.length));
  const token = genuine().join(': ');
  const wrong: string[] = [];
  const run = async ({ name, bytes, refused }: Shape): Promise<void> => {
    const mark = `/${encodeURIComponent(name)
      .slice(0, 20)
      .replace(/[^A-Za-z0-9]/g, '')}${Math.random().toString(36).slice(2)}`;
    const text = await write(gateway.port, bytes.replace('TOKEN', `${token}\r\nX-Mark: ${mark}`) + LAST);
    const reached = received.filter((one) => valuesOf(one, 'x-mark').includes(mark));
    if (refused && (reached.length > 0 || /^HTTP\/1\.1 2/.test(text))) wrong.push(`${name}: reached the upstream`);
    if (!refused && reached.length !== 1 && !/^(?:request line|whole): OPTIONS/.test(name))
      wrong.push(`${name}: did not reach the upstream: ${text.slice(0, 40)}`);
  };
  for (let at = 0; at < shapes.length; at += 32) await Promise.all(shapes.slice(at, at + 32).map(run));
  assert.deepEqual(wrong, []);
  const unjudged = received.filter(
    (one) => one.url.startsWith('/smuggled') || one.url.startsWith('/last') || valuesOf(one, 'x-attestation-verdict').join() !== 'accepted',
  );
  assert.deepEqual(unjudged, []);
  // What the upstream received is what was judged: the same methods and paths, none twice. (A body that breaks off reaches nobody whole.)
  const judged = passed.map(({ method, path }) => `${method} ${pathOf(path)}`);
  for (const { method, url: target } of received) {
    const index = judged.indexOf(`${method} ${target.replace(/\?.*$/s, '')}`);
    assert.ok(index >= 0, `${method} ${target} was not judged`);
    judged.splice(index, 1);
  }
  assert.ok((gateway.counts().approov_gateway_malformed_total ?? 0) > 200);
});
