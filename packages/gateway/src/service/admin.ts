/** The admin listener: how the gateway is, for whoever operates it. Loopback by default; nothing on it is for clients. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { OrderAnswer } from '@approov-guard/rollout';
import { type ListenAddress, listenOn } from '../listen-address.ts';
import { type Counts, exposition } from './metrics.ts';

/** Whether requests can be served, and what is in the way: `ok`, or words, for each thing that was looked at. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: { readonly [name: string]: string };
}

/** What the listener shows. */
export interface AdminPages {
  readonly ready: () => Promise<Readiness>;
  readonly metrics: () => Promise<string>;
  /** The policy in force, secrets as fingerprints. */
  readonly policy: () => object | Promise<object>;
  /** Obeys an order to the roll-out (`POST /switch`, `POST /breaker`), if its sender may give it. */
  readonly order: (order: Order) => OrderAnswer | Promise<OrderAnswer>;
}

/** What a service shows of itself. */
export function pagesOf(service: {
  ready(): Promise<Readiness>;
  counts(): Counts;
  shown(): object;
  order(order: Order): OrderAnswer;
}): AdminPages {
  return {
    ready: () => service.ready(),
    metrics: async () => exposition(service.counts()),
    policy: () => service.shown(),
    order: (order) => service.order(order),
  };
}

/** An order, as it was sent. */
export interface Order {
  readonly path: string;
  readonly authorization: string | null;
  readonly body: string;
}

const ORDERS: ReadonlySet<string> = new Set(['/switch', '/breaker']);
/** Longer than any order. */
const MOST_ORDER_BYTES = 4096;

/** Serves `/live`, `/ready`, `/metrics` and `/policy`, and takes orders to the roll-out. */
export class AdminListener {
  readonly #server: Server;

  constructor(pages: AdminPages) {
    this.#server = createServer({ headersTimeout: 5000, requestTimeout: 5000, maxHeaderSize: 8192 }, (request, response) => {
      void answer(pages, request).then(({ status, type, body }) => {
        response.writeHead(status, {
          'content-type': type,
          'cache-control': 'no-store',
          'content-length': String(Buffer.byteLength(body)),
          ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
          ...(request.complete ? {} : { connection: 'close' }),
        });
        response.end(request.method === 'HEAD' ? undefined : body);
      });
    });
  }

  listen(address: ListenAddress): Promise<string> {
    return listenOn(this.#server, address, 'gateway.admin', '; choose another address, or null for none');
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const json = (status: number, value: object): Page => ({ status, type: 'application/json', body: `${JSON.stringify(value, null, 2)}\n` });

async function answer(pages: AdminPages, request: IncomingMessage): Promise<Page> {
  const { method = '' } = request;
  const path = (request.url ?? '').replace(/\?.*$/s, '');
  if (method === 'POST' && ORDERS.has(path)) return obey(pages, request, path);
  if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'GET or HEAD' });
  try {
    if (path === '/live') return json(200, { live: true });
    if (path === '/metrics') return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await pages.metrics() };
    if (path === '/policy') return json(200, await pages.policy());
    if (path !== '/ready') return json(404, { pages: ['/live', '/ready', '/metrics', '/policy'] });
    const { ready, checks } = await pages.ready();
    return json(ready ? 200 : 503, { ready, checks });
  } catch {
    return json(500, { error: 'internal' });
  }
}

async function obey(pages: AdminPages, request: IncomingMessage, path: string): Promise<Page> {
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MOST_ORDER_BYTES) return json(413, { error: `longer than ${MOST_ORDER_BYTES} bytes` });
      chunks.push(chunk);
    }
    const { authorization = null } = request.headers;
    const { status, body } = await pages.order({ path, authorization, body: Buffer.concat(chunks).toString('utf8') });
    return json(status, body);
  } catch {
    return json(500, { error: 'internal' });
  }
}
