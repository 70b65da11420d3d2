/** Azure Functions with its own request, Google Cloud Functions on its own server, Workers, Next.js and SvelteKit with Fetch requests. */
import { deepStrictEqual, rejects, strictEqual } from 'node:assert';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { devSecret } from '@approov-guard/testkit';
import azureFunctions, { type HttpHandler, type HttpResponseInit } from '@azure/functions';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { ConfigurationError, type GuardOptions } from 'approov-guard';
import { approov as azure } from 'approov-guard/azure-functions';
import { approov as google } from 'approov-guard/google-cloud-functions';
import { approov as next } from 'approov-guard/next';
import { approov as svelteKit } from 'approov-guard/sveltekit';
import { approov as worker } from 'approov-guard/workers';
import { guard, listening, NOW, withToken } from './serving.ts';

const did = 'ExampleApproovTokenDID==';
const binding = { binding: { headers: ['authorization'] } };
const genuine = { ...withToken({ bind: 'a' }), authorization: 'a' };
const others = [{}, withToken(), { ...genuine, authorization: 'b' }];
const requestOf = (headers: object, path = '/'): Request => new Request(`https://api.example.com${path}`, { headers: { ...headers } });
const refusal = async (response: Response): Promise<unknown[]> => [
  response.status,
  response.headers.get('www-authenticate'),
  await response.text(),
];

describe('azure functions 4', () => {
  const handler: HttpHandler = azure(guard(binding), (request) => ({ jsonBody: { device: request.approov.claims?.did } }));
  const answered = (headers: object): Promise<HttpResponseInit> =>
    // The cast holds: the handlers answer no HttpResponse.
    handler(
      new azureFunctions.HttpRequest({ url: 'https://api.example.com/api/shapes', method: 'GET', headers: { ...headers } }),
      new azureFunctions.InvocationContext(),
    ) as Promise<HttpResponseInit>;

  it('passes genuine requests on', async () => {
    deepStrictEqual(await answered(genuine), { jsonBody: { device: did } });
  });

  it('answers all others', async () => {
    for (const headers of others) {
      const answer = await answered(headers);
      deepStrictEqual([answer.status, Object(answer.headers)['www-authenticate'], answer.body], [401, 'Approov', '{}']);
    }
  });
});

describe('google cloud functions', () => {
  it('is protected on its own server, whose parsers keep the raw body', async (context) => {
    http(
      'shapes',
      google(guard(binding), (request, response) => response.end(request.approov.claims?.did)),
    );
    const port = await listening(context, getTestServer('shapes'));
    const post = (headers: object): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}' });
    strictEqual(await (await post(genuine)).text(), did);
    for (const headers of others) deepStrictEqual(await refusal(await post(headers)), [401, 'Approov', '{}']);
  });
});

