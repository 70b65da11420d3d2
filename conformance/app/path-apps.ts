/**
 * Apps that differ in how they read a path, each with the same handlers behind the same guard. A handler answers its own name. What rewrites
 * paths does so before the guard, as the framework has it.
 */
import 'reflect-metadata';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { parse } from 'node:url';
import { node as elysiaOnNode } from '@elysiajs/node';
import { server as createHapi } from '@hapi/hapi';
import { createAdaptorServer } from '@hono/node-server';
import { All, Controller, Module, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Guard, GuardOptions } from 'approov-guard';
import { approov as onElysia } from 'approov-guard/elysia';
import { approov as onExpress } from 'approov-guard/express';
import { approov as onFastify } from 'approov-guard/fastify';
import { approov as onH3 } from 'approov-guard/h3';
import { approov as onHapi } from 'approov-guard/hapi';
import { approov as onHono } from 'approov-guard/hono';
import { approov as onKoa } from 'approov-guard/koa';
import { approov as onNest } from 'approov-guard/nest';
import { approov as onNode } from 'approov-guard/node';
import { approov as onWeb } from 'approov-guard/web';
import { approov as onUpgrade } from 'approov-guard/websocket';
import { approov as onWorkers } from 'approov-guard/workers';
import { type AnyElysia, Elysia } from 'elysia';
import express5, { type Express } from 'express';
import express4 from 'express4';
import fastify, { type FastifyPluginAsync, type FastifyServerOptions } from 'fastify';
import { H3 } from 'h3';
import { toNodeHandler } from 'h3/node';
import * as h31 from 'h31';
import { Hono } from 'hono';
import Koa from 'koa';
import { serveFetch } from './web-bridge.ts';

/** The handlers: patterns with `:name`, and `*` for everything below. */
export const HANDLERS: readonly string[] = ['/pay', '/admin/keys', '/weak', '/health', '/public/*', '/', '/:id', '/:id/:b'];
/** What runs where none of them does. */
export const REST = 'rest';

/** What rewriting makes of a target: a version is taken off, and so is what stands before old paths. */
export function rewritten(target: string): string {
  return target.replace(/^\/v1(?=\/)/, '').replace(/^\/public\/legacy(?=\/)/, '');
}

/** The handlers as a hand-written router finds them. */
function handlerOf(path: string): string {
  if (HANDLERS.includes(path) && !/[:*]/.test(path)) return path;
  if (path.startsWith('/public/')) return '/public/*';
  const segments = path.split('/').length - 1;
  return path.startsWith('/') && segments < 3 ? (['/:id', '/:id/:b'][segments - 1] ?? REST) : REST;
}

/** The same by a router that does not care for case, encoding and a slash at the end. */
function laxHandlerOf(path: string): string {
  let decoded = path;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    // As it is, then.
  }
  return handlerOf(decoded.toLowerCase().replace(/(.)\/+$/, '$1'));
}

/** Starts an app around a guard, or one of these options, on no port yet. */
export type PathApp = (guard: Guard, options: GuardOptions) => Server | Promise<Server>;

const nodeApp =
  (read: (request: IncomingMessage) => string, find: (path: string) => string = handlerOf): PathApp =>
  (guard) =>
    createServer(onNode(guard, (request, response: ServerResponse) => response.end(find(read(request)))));

