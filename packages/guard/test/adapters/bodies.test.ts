/** Body parsers coexist with digests: behind the guard they get their body, before it they leave a fault with a remedy. Real sockets. */
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, request as send } from 'node:http';
import { connect } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import type { HeaderLine } from '@approov-guard/testkit';
import { server as hapi } from '@hapi/hapi';
import { getRequestListener } from '@hono/node-server';
import { bodyParser } from '@koa/bodyparser';
import { Controller, Module, Post } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createGuard, type Guard, type GuardOptions, type Verdict } from 'approov-guard';
import { approov as expressGuard } from 'approov-guard/express';
import { approov as fastifyGuard } from 'approov-guard/fastify';
import { approov as hapiGuard } from 'approov-guard/hapi';
import { approov as honoGuard } from 'approov-guard/hono';
import { approov as koaGuard } from 'approov-guard/koa';
import { approov as nestGuard } from 'approov-guard/nest';
import { approov as nodeGuard } from 'approov-guard/node';
import express5, { type RequestHandler } from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import multer from 'multer';
import { until } from '../../../../tools/until.mjs';
import { crypto as webPort } from '../../src/crypto/web.ts';
import { createGuardOn } from '../../src/guard/create-guard.ts';
import { now, outcomeOf, secret } from '../both-ports.ts';
import { COVERED, digestLine, type Sent, signed } from '../signed-requests.ts';
import { listening } from './serving.ts';

/** The verdicts that the hook saw, and what it took to get there. */
interface Watched {
  readonly guard: Guard;
  readonly verdicts: Verdict[];
}

function watchedGuard(options: Partial<GuardOptions> = {}, asynchronous = false): Watched {
  const verdicts: Verdict[] = [];
  const given: GuardOptions = {
    keys: { secret },
    signature: { replay: null },
    now: () => now,
    onVerdict: (verdict) => verdicts.push(verdict),
    ...options,
  };
  return { guard: asynchronous ? createGuardOn(webPort, given) : createGuard(given), verdicts };
}

const last = ({ verdicts }: Watched): string => {
  const verdict = verdicts.at(-1);
  return verdict === undefined ? 'none' : outcomeOf(verdict);
};

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A signed request to a server of this test, with a digest of its body. */
function posted(port: number, body: string | Buffer, type: string, more: readonly HeaderLine[] = []): Sent {
  return signed({
    method: 'POST',
    url: `http://127.0.0.1:${port}/pay`,
    body,
    headers: [['Content-Type', type], digestLine(body), ...more],
    covered: [...COVERED, 'content-type', 'content-digest'],
  });
}

/** Sends it in pieces, so that nothing arrives at once. */
function call(port: number, sent: Sent, chunked = false): Promise<Answer> {
  const body = Buffer.from(sent.body ?? '');
  const length: HeaderLine = chunked ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(body.length)];
  return new Promise((resolve, reject) => {
    const headers = [['Host', `127.0.0.1:${port}`], ...sent.headers, length].flat();
    const outgoing = send({ port, method: sent.method, path: sent.target, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk)).on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject);
    const third = Math.ceil(body.length / 3);
    // Each piece is handed to the system before the next: how many the server sees at once is not told.
    outgoing.write(body.subarray(0, third), () =>
      setImmediate(() => outgoing.write(body.subarray(third, 2 * third), () => setImmediate(() => outgoing.end(body.subarray(2 * third))))),
    );
  });
}

