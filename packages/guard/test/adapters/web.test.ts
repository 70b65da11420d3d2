/** Fetch handlers: arguments, errors, the request itself. */
import { deepStrictEqual, rejects, strictEqual, throws } from 'node:assert';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { mintToken } from '@approov-guard/testkit';
import { createAdaptorServer } from '@hono/node-server';
import type { Verdict, VerdictFacts } from 'approov-guard';
import { approov } from 'approov-guard/web';
import { Hono } from 'hono';
import { now, secret } from '../both-ports.ts';
import { asyncGuard, guard, watched, withToken } from './serving.ts';

const genuine = (init: RequestInit = {}): Request => new Request('https://api.example.com/a?b=1', { headers: withToken(), ...init });
const failure = new Error('thrown by the handler');

describe('fetch', () => {
  for (const [kind, make] of Object.entries({ 'at once': guard, later: asyncGuard })) {
    it(`passes on every further argument when it decides ${kind}`, async () => {
      const fetch = approov(make(), (_request: Request, environment: { readonly NAME: string }, context: number) =>
        Response.json([environment.NAME, context]),
      );
      deepStrictEqual(await (await fetch(genuine(), { NAME: 'worker' }, 7)).json(), ['worker', 7]);
    });

    it(`hands on the same request when it decides ${kind}`, async () => {
      const request = genuine({ method: 'POST', body: 'abc' });
      const seen: Request[] = [];
      const fetch = approov(make(), async (given) => {
        seen.push(given);
        return new Response(`${given.approov.action} ${await given.text()}`);
      });
      strictEqual(await (await fetch(request)).text(), 'pass abc');
      strictEqual(seen[0], request);
    });

    it(`answers each refusal with a response of its own when it decides ${kind}`, async () => {
      const fetch = approov(make(), () => new Response('ok'));
      for (const _ of [1, 2]) {
        const response = await fetch(new Request('https://api.example.com/', { headers: { 'approov-token': 'a.b.c' } }));
        deepStrictEqual([response.status, response.headers.get('content-type'), await response.text()], [401, 'application/json', '{}']);
      }
    });
  }

  it('lets the handler’s errors through', async () => {
    const thrower = (): Response => {
      throw failure;
    };
    const same = (error: unknown): boolean => error === failure;
    throws(() => approov(guard(), thrower)(genuine()), same);
    await rejects(async () => approov(asyncGuard(), thrower)(genuine()), same);
    await rejects(async () => approov(guard(), () => Promise.reject(failure))(genuine()), same);
  });

  it('shows the guard scheme, authority and target of the URL', async () => {
    const { guard: inner, views } = watched(guard());
    await approov(inner, () => new Response())(genuine());
    const [view] = views;
    deepStrictEqual([view?.scheme, view?.authority, view?.target, view?.method], ['https', 'api.example.com', '/a?b=1', 'GET']);
  });

  it('takes a target without a path as the root', async () => {
    const { guard: inner, views } = watched(guard({ exempt: ['/'] }));
    const fetch = approov(inner, () => new Response('ok'));
    strictEqual((await fetch(new Request('https://api.example.com?x'))).status, 200);
    strictEqual(views[0]?.target, '/?x');
  });

  it('judges by the demands of a route', async () => {
    const fetch = approov(guard(), () => new Response('ok'), { binding: { headers: ['authorization'] } });
    strictEqual((await fetch(genuine())).status, 401);
    strictEqual((await fetch(genuine({ headers: { ...withToken({ bind: 'a' }), authorization: 'a' } }))).status, 200);
  });

  it('passes a preflight if so configured, and judges one that states content, or might have some', async () => {
    const fetch = approov(guard({ preflight: 'pass' }), () => new Response('ok'));
    const headers = { origin: 'https://app.example.com', 'access-control-request-method': 'POST' };
    const preflight = (body: string | null, length: string): Request =>
      new Request('https://api.example.com/', { method: 'OPTIONS', headers: { ...headers, 'content-length': length }, body });
    strictEqual((await fetch(preflight(null, '0'))).status, 200);
    strictEqual((await fetch(preflight('', '0'))).status, 200);
    strictEqual((await fetch(preflight('smuggled', '8'))).status, 401);
    const unstated = new Request('https://api.example.com/', { method: 'OPTIONS', headers, body: 'smuggled' });
    strictEqual((await fetch(unstated)).status, 401);
  });
});

describe('fetch on Hono’s server for Node', () => {
  it('is judged by the request of Node: target and lines as they were sent', async () => {
    const seen: string[] = [];
    const keys = { secret };
    const onVerdict = (verdict: Verdict, { path }: VerdictFacts): number => seen.push(`${path} ${reasonOf(verdict)}`);
    const binding = { headers: ['x-bound'] };
    const fetch = approov({ keys, now: () => now, onVerdict, binding }, async (request) => new Response(await request.text()));
    const server = createAdaptorServer({ fetch });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const headers = { 'approov-token': mintToken({ secret, now, bind: 'a' }), 'content-length': '5' };
    const send = (bound: string | string[]): Promise<string> =>
      new Promise((resolve, reject) => {
        const sent = request({ port, method: 'POST', path: '/a/../b', headers: { ...headers, 'x-bound': bound } }, (answer) => {
          answer.on('data', (body) => resolve(`${answer.statusCode} ${body}`));
        });
        sent.on('error', reject).end('hello');
      });
    deepStrictEqual([await send('a'), await send(['a', 'a'])], ['200 hello', '401 {}']);
    deepStrictEqual(seen, ['/a/../b accepted', '/a/../b binding-value-duplicated']);
    server.close();
  });

  it('is judged by the path that a mounted handler sees', async () => {
    const routes = [{ match: { path: '/pay/*' }, binding: { headers: ['authorization'] } }];
    const app = new Hono().mount(
      '/api',
      approov(guard({ routes }), () => new Response('ok')),
    );
    const server = createAdaptorServer({ fetch: app.fetch });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const statusOf = async (path: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}${path}`, { headers: withToken() })).status;
    deepStrictEqual([await statusOf('/api/pay/1'), await statusOf('/api/other')], [401, 200]);
    server.close();
  });
});

function reasonOf(verdict: Verdict): string {
  return verdict.outcome === 'rejected' ? verdict.reason : verdict.outcome;
}
