/** Header sections that Node cuts, whatever its limit is set to: no handler runs on what was not judged whole. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { createServer, type Server } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { approov } from 'approov-guard/node';
import { approov as onWebSocket } from 'approov-guard/websocket';
import { guard, listening, withToken } from './serving.ts';

/** Sends a head and four bytes, and reads until the server closes. */
function exchange(port: number, lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.setEncoding('latin1').on('data', (text) => {
      received += text;
    });
    socket.on('close', () => resolve(received.split('\r\n')[0]?.split(' ')[1] ?? ''));
    socket.on('error', reject);
    socket.write(`${lines.join('\r\n')}\r\n\r\nevil`);
  });
}

interface Seen {
  readonly codes: string[];
  handled: number;
}

async function serverWith(context: TestContext, limit: number | undefined): Promise<{ port: number; seen: Seen }> {
  const seen: Seen = { codes: [], handled: 0 };
  const inner = guard({ onVerdict: (verdict) => void seen.codes.push('reason' in verdict ? verdict.reason : verdict.outcome) });
  const server: Server = createServer(
    approov(inner, (_request, response) => {
      seen.handled++;
      response.end();
    }),
  );
  server.on(
    'upgrade',
    onWebSocket(inner, (_request, socket) => void socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')),
  );
  if (limit !== undefined) server.maxHeadersCount = limit;
  return { port: await listening(context, server), seen };
}

const token = withToken()['approov-token'];
const head = (count: number, more: readonly string[] = []): string[] => [
  'POST / HTTP/1.1',
  'Host: api.example.com',
  `Approov-Token: ${token}`,
  ...more,
  ...Array.from({ length: count }, () => 'a:'),
  'Content-Length: 4',
  'Connection: close',
];

describe('header sections on node:http', () => {
  for (const [limit, kept] of [
    [undefined, 1000],
    [10, 10],
    [50, 50],
    [1500, 1500],
  ] as const) {
    it(`refuses where lines may be missing, with maxHeadersCount ${limit}`, async (context) => {
      const { port, seen } = await serverWith(context, limit);
      strictEqual(await exchange(port, head(kept - 6)), '200');
      strictEqual(seen.handled, 1);
      for (const count of [kept - 4, kept, kept + 1, kept + 31, kept + 200]) {
        seen.codes.length = 0;
        const status = await exchange(port, head(count));
        // Newer versions answer 431 themselves.
        ok(
          status === '431' || (status === '401' && seen.codes.join() === 'request-headers-cut'),
          `${count}: ${status} ${seen.codes.join()}`,
        );
      }
      strictEqual(seen.handled, 1);
    });
  }

  it('refuses nothing where no line is dropped', async (context) => {
    const { port, seen } = await serverWith(context, 0);
    strictEqual(await exchange(port, head(2500)), '200');
    deepStrictEqual(seen.codes, ['accepted']);
  });

  it('refuses upgrades, too', async (context) => {
    for (const limit of [undefined, 20]) {
      const { port, seen } = await serverWith(context, limit);
      const status = await exchange(port, head(2100, ['Upgrade: websocket', 'Connection: Upgrade']));
      ok(status === '431' || (status === '401' && seen.codes.join() === 'request-headers-cut'), `${status} ${seen.codes.join()}`);
    }
  });
});

it('HTTP/2 drops nothing, and is judged as it is', async (context) => {
  const listener = approov<Http2ServerRequest, Http2ServerResponse>(guard(), (_request, response) => void response.end());
  const server = createHttp2Server({ settings: { maxHeaderListSize: 1 << 20 }, maxHeaderListPairs: 4000 }, listener);
  const session = connectHttp2(`http://127.0.0.1:${await listening(context, server)}`);
  context.after(() => session.destroy());
  const fields = Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`x-${index}`, '1']));
  const stream = session.request({ 'approov-token': token, ...fields });
  const status = await new Promise((resolve, reject) => {
    stream.on('response', (headers) => resolve(headers[':status']));
    stream.on('error', reject);
  });
  strictEqual(status, 200);
});
