/** `peer-proxy.mjs NAME PORT UPSTREAM`: a reverse proxy of the field that checks nothing, or what one is made of at least. */
import { Agent, createServer } from 'node:http';

/** @typedef {import('undici').Dispatcher.DispatchHandler} DispatchHandler */

const [name = '', port = '', upstream = ''] = process.argv.slice(2);

/** @type {{ [name: string]: () => Promise<unknown> }} */
const PROXIES = {
  'http-proxy-3': async () => {
    const { createProxyServer } = await import('http-proxy-3');
    const proxy = createProxyServer({ target: upstream, agent: new Agent({ keepAlive: true, maxSockets: 128 }) });
    createServer((request, response) => proxy.web(request, response)).listen(Number(port), '127.0.0.1');
  },
  '@fastify/http-proxy': async () => {
    const [{ default: fastify }, { default: httpProxy }] = await Promise.all([import('fastify'), import('@fastify/http-proxy')]);
    const app = fastify();
    await app.register(httpProxy, { upstream });
    await app.listen({ port: Number(port), host: '127.0.0.1' });
  },
  'fast-proxy': async () => {
    const { default: fastProxy } = await import('fast-proxy');
    const { proxy } = fastProxy({ base: upstream, undici: { connections: 128 } });
    createServer((request, response) => proxy(request, response, request.url ?? '/', {})).listen(Number(port), '127.0.0.1');
  },
  /** No proxy: neither errors, nor bodies, nor back-pressure. What is under every proxy that stands on these two. */
  'node:http and undici’s dispatch': async () => {
    const { Pool } = await import('undici');
    const pool = new Pool(upstream, { connections: 128, pipelining: 1 });
    /** @param {readonly string[]} lines */
    const onwards = (lines) => lines.filter((_, index) => lines[index - (index % 2)]?.toLowerCase() !== 'connection');
    createServer((request, response) => {
      /** @type {DispatchHandler} */
      const relay = {
        onConnect: () => undefined,
        onHeaders: (status, raw, _resume, reason) => {
          response.writeHead(status, reason, onwards(raw.map((text) => text.toString('latin1'))));
          return true;
        },
        onData: (chunk) => response.write(chunk),
        onComplete: () => void response.end(),
        onError: () => void response.destroy(),
      };
      const method = /** @type {'GET'} */ (request.method);
      pool.dispatch({ path: request.url ?? '/', method, headers: onwards(request.rawHeaders), body: null }, relay);
    }).listen(Number(port), '127.0.0.1');
  },
};

await PROXIES[name]?.();