const chunkedContent = (body: string): string => `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

/** Sends requests one after the other on one connection: what came back when it was closed, which the last of them asks for. */
function conversation(port: number, ...requests: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      for (const request of requests) socket.write(request);
    });
    // Only ends what would hang.
    socket.setTimeout(60_000, () => socket.destroy());
    socket.on('data', (data) => (text += data)).on('close', () => resolve(text));
  });
}

/** Each: an application that is guarded first and then parses; it answers what its handler got. */
type Application = (guard: Guard) => Promise<RequestListener> | RequestListener;
const expressApp =
  (express: typeof express5): Application =>
  (guard) => {
    const app = express().set('env', 'test');
    app.use(expressGuard(guard));
    app.use(express.json(), express.urlencoded({ extended: false }), express.text(), express.raw({ limit: '20mb' }));
    // A second guard for a route, behind the parsers: the body was read by the first.
    app.post('/pay', expressGuard(guard, { mode: 'enforce' }), (request, response) => {
      response.json(Buffer.isBuffer(request.body) ? request.body.length : request.body);
    });
    return app as unknown as RequestListener;
  };
const APPLICATIONS: { readonly [name: string]: Application } = {
  'Express 5': expressApp(express5),
  // The cast holds for what is used here, which both versions have.
  'Express 4': expressApp(express4 as unknown as typeof express5),
  Fastify: async (guard) => {
    const app = fastify({ bodyLimit: 20_000_000 });
    app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) => done(null, body.length));
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, Object.fromEntries(new URLSearchParams(String(body)))),
    );
    app.addHook('onRequest', fastifyGuard(guard));
    app.post('/pay', { onRequest: fastifyGuard(guard, { mode: 'enforce' }) }, async (request, reply) =>
      reply.type('application/json').send(JSON.stringify(request.body)),
    );
    await app.ready();
    return (request, response) => app.routing(request, response);
  },
  Koa: (guard) => {
    const app = new Koa();
    app.silent = true;
    app.use(koaGuard(guard));
    app.use(bodyParser({ enableTypes: ['json', 'form', 'text'], encoding: 'utf-8' }));
    app.use(koaGuard(guard, { mode: 'enforce' }));
    app.use(async (context) => {
      if (context.is('application/octet-stream')) {
        let length = 0;
        for await (const chunk of context.req) length += (chunk as Buffer).length;
        context.body = JSON.stringify(length);
      } else context.body = JSON.stringify((context.request as { body?: unknown }).body);
    });
    return app.callback();
  },
  Hono: (guard) => {
    const app = new Hono();
    app.use(honoGuard(guard));
    app.post('/pay', honoGuard(guard, { mode: 'enforce' }), async (context) => {
      const type = context.req.header('content-type') ?? '';
      if (type.includes('json')) return context.json(await context.req.json());
      if (type.includes('form')) return context.json(await context.req.parseBody());
      return context.json(type.includes('text') ? await context.req.text() : (await context.req.arrayBuffer()).byteLength);
    });
    return getRequestListener(app.fetch);
  },
  'node:http': (guard) =>
    nodeGuard(guard, async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const type = request.headers['content-type'] ?? '';
      const parsed = type.includes('json')
        ? JSON.parse(body.toString())
        : type.includes('form')
          ? Object.fromEntries(new URLSearchParams(body.toString()))
          : type.includes('text')
            ? body.toString()
            : body.length;
      response.end(JSON.stringify(parsed));
    }),
};

async function started(context: TestContext, application: Application, watched: Watched): Promise<number> {
  return listening(context, createServer(await application(watched.guard)));
}

const JSON_BODY = JSON.stringify({ amount: 1, text: 'é'.repeat(3000) });
const BINARY = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index & 255));
const BODIES: readonly (readonly [type: string, body: string | Buffer, seen: unknown])[] = [
  ['application/json', JSON_BODY, JSON.parse(JSON_BODY)],
  ['application/x-www-form-urlencoded', 'a=1&b=%C3%A9', { a: '1', b: 'é' }],
  ['text/plain', 'hello', 'hello'],
  ['application/octet-stream', BINARY, BINARY.length],
];

for (const [name, application] of Object.entries(APPLICATIONS)) {
  for (const asynchronous of [false, true]) {
    describe(`${name}, ${asynchronous ? 'WebCrypto' : 'node:crypto'}`, () => {
      for (const [type, body, seen] of BODIES) {
        test(`${type} is digested and then parsed`, async (context) => {
          const watched = watchedGuard({}, asynchronous);
          const port = await started(context, application, watched);
          for (const chunked of [false, true]) {
            const { status, text } = await call(port, posted(port, body, type), chunked);
            assert.deepEqual([status, last(watched)], [200, 'accepted']);
            assert.deepEqual(JSON.parse(text), seen);
          }
        });
      }
      test('an altered body is refused, and no handler sees it', async (context) => {
        const watched = watchedGuard({}, asynchronous);
        const port = await started(context, application, watched);
        const answer = await call(port, { ...posted(port, '{"a":1}', 'application/json'), body: '{"a":2}' });
        assert.deepEqual([answer, last(watched)], [{ status: 401, text: '{}' }, 'digest-mismatch']);
      });
      test('10 MB are refused before the handler', async (context) => {
        const watched = watchedGuard({}, asynchronous);
        const port = await started(context, application, watched);
        const sent = posted(port, Buffer.alloc(10_000_000, 1), 'application/octet-stream');
        // The server may answer and close before everything was sent.
        const answer = await call(port, sent).catch(() => ({ status: 413, text: '{}' }));
        assert.deepEqual([answer.status, answer.text, last(watched)], [413, '{}', 'digest-body-too-large']);
      });
      test('a body that is too large leaves the connection to the next request', async (context) => {
        const watched = watchedGuard({ signature: { replay: null, maxBodyBytes: 1000 } }, asynchronous);
        const port = await started(context, application, watched);
        const body = 'x'.repeat(1_200_000);
        const { target, headers } = posted(port, body, 'text/plain');
        const head = [`POST ${target} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...headers.map((line) => line.join(': '))].join('\r\n');
        for (const content of [`Content-Length: ${body.length}\r\n\r\n${body}`, chunkedContent(body)]) {
          const text = await conversation(port, `${head}\r\n${content}`, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
          assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 413', 'HTTP/1.1 401']);
        }
        assert.ok(watched.verdicts.map(outcomeOf).includes('digest-body-too-large'));
      });
      test('a client that goes away in the middle leaves the server as it was', async (context) => {
        const watched = watchedGuard({}, asynchronous);
        const server = createServer(await application(watched.guard));
        const port = await listening(context, server);
        const sent = posted(port, JSON_BODY, 'application/json');
        const head = [
          `POST ${sent.target} HTTP/1.1`,
          `Host: 127.0.0.1:${port}`,
          `Content-Length: ${Buffer.byteLength(JSON_BODY)}`,
          ...sent.headers.map((line) => line.join(': ')),
        ];
        const arrived = once(server, 'request');
        const socket = connect(port, '127.0.0.1', () => socket.write(`${head.join('\r\n')}\r\n\r\n${JSON_BODY.slice(0, 100)}`));
        socket.on('error', () => undefined);
        const [incoming] = (await arrived) as [IncomingMessage];
        await until(() => incoming.readableDidRead);
        socket.destroy();
        await until(() => watched.verdicts.length > 0);
        assert.equal(last(watched), 'digest-body-incomplete');
        assert.equal((await call(port, posted(port, JSON_BODY, 'application/json'))).status, 200);
      });
      test('one message may be judged twice, another with its signature may not', async (context) => {
        const watched = watchedGuard({ signature: {} }, asynchronous);
        const port = await started(context, application, watched);
        const sent = posted(port, '{"a":1}', 'application/json');
        assert.equal((await call(port, sent)).status, 200);
        assert.deepEqual(new Set(watched.verdicts.map(outcomeOf)), new Set(['accepted']));
        assert.equal((await call(port, sent)).status, 401);
        assert.equal(last(watched), 'signature-replayed');
      });
    });
  }
}

