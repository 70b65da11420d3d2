/** Fastify: hooks, encapsulation, parsers, `inject`. */
import { deepStrictEqual, strictEqual } from 'node:assert';
import { describe, it } from 'node:test';
import { approov } from 'approov-guard/fastify';
import fastify, { type FastifyInstance } from 'fastify';
import { asyncGuard, guard, watched, withToken } from './serving.ts';

const status = async (app: FastifyInstance, url: string, headers: { readonly [name: string]: string | string[] } = {}): Promise<number> =>
  (await app.inject({ url, headers })).statusCode;

describe('fastify 5', () => {
  it('protects every route of the app, and unknown paths, when hooked to the app', async () => {
    const app = fastify();
    app.addHook('onRequest', approov(guard()));
    app.get('/', async () => 'ok');
    strictEqual(await status(app, '/'), 401);
    strictEqual(await status(app, '/', withToken()), 200);
    strictEqual(await status(app, '/unknown'), 401);
    strictEqual(await status(app, '/unknown', withToken()), 404);
  });

  it('protects one route when given to it, by that route’s demands', async () => {
    const inner = guard();
    const app = fastify();
    app.get('/open', async () => 'ok');
    app.get(
      '/pay',
      { onRequest: approov(inner, { binding: { headers: ['authorization'] } }) },
      async (request) => request.approov?.claims?.did,
    );
    strictEqual(await status(app, '/open'), 200);
    strictEqual(await status(app, '/pay', withToken()), 401);
    const answer = await app.inject({ url: '/pay', headers: { ...withToken({ bind: 'a' }), authorization: 'a' } });
    deepStrictEqual([answer.statusCode, answer.body], [200, 'ExampleApproovTokenDID==']);
  });

  it('takes its place in a list of hooks', async () => {
    const order: string[] = [];
    const app = fastify();
    const note = (name: string) => async (): Promise<void> => void order.push(name);
    app.get('/', { onRequest: [note('before'), approov(guard()), note('after')], preHandler: note('handler') }, async () => 'ok');
    await status(app, '/');
    await status(app, '/', withToken());
    deepStrictEqual(order, ['before', 'before', 'after', 'handler']);
  });

  it('stays within the plugin in which it was hooked', async () => {
    const app = fastify();
    app.register(async (scope) => {
      scope.addHook('onRequest', approov(guard()));
      scope.get('/inside', async () => 'ok');
      scope.register(async (deeper) => void deeper.get('/deeper', async () => 'ok'));
    });
    app.get('/outside', async () => 'ok');
    deepStrictEqual(await Promise.all(['/inside', '/deeper', '/outside'].map((url) => status(app, url))), [401, 401, 200]);
  });

  it('judges the whole path of a plugin with a prefix', async () => {
    const app = fastify();
    app.register(
      async (scope) => {
        scope.addHook('onRequest', approov(guard({ exempt: ['/api/health', '/other'] })));
        scope.get('/health', async () => 'ok');
        scope.get('/other', async () => 'ok');
      },
      { prefix: '/api' },
    );
    deepStrictEqual([await status(app, '/api/health'), await status(app, '/api/other')], [200, 401]);
  });

  it('judges the target that the client sent, whatever rewriteUrl makes of it', async () => {
    const app = fastify({ rewriteUrl: ({ url }) => (url === '/private' ? '/health' : '/private') });
    app.addHook('onRequest', approov(guard({ exempt: ['/health'] })));
    app.get('/health', async () => 'ok');
    app.get('/private', async () => 'ok');
    strictEqual(await status(app, '/private'), 401);
  });

  for (const [kind, make] of Object.entries({ 'at once': guard, later: asyncGuard })) {
    it(`parses no body of a request that it refuses ${kind}`, async () => {
      let parsed = 0;
      const app = fastify();
      app.addHook('onRequest', approov(make()));
      app.addContentTypeParser('application/x-test', { parseAs: 'string' }, (_request, body, done) => {
        parsed++;
        done(null, body);
      });
      app.post('/', async (request) => request.body);
      const post = (headers: { readonly [name: string]: string }): ReturnType<FastifyInstance['inject']> =>
        app.inject({ method: 'POST', url: '/', headers: { 'content-type': 'application/x-test', ...headers }, payload: 'abc' }) as never;
      await post({ 'approov-token': 'a.b.c' });
      strictEqual(parsed, 0);
      await post(withToken());
      strictEqual(parsed, 1);
    });
  }

  it('keeps headers that hooks before it have set, and lets onSend and onResponse hooks see the refusal', async () => {
    const seen: number[] = [];
    const app = fastify();
    app.addHook('onRequest', async (_request, reply) => void reply.header('access-control-allow-origin', '*'));
    app.addHook('onRequest', approov(guard()));
    app.addHook('onSend', async (_request, reply) => void seen.push(reply.statusCode));
    app.addHook('onResponse', async (_request, reply) => void seen.push(reply.statusCode));
    app.get('/', async () => 'ok');
    const answer = await app.inject('/');
    deepStrictEqual(
      [answer.headers['access-control-allow-origin'], answer.headers['content-type'], answer.body],
      ['*', 'application/json', '{}'],
    );
    deepStrictEqual(seen, [401, 401]);
  });

  it('sees repeated headers through inject as well', async () => {
    const { guard: inner, views } = watched(guard());
    const app = fastify();
    app.addHook('onRequest', approov(inner));
    app.get('/', async () => 'ok');
    const token = withToken()['approov-token'];
    strictEqual(await status(app, '/?a=1', { 'approov-token': [token, token] }), 401);
    deepStrictEqual([views[0]?.lines('approov-token'), views[0]?.target], [[token, token], '/?a=1']);
  });

  it('agrees with an app that decorates its requests', async () => {
    const app = fastify();
    app.decorateRequest('approov');
    app.addHook('onRequest', approov(guard()));
    app.get('/', async (request) => request.approov?.action);
    strictEqual((await app.inject({ url: '/', headers: withToken() })).body, 'pass');
  });
});
