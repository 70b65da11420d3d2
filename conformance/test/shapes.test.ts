/**
 * Smuggling, splitting, framing, encodings through each real proxy: whatever the bytes, what reaches the server behind was judged, and is what was
 * judged. Which shapes a proxy refuses by itself is its own affair.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import test, { type TestContext } from 'node:test';
import { type Shape, shapes } from '../../packages/gateway/test/shapes.ts';
import { findProgram, skipUnless } from '../../tools/optional.mjs';
import { proxies } from '../adapters/proxies.ts';
import { send } from '../run/wire.ts';
import { approovToken, token, tokenOnly } from '../table/setups.ts';

interface Received {
  readonly method: string;
  readonly target: string;
  readonly mark: string;
  readonly verdict: string;
}

/** A server behind that is as lenient as they come: what it takes for a request is one. */
async function lenient(context: TestContext): Promise<{ readonly url: string; readonly received: Received[] }> {
  const received: Received[] = [];
  const server = createServer({ insecureHTTPParser: true, requireHostHeader: false }, (request, response) => {
    const { method = '', url: target = '', headers } = request;
    // A line that was folded onto the mark is part of it.
    received.push({
      method,
      target,
      mark: String(headers['x-mark']).split(/\s/)[0] ?? '',
      verdict: String(headers['x-attestation-verdict']),
    });
    request.resume();
    response.end('hello');
  });
  // By itself Node drops lines behind the first thousand, ours with them, where a proxy sends fields in the order of their names.
  server.maxHeadersCount = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** A proxy that waits for more than comes is left after a while: what it would have done by then it has done. */
const LONGEST_WAIT = 1500;

function write(port: number, bytes: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const timer = setTimeout(() => socket.destroy(), LONGEST_WAIT);
    socket.resume();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.write(bytes, 'latin1');
  });
}

/** The path in origin-form, decoded, and without what logs escape: Caddy encodes what no URL may hold, HAProxy knows no path of `*`. */
function pathOf(target: string): string {
  const character = (_: string, hex: string): string => String.fromCharCode(Number.parseInt(hex, 16));
  const plain = target.replace(/\\u([0-9a-f]{4})/gi, character);
  const path = plain.replace(/^[a-z]+:(?:\/\/[^/?]*)?/i, '').replace(/\?.*$/s, '');
  return path
    .replace(/^[*-]?$/, '/')
    .replace(/%([0-9a-f]{2})/gi, character)
    .replace(/#.*$/s, '');
}

const LAST = 'GET /last HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n';
const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

for (const place of proxies) {
  test(`${shapes.length} shapes through ${place.name}`, skipUnless(findProgram(place.program), place.program), async (context) => {
    const { url, received } = await lenient(context);
    const started = await place.start({ ...tokenOnly, name: 'shapes', behind: url });
    context.after(() => started.close());
    const port = Number(new URL(started.origin).port);
    const [name, value] = approovToken(token());
    const marks = new Map<string, Shape>();
    const run = (shape: Shape, index: number): Promise<void> => {
      marks.set(`mark-${index}`, shape);
      return write(port, shape.bytes.replace('TOKEN', `${name}: ${value}\r\nX-Mark: mark-${index}`) + LAST);
    };
    for (let at = 0; at < shapes.length; at += 64)
      await Promise.all(shapes.slice(at, at + 64).map((shape, index) => run(shape, at + index)));

    // It is alive, and what is sent now is judged and passes.
    const { status } = await send(started.origin, { target: '/alive', headers: [[name, value]] });
    assert.equal(status, 200);
    const judged = (await started.verdicts()).filter(({ action }) => action === 'pass');

    const wrong = received.filter(({ target, mark, verdict }) => {
      const shape = marks.get(mark);
      return verdict !== 'accepted' || /smuggled|last/.test(pathOf(target)) || (shape === undefined && target !== '/alive');
    });
    assert.deepEqual(wrong, [], 'reached the server behind, and was not judged');
    const passed = judged.map(({ method, path }) => `${method} ${pathOf(path)}`);
    for (const { method, target } of received.filter(({ target: sent }) => isAscii(sent))) {
      const index = passed.indexOf(`${method} ${pathOf(target)}`);
      assert.ok(index >= 0, `${method} ${target} was judged as something else: ${passed.join()}`);
      passed.splice(index, 1);
    }
    for (const { mark } of received) {
      const twice = received.filter((one) => one.mark === mark && mark !== 'undefined');
      assert.ok(twice.length <= 1, `${marks.get(mark)?.name}: reached the server behind ${twice.length} times`);
    }
    assert.ok(received.length > 40, `only ${received.length} shapes passed: is the place there?`);
    context.diagnostic(`${received.length} of ${shapes.length} shapes reached the server behind, each judged`);
  });
}
