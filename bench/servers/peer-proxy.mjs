/** `peer-proxy.mjs NAME PORT UPSTREAM`: a reverse proxy of the field that checks nothing. */
import { Agent, createServer } from 'node:http';

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
};

await PROXIES[name]?.();
