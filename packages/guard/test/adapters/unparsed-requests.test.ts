/** Requests that no parser of Node's made: bridges from other platforms, injected requests, mocks. They have `headers`, and perhaps no lines. */
import { deepStrictEqual, strictEqual } from 'node:assert';
import { describe, it } from 'node:test';
import { server as hapiServer } from '@hapi/hapi';
import { createGuard, type Guard, type GuardOptions } from 'approov-guard';
import { approov as onExpress } from 'approov-guard/express';
import { approov as onFastify } from 'approov-guard/fastify';
import { approov as onGraphql } from 'approov-guard/graphql';
import { approov as onHapi } from 'approov-guard/hapi';
import { approov as onKoa } from 'approov-guard/koa';
import { approov as onNode } from 'approov-guard/node';
import express from 'express';
import fastify from 'fastify';
import Koa from 'koa';
import { inject } from 'light-my-request';
import mocks from 'node-mocks-http';
import serverless from 'serverless-http';
import { now, secret } from '../both-ports.ts';
import { COVERED, digestLine, PARAMETERS, type Sent, signed, tokenWith, withHeader } from '../signed-requests.ts';

type Fields = { readonly [name: string]: string | readonly string[] };
interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Fields;
  readonly body: string;
}
/** Calls a guarded app whose handler answers with the body: the status and the answer. */
type Way = (guard: Guard, call: Call) => Promise<readonly [number, string]>;

const appOf = (inner: Guard): ReturnType<typeof express> =>
  express()
    .use(onExpress(inner), express.text({ type: () => true }))
    .use((request, response) => void response.send(typeof request.body === 'string' ? request.body : ''));

const koaOf = (inner: Guard): object =>
  new Koa().use(onKoa(inner)).use(async (context) => {
    context.body = Buffer.concat(await context.req.toArray()).toString();
  });

const onLambda =
  (appOf: (inner: Guard) => object): Way =>
  async (inner, { method, path, headers, body }) => {
    const single = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(',')]));
    const requestContext = { http: { method, path, sourceIp: '192.0.2.1' } };
    const event = { version: '2.0', rawPath: path, rawQueryString: '', isBase64Encoded: false, headers: single, requestContext, body };
    // The cast holds: an app of a framework that it knows.
    const handler = serverless(appOf(inner) as Parameters<typeof serverless>[0]);
    const answer = (await handler(event, {})) as { statusCode: number; body: string };
    return [answer.statusCode, answer.body];
  };

const ways: { readonly [name: string]: Way } = {
  'Express behind serverless-http': onLambda(appOf),
  'Koa behind serverless-http': onLambda(koaOf),
  'hapi’s inject': async (inner, { method, path, headers, body }) => {
    const server = hapiServer();
    server.ext('onPreAuth', onHapi(inner));
    const parse = { parse: false, output: 'data' } as const;
    const handler = (request: { payload: unknown }): string => String(request.payload ?? 'ok');
    server.route({ method: '*', path: '/{path*}', handler, ...(method === 'GET' ? {} : { options: { payload: parse } }) });
    const answer = await server.inject({ method, url: path, headers: headers as { [name: string]: string }, payload: body });
    return [answer.statusCode, answer.payload];
  },
  'Fastify’s inject': async (inner, { method, path, headers, body }) => {
    const app = fastify();
    app.addHook('onRequest', onFastify(inner));
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => done(null, text));
    app.all('/*', async (request) => String(request.body ?? ''));
    const payload = body === '' ? {} : { payload: body };
    const answer = await app.inject({ method: method as 'GET', url: path, headers: headers as { [name: string]: string }, ...payload });
    return [answer.statusCode, answer.payload];
  },
  'light-my-request': async (inner, { method, path, headers, body }) => {
    const payload = body === '' ? {} : { payload: body };
    const answer = await inject(appOf(inner), {
      method: method as 'GET',
      url: path,
      headers: headers as { [name: string]: string },
      ...payload,
    });
    return [answer.statusCode, answer.payload];
  },
  'node-mocks-http': async (inner, { method, path, headers, body }) => {
    const given = { method: method as 'GET', url: path, headers: headers as { [name: string]: string }, socket: { encrypted: true } };
    const request = mocks.createRequest({ ...given, body: body as never });
    const response = mocks.createResponse();
    await onNode(inner, (seen) => response.send(String((seen as { body?: unknown }).body)))(request, response);
    return [response.statusCode, String(response._getData())];
  },
};