const upgradeApp =
  (read: (request: IncomingMessage) => string): PathApp =>
  (guard) => {
    const judged = onUpgrade(guard, (request, socket) => {
      const name = handlerOf(read(request));
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${name.length}\r\nconnection: close\r\n\r\n${name}`);
    });
    return createServer((_request, response) => response.writeHead(426).end()).on('upgrade', judged);
  };

function expressApp(create: () => Express, wildcard: string, change: (app: Express) => void = () => undefined): PathApp {
  return (guard) => {
    const app = create();
    change(app);
    app.use(onExpress(guard));
    for (const name of HANDLERS) app.all(name.replace('*', wildcard), (_request, response) => void response.end(name));
    app.use((_request, response) => void response.end(REST));
    return createServer(app);
  };
}

/** What a handler answers that is reached below a prefix: its row is another one, or none. */
const namedAt = (prefix: string, name: string): string => (prefix === '/v1' ? REST : name);

/** The guard and its handlers in an app or a router of their own, below a prefix; the same app without one answers the rest. */
const mountedExpress =
  (inRouter: boolean): PathApp =>
  (guard) => {
    const app = express5();
    for (const prefix of ['/v1', '/']) {
      const below = inRouter ? express5.Router() : express5();
      below.use(onExpress(guard));
      for (const name of HANDLERS) below.all(name.replace('*', '*rest'), (_request, response) => void response.end(namedAt(prefix, name)));
      app.use(prefix, below);
    }
    app.use((_request, response) => void response.end(REST));
    return createServer(app);
  };

const rewriteExpress = (app: Express): void => {
  app.use((request, _response, next) => {
    request.url = rewritten(request.url);
    next();
  });
};

const fastifyApp =
  (options: FastifyServerOptions): PathApp =>
  async (guard) => {
    const app = fastify(options);
    app.addHook('onRequest', onFastify(guard));
    for (const name of HANDLERS) app.get(name, async () => name);
    app.setNotFoundHandler(async (_request, reply) => reply.code(200).send(REST));
    await app.ready();
    return app.server;
  };

/** Plugins with and without a prefix, each with the guard of its own scope. */
const prefixedFastify: PathApp = async (guard) => {
  const app = fastify();
  const scope: FastifyPluginAsync = async (below) => {
    below.addHook('onRequest', onFastify(guard));
    for (const name of HANDLERS) below.get(name, async () => namedAt(below.prefix, name));
  };
  app.register(scope, { prefix: '/v1' });
  app.register(scope);
  await app.ready();
  return app.server;
};

function koaApp(lax: boolean, rewrites: boolean): Koa {
  const app = new Koa();
  app.silent = true;
  if (rewrites) {
    app.use((context, next) => {
      context.url = rewritten(context.url);
      return next();
    });
  }
  return Object.assign(app, { lax });
}

const onKoaApp =
  (lax = false, rewrites = false, serve: (app: Koa) => Server = (app) => createServer(app.callback())): PathApp =>
  (guard) => {
    const app = koaApp(lax, rewrites);
    app.use(onKoa(guard));
    app.use((context) => {
      context.body = (lax ? laxHandlerOf : handlerOf)(context.path);
    });
    return serve(app);
  };

const hapiApp =
  (options: object, rewrites = false): PathApp =>
  async (guard) => {
    const listener = createServer();
    const app = createHapi({ listener, autoListen: false, router: options });
    if (rewrites) {
      app.ext('onRequest', (request, h) => {
        request.setUrl(rewritten(request.raw.req.url ?? ''));
        return h.continue;
      });
    }
    app.ext('onPreAuth', onHapi(guard));
    const paths = new Map(HANDLERS.map((name) => [name.replace(/:(\w+)/g, '{$1}').replace('*', '{rest*}'), name]));
    for (const [path, name] of [...paths, ['/{rest*}', REST] as const]) app.route({ method: 'GET', path, handler: () => name });
    await app.initialize();
    return listener;
  };

function honoApp(guard: Guard, app: Hono, prefix = ''): Hono {
  app.onError((_error, c) => c.body(null, 500));
  app.use(onHono(guard));
  for (const name of HANDLERS) app.get(name, (c) => c.text(namedAt(prefix, name)));
  app.notFound((c) => c.text(REST));
  return app;
}

/** Apps within an app: joined by a base path, and mounted, which takes the prefix off the request that the inner app sees. */
function mountedHono(guard: Guard, mount: boolean): Hono {
  const app = new Hono().onError((_error, c) => c.body(null, 500));
  const inner = honoApp(guard, new Hono(), '/v1');
  if (mount) app.mount('/v1', inner.fetch);
  else app.route('/v1', inner);
  return app.mount('/', honoApp(guard, new Hono()).fetch);
}

// The cast holds: without options the server is one of node:http.
const onHonoServer = (app: Hono): Server => createAdaptorServer({ fetch: app.fetch }) as Server;

const h3App =
  (rewrites: boolean): PathApp =>
  (guard) => {
    const app = new H3(
      rewrites ? { onRequest: (event) => void Object.assign(event.url, { pathname: rewritten(event.url.pathname) }) } : {},
    );
    app.use(onH3(guard));
    for (const name of HANDLERS) app.get(name.replace('*', '**'), () => name);
    app.all('/**', () => REST);
    return createServer(toNodeHandler(app));
  };

const h31App =
  (base: string): PathApp =>
  (guard) => {
    const app = h31.createApp();
    const router = h31.createRouter();
    app.use(h31.eventHandler(onH3(guard)));
    for (const name of HANDLERS)
      router.get(
        name.replace('*', '**'),
        h31.eventHandler(() => name),
      );
    app.use(router).use(h31.eventHandler(() => REST));
    const outer = h31.createApp();
    if (base !== '') outer.use(base, h31.useBase('', app.handler));
    return createServer(h31.toNodeListener(outer.use(app.handler)));
  };

const elysiaApp: PathApp = (guard) => {
  const app = new Elysia({ adapter: elysiaOnNode() }).onRequest(onElysia(guard));
  for (const name of HANDLERS) app.get(name, () => name);
  app.group('/v1', (below) => HANDLERS.reduce((all, name) => all.get(name, () => REST), below as AnyElysia));
  app.all('/*', () => REST);
  return new Promise((resolve) => {
    app.listen({ port: 0, hostname: '127.0.0.1' }, (running) => {
      // The cast holds on Node.
      const { server } = (running as unknown as { raw: { node: { server: Server } } }).raw.node;
      server.close(() => resolve(server));
    });
  });
};

/** Controllers with one handler each, which answers through the framework's own response. */
function nestModule(wildcard: string): object {
  const controllers = [...HANDLERS, '/*'].map((name) => {
    class One {
      handler(_request: unknown, response: { send(text: string): void }): void {
        response.send(name === '/*' ? REST : name);
      }
    }
    Controller()(One);
    Req()(One.prototype, 'handler', 0);
    Res()(One.prototype, 'handler', 1);
    // The cast holds: the member is there.
    All(name.replace('*', wildcard))(
      One.prototype,
      'handler',
      Object.getOwnPropertyDescriptor(One.prototype, 'handler') as PropertyDescriptor,
    );
    return One;
  });
  class App {}
  Module({ controllers })(App);
  return App;
}

const nestApp: PathApp = async (guard) => {
  const app = await NestFactory.create(nestModule('{*rest}'), { logger: false, bodyParser: false });
  app.use((request: IncomingMessage, _response: unknown, next: () => void) => {
    request.url = rewritten(request.url ?? '');
    next();
  });
  app.useGlobalGuards(onNest(guard));
  await app.init();
  return app.getHttpServer() as Server;
};

const nestOnFastify: PathApp = async (guard) => {
  const adapter = new FastifyAdapter({ rewriteUrl: (request: { readonly url?: string | undefined }) => rewritten(request.url ?? '') });
  const app = await NestFactory.create(nestModule('*'), adapter, { logger: false, bodyParser: false });
  app.useGlobalGuards(onNest(guard));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app.getHttpServer() as Server;
};

/** A Worker in front of an origin that reads paths in its own way. */
const workersProxy =
  (read: (request: IncomingMessage) => string): PathApp =>
  async (_guard, options) => {
    const origin = createServer((request, response) => response.end(handlerOf(read(request))));
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
    // The cast holds: a server that listens on a port has an address with a port.
    const { port } = origin.address() as AddressInfo;
    const worker = onWorkers(() => options, { origin: `http://127.0.0.1:${port}` });
    const settings = {};
    const server = serveFetch(
      (request) => worker(request, settings),
      () => new Response(null, { status: 500 }),
    );
    return server.on('close', () => {
      origin.closeAllConnections();
      origin.close();
    });
  };

const pathname = (url: string | undefined): string => parse(url ?? '').pathname ?? '';
const split = ({ url }: IncomingMessage): string => url?.split('?')[0] ?? '';
const byBase = ({ url }: IncomingMessage): string =>
  URL.canParse(url ?? '', 'http://base') ? new URL(url ?? '', 'http://base').pathname : '';
const byHost = ({ url, headers }: IncomingMessage): string => {
  const whole = `http://${headers.host}${url}`;
  return URL.canParse(whole) ? new URL(whole).pathname : '';
};

/** All apps by name. */
export const pathApps: { readonly [name: string]: PathApp } = {
  'node:http, split': nodeApp(split),
  'node:http, split, lax': nodeApp(split, laxHandlerOf),
  'node:http, url.parse': nodeApp(({ url }) => pathname(url)),
  'node:http, new URL(url, base)': nodeApp(byBase),
  'node:http, new URL(url, base), lax': nodeApp(byBase, laxHandlerOf),
  'node:http, new URL with the host': nodeApp(byHost),
  'node:http2, url.parse': (guard) =>
    // The cast holds for what is used: both are servers that listen.
    createHttp2(
      onNode(guard, (request, response: import('node:http2').Http2ServerResponse) => response.end(handlerOf(pathname(request.url)))),
    ) as unknown as Server,
  'upgrade, new URL(url, base)': upgradeApp(byBase),
  'upgrade, url.parse': upgradeApp(({ url }) => pathname(url)),
  'express 5': expressApp(express5, '*rest'),
  'express 5, rewriting': expressApp(express5, '*rest', rewriteExpress),
  'express 5, an app below a prefix': mountedExpress(false),
  'express 5, a router below a prefix': mountedExpress(true),
  // The cast holds for what is used here: `use`, `all`, and being a request listener.
  'express 4': expressApp(express4 as unknown as () => Express, '*'),
  'fastify 5': fastifyApp({}),
  'fastify 5, lax, rewriting': fastifyApp({
    rewriteUrl: ({ url }) => rewritten(url ?? ''),
    useSemicolonDelimiter: true,
    routerOptions: { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
  }),
  'fastify 5, plugins below a prefix': prefixedFastify,
  'koa 3': onKoaApp(),
  'koa 3, lax, rewriting': onKoaApp(true, true),
  'koa 3, http2': onKoaApp(false, false, (app) => createHttp2(app.callback()) as unknown as Server),
  'hapi 21': hapiApp({}),
  'hapi 21, lax, rewriting': hapiApp({ isCaseSensitive: false, stripTrailingSlash: true }, true),
  'hono 4': (guard) => onHonoServer(honoApp(guard, new Hono())),
  'hono 4, lax': (guard) => onHonoServer(honoApp(guard, new Hono({ strict: false }))),
  'hono 4, rewriting': (guard) =>
    onHonoServer(honoApp(guard, new Hono({ getPath: ({ url }) => rewritten(URL.canParse(url) ? new URL(url).pathname : '/') }))),
  'hono 4, an app below a path': (guard) => onHonoServer(mountedHono(guard, false)),
  'hono 4, a mounted app': (guard) => onHonoServer(mountedHono(guard, true)),
  'h3 2': h3App(false),
  'h3 2, rewriting': h3App(true),
  'h3 1': h31App(''),
  'h3 1, below a prefix': h31App('/v1'),
  'elysia 1': elysiaApp,
  'nest 12, express, rewriting': nestApp,
  'nest 12, fastify, rewriting': nestOnFastify,
  'fetch, new URL(url)': (guard) =>
    serveFetch(
      onWeb(guard, ({ url }) => new Response(handlerOf(new URL(url).pathname))),
      () => new Response(null, { status: 500 }),
    ),
  'workers, in front of a split': workersProxy(split),
  'workers, in front of a new URL(url, base)': workersProxy(byBase),
  'workers, in front of a url.parse': workersProxy(({ url }) => pathname(url)),
};
