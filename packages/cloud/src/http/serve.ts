/** The HTTP server around the routes: limits, time-outs, faults. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cloud } from '../cloud.ts';
import { checkSource } from './gate.ts';
import { sendError, sendJson, sendText } from './messages.ts';
import { type Found, routeOf } from './routes.ts';

/** What a server serves. */
export interface Served {
  /** `null` while the state is being read. */
  readonly cloud: () => Cloud | null;
  readonly url: () => string;
  /** Host names under which it may be reached, beside addresses and localhost. */
  readonly hostNames: readonly string[];
  /** Ends what waits when the server closes. */
  readonly closing: AbortSignal;
}

/** Makes a server of the cloud's routes. */
export function cloudServer(served: Served): Server {
  const server = createServer(
    { maxHeaderSize: 32_768, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 30_000, connectionsCheckingInterval: 1000 },
    (request, response) => {
      answer(served, request, response).catch((error: unknown) => sendError(response, error));
    },
  );
  server.maxConnections = 4096;
  return server;
}

async function answer(served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  checkSource(request, served.hostNames);
  const cloud = served.cloud();
  if (cloud === null) return sendJson(response, 503, { error: { code: 'busy', message: 'the state is in use for a moment; try again' } });
  const [pathname = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const found = routeOf(request.method ?? 'GET', pathname, request.headers.authorization, cloud.adminKey);
  const { slowMs } = cloud.faults;
  if (found.route.service && slowMs > 0) await delay(slowMs, undefined, { signal: served.closing, ref: false });
  const account = new URLSearchParams(query).get('account') ?? undefined;
  const body = await found.route.answer({ cloud, request, account, parts: found.parts, url: served.url() });
  if (isCut(found, cloud)) sendText(response, 200, JSON.stringify(body).slice(0, JSON.stringify(body).length / 2));
  else sendJson(response, 200, body);
}

function isCut({ route }: Found, cloud: Cloud): boolean {
  return cloud.faults.keySet === 'truncated' && route.path.source.includes('jwks');
}
