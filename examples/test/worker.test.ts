/** The Worker is a module with a fetch handler: it is called as the platform calls it, in front of a server of its own. */
import { deepEqual, equal } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { devSecret, exampleToken, lookalikeToken } from '@approov-guard/testkit';
import worker from '../worker/cloudflare/protected.js';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('worker/cloudflare', () => {
  const seen: Seen[] = [];
  let origin: Server;
  let env: Parameters<typeof worker.fetch>[1];

  before(async () => {
    origin = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      if (request.url === '/moved') response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
      else response.writeHead(200, { 'content-type': 'text/plain' }).end('from the origin');
    }).listen(0, '127.0.0.1');
    await once(origin, 'listening');
    const { port } = origin.address() as AddressInfo;
    env = { APPROOV_BASE64_SECRET: devSecret.base64, API_ORIGIN: `http://127.0.0.1:${port}` };
  });
  after(() => {
    origin.closeAllConnections();
    origin.close();
  });

  const call = async (path: string, token: string | null, more: RequestInit = {}): Promise<Response> => {
    const headers = { ...(token === null ? {} : { 'Approov-Token': token }), 'X-Kept': 'yes' };
    return worker.fetch(new Request(`https://api.example.com${path}`, { headers, ...more }), env);
  };
  const genuine = exampleToken({ secret: devSecret });

  test('genuine requests reach the origin, without their token', async () => {
    const answer = await call('/shapes?a=1', genuine, { method: 'POST', body: 'all of it' });
    deepEqual({ status: answer.status, body: await answer.text() }, { status: 200, body: 'from the origin' });
    const { headers, ...rest }: Partial<Seen> = seen.at(-1) ?? {};
    deepEqual(rest, { method: 'POST', url: '/shapes?a=1', body: 'all of it' });
    equal(headers?.['x-kept'], 'yes');
    equal(headers?.['approov-token'], undefined);
  });

  test('all others are answered by the Worker', async () => {
    const count = seen.length;
    for (const token of [null, '', 'x', lookalikeToken({ secret: devSecret }), exampleToken({ secret: devSecret, lifetimeSeconds: -60 })]) {
      const answer = await call('/shapes', token);
      deepEqual({ status: answer.status, body: await answer.text() }, { status: 401, body: '{}' });
    }
    equal(seen.length, count);
  });

  test('a path cannot name another host, and redirects are the client’s to follow', async () => {
    equal((await call('//other.example.com/shapes', genuine)).status, 200);
    equal(seen.at(-1)?.url, '//other.example.com/shapes');
    equal((await call('/moved', genuine)).status, 302);
  });
});