describe('workers', () => {
  interface Env {
    readonly APPROOV_BASE64_SECRET: string;
  }
  const env: Env = { APPROOV_BASE64_SECRET: devSecret.base64 };
  let made = 0;
  const options = ({ APPROOV_BASE64_SECRET: base64 }: Env): GuardOptions => {
    made++;
    return { keys: { secret: { base64 } }, now: () => NOW, ...binding };
  };

  it('makes the guard from the settings, once, and hands on the decision', async () => {
    const handler = worker(options, (request, { APPROOV_BASE64_SECRET }, context: object) =>
      Response.json([request.approov.claims?.did, APPROOV_BASE64_SECRET === env.APPROOV_BASE64_SECRET, context]),
    );
    for (let times = 0; times < 3; times++) {
      deepStrictEqual(await (await handler(requestOf(genuine), env, { waits: true })).json(), [did, true, { waits: true }]);
    }
    strictEqual(made, 1);
    for (const headers of others) deepStrictEqual(await refusal(await handler(requestOf(headers), env, {})), [401, 'Approov', '{}']);
  });

  it('says so where the secret is missing', async () => {
    const handler = worker(options, () => new Response());
    // @ts-expect-error: as at run time, where settings may be missing
    await rejects(handler(requestOf(genuine), {}), ConfigurationError);
  });

  for (const stripToken of [false, true]) {
    it(`stands in front of an origin, which gets ${stripToken ? 'no' : 'the'} token`, async (context) => {
      const seen: unknown[] = [];
      const origin = createServer(async (request, response) => {
        const { 'approov-token': token, authorization, 'x-forwarded-host': host } = request.headers;
        let body = '';
        for await (const chunk of request) body += chunk;
        seen.push([request.method, request.url, token !== undefined, authorization, host, body]);
        response.writeHead(302, { location: '/elsewhere' }).end('moved');
      });
      const port = await listening(context, origin);
      const handler = worker(options, { origin: `http://127.0.0.1:${port}`, stripToken });
      const init = { method: 'POST', headers: genuine, body: 'hello' };
      const response = await handler(new Request('https://api.example.com//a/%7Eb?c=d', init), env);
      deepStrictEqual([response.status, response.headers.get('location'), await response.text()], [302, '/elsewhere', 'moved']);
      deepStrictEqual(seen, [['POST', '//a/%7Eb?c=d', !stripToken, 'a', 'api.example.com', 'hello']]);
      strictEqual((await handler(requestOf({}), env)).status, 401);
      strictEqual(seen.length, 1);
    });
  }

  it('keeps what concerns one hop from the origin, and removes nothing that the client names in Connection', async (context) => {
    const seen: unknown[] = [];
    const origin = createServer((request, response) => {
      const { te, authorization, connection, trailer } = request.headers;
      seen.push([
        te,
        trailer,
        request.headers['keep-alive'],
        request.headers['proxy-connection'],
        authorization,
        connection !== 'authorization',
      ]);
      response.end();
    });
    const port = await listening(context, origin);
    const hop = { connection: 'authorization', te: 'trailers', trailer: 'x', 'keep-alive': 'timeout=5', 'proxy-connection': 'keep-alive' };
    await worker(options, { origin: `http://127.0.0.1:${port}` })(requestOf({ ...genuine, ...hop }), env);
    deepStrictEqual(seen, [[undefined, undefined, undefined, undefined, 'a', true]]);
  });
});

describe('next.js, without the framework', () => {
  it('protects a route handler, which gets its own context', async () => {
    const GET = next(guard(binding), async (request, context: { readonly params: Promise<{ readonly id: string }> }) =>
      Response.json([request.approov.claims?.did, (await context.params).id]),
    );
    const context = { params: Promise.resolve({ id: '7' }) };
    deepStrictEqual(await (await GET(requestOf(genuine), context)).json(), [did, '7']);
    for (const headers of others) deepStrictEqual(await refusal(await GET(requestOf(headers), context)), [401, 'Approov', '{}']);
  });

  it('makes its guard with the first request, and once, from a function, so that a build needs no secret', async () => {
    let made = 0;
    const make = () => {
      made += 1;
      return guard();
    };
    const GET = next(make, () => new Response('ok'));
    deepStrictEqual(made, 0);
    const call = (headers: HeadersInit) => GET(new Request('https://api.example.com/', { headers }));
    deepStrictEqual([(await call({})).status, (await call(withToken())).status, made], [401, 200, 1]);
    const broken = next(
      () => ({ keys: { secret: { base64: undefined } } }),
      () => new Response('ok'),
    );
    await rejects(broken(new Request('https://api.example.com/')), ConfigurationError);
  });

  it('is a middleware without a handler', async () => {
    const middleware = next(guard(binding));
    strictEqual(await middleware(requestOf(genuine)), null);
    for (const headers of others) strictEqual((await middleware(requestOf(headers)))?.status, 401);
  });
});

describe('sveltekit, without the framework', () => {
  it('is a handle hook', async () => {
    const handle = svelteKit(guard({ ...binding, exempt: ['/'] }));
    const event = (headers: object, path = '/shapes') => ({ request: requestOf(headers, path), locals: {} as Partial<App.Locals> });
    const resolve = ({ locals }: ReturnType<typeof event>): Response => new Response(locals.approov?.claims?.did ?? 'none');
    strictEqual(await (await handle({ event: event(genuine), resolve })).text(), did);
    strictEqual(await (await handle({ event: event({}, '/'), resolve })).text(), 'none');
    for (const headers of others) deepStrictEqual(await refusal(await handle({ event: event(headers), resolve })), [401, 'Approov', '{}']);
  });
});
