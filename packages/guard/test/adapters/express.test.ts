/** Express: routers, middleware order, `next`. */
import { deepStrictEqual, strictEqual, throws } from 'node:assert';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { ConfigurationError, type Guard, requireDecision } from 'approov-guard';
import { approov } from 'approov-guard/express';
import express5, { type Express } from 'express';
import express4 from 'express4';
import { settled, until } from '../../../../tools/until.mjs';
import { asyncGuard, guard, listening, watched, withToken } from './serving.ts';

type Headers = { readonly [name: string]: string };

// The cast holds for what is used here, which both versions have.
const versions = { 'express 5': express5, 'express 4': express4 as unknown as typeof express5 };

for (const [version, express] of Object.entries(versions)) {
  describe(version, () => {
    const call = async (port: number, path: string, headers: Headers = {}): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).status;
    const routerOf = (app: Express, inner: Guard): void => {
      const router = express.Router();
      router.use(approov(inner));
      router.use((_request, response) => void response.sendStatus(200));
      app.use('/api', router);
      app.use((_request, response) => void response.sendStatus(204));
    };

    it('judges a mounted router by the whole path, not by the shortened one', async (context) => {
      const app = express();
      routerOf(app, guard({ exempt: ['/api/health', '/other'] }));
      const port = await listening(context, createServer(app));
      strictEqual(await call(port, '/api/health'), 200);
      strictEqual(await call(port, '/api/other'), 401);
      strictEqual(await call(port, '/api/pay'), 401);
      strictEqual(await call(port, '/api/pay', withToken()), 200);
    });

    it('protects nothing outside the router that it is mounted on', async (context) => {
      const app = express();
      routerOf(app, guard());
      const port = await listening(context, createServer(app));
      strictEqual(await call(port, '/elsewhere'), 204);
    });

    it('shows the guard the target as it was sent', async (context) => {
      const { guard: inner, views } = watched(guard());
      const app = express();
      routerOf(app, inner);
      const port = await listening(context, createServer(app));
      await call(port, '/api/a%20b?x=%41');
      deepStrictEqual([views[0]?.target, views[0]?.scheme, views[0]?.authority], ['/api/a%20b?x=%41', 'http', `127.0.0.1:${port}`]);
    });

    it('keeps the headers that middleware before it has set', async (context) => {
      const app = express();
      app.use((_request, response, next) => {
        response.setHeader('access-control-allow-origin', '*');
        next();
      });
      app.use(approov(guard()));
      const port = await listening(context, createServer(app));
      const response = await fetch(`http://127.0.0.1:${port}/`);
      deepStrictEqual([response.status, response.headers.get('access-control-allow-origin')], [401, '*']);
    });

    it('refuses before a body parser looks at the body', async (context) => {
      const app = express().set('env', 'test');
      app.use(approov(guard()), express.json());
      app.post('/', (request, response) => void response.json(request.body));
      const port = await listening(context, createServer(app));
      const post = (headers: Headers, body: string): Promise<Response> =>
        fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
      strictEqual((await post({}, '{"broken')).status, 401);
      strictEqual((await post(withToken(), '{"broken')).status, 400);
      deepStrictEqual(await (await post(withToken(), '{"a":1}')).json(), { a: 1 });
    });

    it('leaves a body parser its body after an asynchronous decision', async (context) => {
      const app = express();
      app.use(approov(asyncGuard()), express.json());
      app.post('/', (request, response) => void response.json(request.body));
      const port = await listening(context, createServer(app));
      const headers = { 'content-type': 'application/json', ...withToken() };
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body: '{"a":1}' });
      deepStrictEqual(await response.json(), { a: 1 });
    });

    it('judges a route by its own demands after the app’s', async (context) => {
      const inner = guard();
      const app = express();
      app.use(approov(inner));
      app.get('/pay', approov(inner, { binding: { headers: ['authorization'] } }), (request, response) => {
        const { verdict } = requireDecision(request);
        response.send(verdict?.outcome === 'accepted' ? verdict.attestation.binding : 'not accepted');
      });
      const port = await listening(context, createServer(app));
      strictEqual(await call(port, '/pay', withToken()), 401);
      const response = await fetch(`http://127.0.0.1:${port}/pay`, { headers: { ...withToken({ bind: 'a' }), authorization: 'a' } });
      strictEqual(await response.text(), 'verified');
    });
  });
}

describe('the Express middleware', () => {
  const request = (headers: { readonly [name: string]: string }): Parameters<ReturnType<typeof approov>>[0] => ({
    method: 'GET',
    url: '/',
    rawHeaders: Object.entries(headers).flat(),
  });
  const response = (): { statusCode: number; ended: number; setHeader(): void; end(): void } => ({
    statusCode: 0,
    ended: 0,
    setHeader: () => undefined,
    end() {
      this.ended++;
    },
  });

  for (const [kind, make] of Object.entries({ 'at once': guard, later: asyncGuard })) {
    it(`calls next once and without an argument when it decides ${kind}`, async () => {
      const calls: unknown[][] = [];
      const middleware = approov(make());
      middleware(request(withToken()), response(), (...given) => void calls.push(given));
      await until(() => calls.length > 0);
      await settled();
      deepStrictEqual(calls, [[]]);
    });

    it(`answers once and never calls next when it refuses ${kind}`, async () => {
      let calls = 0;
      const answer = response();
      approov(make())(request({ 'approov-token': withToken()['approov-token'].slice(0, -4) }), answer, () => void calls++);
      await until(() => answer.ended > 0);
      await settled();
      deepStrictEqual([calls, answer.ended, answer.statusCode], [0, 1, 401]);
    });

    it(`hands a response that cannot be written to the error path when it decides ${kind}`, async () => {
      const given: unknown[] = [];
      const setHeader = (): void => {
        throw new TypeError('the headers were sent');
      };
      const broken = { ...response(), setHeader };
      try {
        approov(make())(request({ 'approov-token': 'a.b.c' }), broken, (error) => void given.push(error));
      } catch (error) {
        // Express catches what a middleware throws at once.
        given.push(error);
      }
      await until(() => given.length > 0);
      await settled();
      deepStrictEqual([given.length, given[0] instanceof TypeError], [1, true]);
    });
  }

  it('throws at start for mistakes in the options', () => {
    throws(() => approov({ keys: { secret: { base64: undefined } } }), ConfigurationError);
    // @ts-expect-error: unknown option
    throws(() => approov(guard(), { bindings: null }), ConfigurationError);
  });
});