const guardOf = (options: Partial<GuardOptions> = {}): Guard =>
  createGuard({ keys: { secret }, now: () => now, origin: 'https://api.example.com', ...options });
const token = tokenWith();
const get = (headers: Fields): Call => ({ method: 'GET', path: '/', headers: { host: 'api.example.com', ...headers }, body: '' });

/** A signed message as a call. */
function callOf(sent: Sent): Call {
  const headers = Object.fromEntries(sent.headers.map(([name, value]) => [name.toLowerCase(), value]));
  return { method: sent.method, path: sent.target, headers: { host: sent.authority, ...headers }, body: String(sent.body ?? '') };
}

for (const [name, way] of Object.entries(ways)) {
  describe(`a request of ${name}`, () => {
    const statusOf = async (inner: Guard, call: Call): Promise<number> => (await way(inner, call))[0];

    it('passes with a genuine token only, whatever the case of the header’s name', async () => {
      strictEqual(await statusOf(guardOf(), get({ 'Approov-Token': token })), 200);
      strictEqual(await statusOf(guardOf(), get({ 'approov-token': token })), 200);
      strictEqual(await statusOf(guardOf(), get({ 'approov-token': `${token}x` })), 401);
      strictEqual(await statusOf(guardOf(), get({})), 401);
    });

    it('is refused with two tokens, as a list or joined', async () => {
      const inner = guardOf();
      strictEqual(await statusOf(inner, get({ 'approov-token': [token, token] })), 401);
      strictEqual(await statusOf(inner, get({ 'approov-token': `${token}, ${token}` })), 401);
      strictEqual(inner.counters().rejected['token-duplicated'], 2);
    });

    it('has its signed body judged, and the handler gets it', async () => {
      const inner = guardOf({ signature: { digest: 'required' } });
      const text = '{"amount":12}';
      const headers = [['Content-Type', 'text/plain'], digestLine(text)] as const;
      const covered = [...COVERED, 'content-digest'];
      const sent = signed({ method: 'POST', url: 'https://api.example.com/pay', body: text, headers, covered });
      deepStrictEqual(await way(inner, callOf(sent)), [200, text]);
      const other = signed({
        method: 'POST',
        url: 'https://api.example.com/pay',
        body: text,
        headers,
        covered,
        parameters: `${PARAMETERS};nonce="b"`,
      });
      strictEqual(await statusOf(inner, { ...callOf(other), body: '{"amount":13}' }), 401);
      strictEqual(await statusOf(inner, callOf(withHeader(other, 'content-digest'))), 401);
      strictEqual(inner.counters().rejected['digest-mismatch'], 1);
    });
  });
}

it('a GraphQL context takes a mock as Node’s request', async () => {
  const context = onGraphql(guardOf());
  const req = mocks.createRequest({ headers: { 'approov-token': token } });
  strictEqual((await context({ req })).approov.verdict?.outcome, 'accepted');
});

for (const [what, over] of [
  ['no lines', {}],
  ['an empty list of lines', { rawHeaders: [] }],
  ['null for its lines and its socket', { rawHeaders: null, socket: null }],
  ['lists and upper case', { headers: { 'Approov-Token': [token], ACCEPT: null } }],
] as const) {
  it(`a plain object with ${what} is judged by its headers`, async () => {
    const listener = onNode(guardOf(), () => 'passed');
    const genuine = { method: 'GET', url: '/', headers: { 'approov-token': token }, ...over };
    strictEqual(await listener(genuine as never, {} as never), 'passed');
    const answered = {
      statusCode: 0,
      setHeader: () => {},
      writeHead: (status: number) => Object.assign(answered, { statusCode: status }),
      end: () => {},
    };
    await listener({ ...genuine, headers: {} } as never, answered as never);
    strictEqual(answered.statusCode, 401);
  });
}