describe('a parser before the guard', () => {
  const before =
    (options: Parameters<typeof express5.json>[0]) =>
    (watched: Watched): RequestListener => {
      const app = express5().set('env', 'test');
      app.use(express5.json(options), expressGuard(watched.guard));
      app.post('/pay', (request, response) => void response.json(request.body));
      return app as unknown as RequestListener;
    };
  test('is a fault of ours, 503, with the remedy as its cause', async (context) => {
    const watched = watchedGuard();
    const port = await listening(context, createServer(before({})(watched)));
    assert.equal((await call(port, posted(port, JSON_BODY, 'application/json'))).status, 503);
    const [verdict] = watched.verdicts;
    assert.ok(verdict?.outcome === 'unavailable' && verdict.fault === 'body-unavailable');
    assert.match(String(verdict.cause), /put the guard before body parsers, or keep the raw bytes as request\.rawBody/);
  });
  const JSON_TYPE = 'application/json';
  const FORM_TYPE = 'multipart/form-data; boundary=x';
  const FORM = '--x\r\nContent-Disposition: form-data; name="a"; filename="a.txt"\r\n\r\nb\r\n--x--\r\n';
  const inExpress =
    (...parsers: readonly RequestHandler[]) =>
    ({ guard }: Watched): RequestListener =>
      express5()
        .set('env', 'test')
        .use(...parsers)
        .use(expressGuard(guard))
        .use((_request, response) => void response.end()) as unknown as RequestListener;
  type Case = readonly [
    type: string,
    body: string,
    says: RegExp,
    application: (watched: Watched) => RequestListener | Promise<RequestListener>,
  ];
  const KEEP = 'put the guard before body parsers, or keep the raw bytes as request\\.rawBody';
  const says = (who: string, remedy = KEEP): RegExp => new RegExp(`^Error: ${who}.* the body before the guard: ${remedy}`);
  const ofNest = says("Nest's body parser", 'keep the raw bytes as request\\.rawBody: `NestFactory');
  const nestApp = async (guard: Guard, adapter?: AbstractHttpAdapter): Promise<RequestListener> => {
    class Pay {
      pay(): string {
        return 'paid';
      }
    }
    // Decorators are functions: they are called here as the compiler would.
    Post('pay')(Pay.prototype, 'pay', Object.getOwnPropertyDescriptor(Pay.prototype, 'pay') as PropertyDescriptor);
    Controller()(Pay);
    class App {}
    Module({ controllers: [Pay] })(App);
    const app =
      adapter === undefined ? await NestFactory.create(App, { logger: false }) : await NestFactory.create(App, adapter, { logger: false });
    app.useGlobalGuards(nestGuard(guard));
    await app.init();
    const instance: object = app.getHttpAdapter().getInstance();
    if ('ready' in instance && typeof instance.ready === 'function') await instance.ready();
    return app.getHttpServer().listeners('request')[0] as RequestListener;
  };
  const CASES: { readonly [name: string]: Case } = {
    'express.json': [JSON_TYPE, '{"a":1}', says('express\\.json\\(\\)'), inExpress(express5.json())],
    'express.urlencoded': [
      'application/x-www-form-urlencoded',
      'a=1',
      says('express\\.urlencoded\\(\\)'),
      inExpress(express5.urlencoded({ extended: false })),
    ],
    'express.raw': ['application/octet-stream', 'abc', says('express\\.raw\\(\\)'), inExpress(express5.raw())],
    'express.text': ['text/plain', 'abc', says('express\\.text\\(\\)'), inExpress(express5.text())],
    multer: [FORM_TYPE, FORM, says('a parser of multipart forms \\(multer'), inExpress(multer().any())],
    'multer without files': [FORM_TYPE, FORM.replace('; filename="a.txt"', ''), says('a parser of multipart'), inExpress(multer().none())],
    'request.setEncoding': [
      'text/plain',
      'abc',
      says('request\\.setEncoding\\(\\) turned'),
      inExpress((request, _response, next) => {
        request.setEncoding('utf8');
        next();
      }),
    ],
    'a listener': [
      'text/plain',
      'abc',
      says('something'),
      inExpress((request, _response, next) => {
        request.on('data', () => undefined);
        next();
      }),
    ],
    Koa: [
      JSON_TYPE,
      '{"a":1}',
      says('a body parser of Koa', 'put the guard before body parsers, or keep the raw bytes as context\\.req\\.rawBody'),
      ({ guard }) => {
        const app = new Koa();
        app.use(bodyParser()).use(koaGuard(guard));
        return app.callback();
      },
    ],
    Fastify: [
      JSON_TYPE,
      '{"a":1}',
      says('a content type parser of Fastify', 'put the guard before body parsers: at the hook `onRequest`'),
      async ({ guard }) => {
        const app = fastify();
        app.addHook('preHandler', fastifyGuard(guard));
        app.post('/pay', () => 'paid');
        await app.ready();
        return (request, response) => app.routing(request, response);
      },
    ],
    hapi: [
      JSON_TYPE,
      '{"a":1}',
      says("hapi's payload parser", "put the guard before body parsers: `server\\.ext\\('onPreAuth'"),
      async ({ guard }) => {
        const server = hapi();
        server.ext('onPreHandler', hapiGuard(guard));
        server.route({ method: 'POST', path: '/pay', handler: () => 'paid' });
        await server.initialize();
        return server.listener.listeners('request')[0] as RequestListener;
      },
    ],
    Nest: [JSON_TYPE, '{"a":1}', ofNest, ({ guard }) => nestApp(guard)],
    'Nest on Fastify': [
      JSON_TYPE,
      '{"a":1}',
      ofNest,
      ({ guard }) => nestApp(guard, new FastifyAdapter() as unknown as AbstractHttpAdapter),
    ],
  };
  for (const [name, [type, body, expected, application]] of Object.entries(CASES)) {
    test(`is named: ${name}`, async (context) => {
      const watched = watchedGuard();
      const port = await listening(context, createServer(await application(watched)));
      assert.equal((await call(port, posted(port, body, type))).status, 503);
      const [verdict] = watched.verdicts;
      assert.ok(verdict?.outcome === 'unavailable' && verdict.fault === 'body-unavailable');
      assert.match(String(verdict.cause), expected);
    });
  }
  test('may keep the raw bytes', async (context) => {
    const watched = watchedGuard();
    const verify = (request: object, _response: unknown, rawBody: Buffer): void => void Object.assign(request, { rawBody });
    const port = await listening(context, createServer(before({ verify })(watched)));
    const answer = await call(port, posted(port, JSON_BODY, 'application/json'));
    assert.deepEqual([answer.status, JSON.parse(answer.text)], [200, JSON.parse(JSON_BODY)]);
    assert.equal((await call(port, { ...posted(port, '{"a":1}', 'application/json'), body: '{"a":2}' })).status, 401);
  });
  test('does not matter to requests without a digest', async (context) => {
    const watched = watchedGuard();
    const port = await listening(context, createServer(before({})(watched)));
    const sent = signed({
      method: 'POST',
      url: `http://127.0.0.1:${port}/pay`,
      body: '{"a":1}',
      headers: [['Content-Type', 'application/json']],
    });
    assert.deepEqual(await call(port, sent), { status: 200, text: '{"a":1}' });
  });
});

test('multipart streams behind the guard', async (context) => {
  const watched = watchedGuard();
  const app = express5().set('env', 'test');
  app.use(expressGuard(watched.guard));
  app.post('/pay', multer({ storage: multer.memoryStorage() }).single('file'), (request, response) => {
    const { file } = request as unknown as { file: { buffer: Buffer; originalname: string } };
    response.json([file.originalname, createHash('sha256').update(file.buffer).digest('hex'), (request.body as { note?: string }).note]);
  });
  const port = await listening(context, createServer(app as unknown as RequestListener));
  const part = (disposition: string, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from(`--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`), content, Buffer.from('\r\n')]);
  const body = Buffer.concat([
    part('name="note"', Buffer.from('hi')),
    part('name="file"; filename="x.bin"', BINARY),
    Buffer.from('--b--\r\n'),
  ]);
  const answer = await call(port, posted(port, body, 'multipart/form-data; boundary=b'));
  assert.deepEqual(JSON.parse(answer.text), ['x.bin', createHash('sha256').update(BINARY).digest('hex'), 'hi']);
  assert.equal(last(watched), 'accepted');
});
