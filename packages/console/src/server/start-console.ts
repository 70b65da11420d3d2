/** The console as a server: the page, the stream, and the few things that the page may ask for. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Builder, setupOf } from '../actions/builder.ts';
import { BuilderError } from '../actions/builder-error.ts';
import { type CloudAccess, Desk } from '../actions/desk.ts';
import type { Target } from '../actions/made-requests.ts';
import { Readiness, type ReadinessOptions } from '../live/readiness.ts';
import { Stream } from '../live/stream.ts';
import { watched } from '../live/watch.ts';
import { ConsoleError, refuseProduction } from '../production.ts';
import type { Gauges, Refused } from '../wire.ts';
import { strangerProblem } from './own-origin.ts';
import { type PageFile, readPage } from './page-files.ts';

const LONGEST_BODY = 65_536;

/** What every answer carries: no script, style or connection but the page's own, and no frame around it. */
const HEADERS: { readonly [name: string]: string } = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** Options of {@link startConsole}. */
export interface ConsoleOptions {
  /** The port, 0 to 65535; 0: a free one. Default 8003. */
  readonly port?: number;
  /** The address to listen on. Default `127.0.0.1`. Any other lets other machines see the claims of devices. */
  readonly host?: string;
  /** Further names under which the page is opened, without port. Default: none but those of loopback. */
  readonly names?: readonly string[];
  /** The API that the request builder sends to, and the secret for its tokens. Default: there is no builder. */
  readonly api?: Target;
  /** The local cloud, for switches and a fleet. Only together with `api`. Default: there is none. */
  readonly cloud?: CloudAccess;
  /** What the readiness report is made of, and its thresholds. Default: what this process decides. */
  readonly readiness?: ReadinessOptions;
  /** Default `false`: with `NODE_ENV=production` it does not start. */
  readonly allowInProduction?: boolean;
}

/** A console that listens. */
export interface Console {
  /** The page's address. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves a page that shows, live, what the guards of this process decide: those that `watch` was told of. For development only.
 *
 * It does **not** ask who opens the page: it listens on loopback, answers only its own page (`Host`, `Origin`), and shows no secret, no
 * bound value and no token but those that its own request builder made.
 *
 * @param options - all have defaults
 * @throws ConsoleError `production`, `page-missing`, `port`, `host`, `api`
 * @example
 * ```ts
 * import { startConsole } from '@approov-guard/console';
 *
 * const page = await startConsole({ port: 0 });
 * console.log(page.url.startsWith('http://127.0.0.1:')); // true
 * await page.close();
 * ```
 */
export async function startConsole(options: ConsoleOptions = {}): Promise<Console> {
  const { port = 8003, host = '127.0.0.1', names = [], api = null, cloud = null, readiness = {}, allowInProduction = false } = options;
  refuseProduction(allowInProduction);
  checkPort(port);
  if (api !== null) checkOrigin(api.origin);
  const desk = api === null || cloud === null ? null : new Desk(cloud, api);
  const stream = new Stream(watched.feed, gaugesOfAll);
  const builder = api === null ? null : new Builder(api);
  const site = { page: readPage(), stream, builder, desk, api, names, readiness: new Readiness(readiness) };
  const server = createServer((request, response) => {
    void answer(site, request, response).catch(() => response.destroy());
  });
  await listening(server, port, host);
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shownHost}:${portOf(server)}/`,
    close: async () => {
      stream.close();
      await desk?.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Site {
  readonly page: ReadonlyMap<string, PageFile>;
  readonly stream: Stream;
  readonly builder: Builder | null;
  readonly desk: Desk | null;
  readonly api: Target | null;
  readonly names: readonly string[];
  readonly readiness: Readiness;
}

async function answer(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const stranger = strangerProblem(request, request.socket.localPort ?? 0, site.names);
  if (stranger !== null) return refuse(response, 403, 'stranger', stranger);
  const { method = '', url = '/' } = request;
  const path = url.split('?')[0] ?? '/';
  if (method === 'POST') return answerPost(site, path, request, response);
  if (method !== 'GET') return refuse(response, 405, 'method', 'Use GET or POST.');
  if (path === '/api/stream') {
    if (!site.stream.add(response, HEADERS)) refuse(response, 503, 'readers', 'The page is open too often. Close some of its tabs.');
    return;
  }
  if (path === '/api/setup') return json(response, 200, setupOf(site.api, site.desk !== null));
  if (path === '/api/desk') return answerDesk(site.desk, response, null);
  if (path === '/api/report') return answerReport(site.readiness, response);
  const way = /^\/api\/ways\/(\d{1,15})$/.exec(path);
  if (way !== null) return answerWay(response, way[1] ?? '');
  const file = site.page.get(path);
  if (file === undefined) return refuse(response, 404, 'not-found', 'There is nothing here.');
  response.writeHead(200, { ...HEADERS, 'content-type': file.type }).end(file.bytes);
}

async function answerReport(readiness: Readiness, response: ServerResponse): Promise<void> {
  try {
    json(response, 200, await readiness.shown());
  } catch (error) {
    const { code = 'it failed' } = error as NodeJS.ErrnoException;
    refuse(response, 404, 'no-report', `The decision log cannot be read: ${code}.`);
  }
}

function answerWay(response: ServerResponse, id: string): void {
  const way = watched.feed.way(id);
  if (way === null) refuse(response, 404, 'way-unknown', 'This request was only counted, or is too long ago: its way is not kept.');
  else json(response, 200, way);
}

async function answerPost({ builder, desk }: Site, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A type that no form can send, so that browsers ask first, and are refused, when another site tries.
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return refuse(response, 415, 'type', 'Send application/json.');
  const body = await bodyOf(request);
  if (body === null) return refuse(response, 413, 'body', `Send a JSON object of at most ${LONGEST_BODY} bytes.`);
  if (path === '/api/desk') return answerDesk(desk, response, body);
  if (builder === null)
    return refuse(response, 404, 'no-builder', 'This console has no API to send to: give startConsole the option `api`.');
  try {
    if (path === '/api/press') json(response, 200, await builder.press(body.scenario));
    else if (path === '/api/send') json(response, 200, await builder.sendEdited(body.request, body.from));
    else refuse(response, 404, 'not-found', 'There is nothing here.');
  } catch (error) {
    if (!(error instanceof BuilderError)) throw error;
    refuse(response, 400, 'request', error.message);
  }
}

/** Answers how the cloud and the fleet stand, after what was asked for. */
async function answerDesk(desk: Desk | null, response: ServerResponse, asked: { readonly [name: string]: unknown } | null): Promise<void> {
  if (desk === null) return refuse(response, 404, 'no-cloud', 'This console has no cloud to switch: give startConsole the option `cloud`.');
  try {
    if (typeof asked?.faults === 'object' && asked.faults !== null) await desk.switch(asked.faults);
    if (asked?.rotate === true) await desk.rotate();
    if (typeof asked?.fleet === 'object' && asked.fleet !== null) await desk.setFleet(asked.fleet);
    json(response, 200, await desk.shown());
  } catch (error) {
    refuse(response, 400, 'cloud', error instanceof BuilderError ? error.message : 'The cloud does not answer. Is it still running?');
  }
}

/** The JSON object in a body; `null`: there is none. */
async function bodyOf(request: IncomingMessage): Promise<{ readonly [name: string]: unknown } | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_BODY) return null;
    chunks.push(chunk);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    // The cast holds: an object's members are unknown.
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as { [name: string]: unknown }) : null;
  } catch {
    return null;
  }
}

function json(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(content));
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  const refused: Refused = { error: { code, message } };
  json(response, status, refused);
}

function gaugesOfAll(): Gauges | null {
  const all = [...watched.guards].map((guard) => guard.gauges());
  if (all.length === 0) return null;
  const sum = (of: (gauges: (typeof all)[number]) => number): number => all.reduce((total, gauges) => total + of(gauges), 0);
  return {
    cachedTokens: sum(({ tokenCache }) => tokenCache.tokens),
    replayEntries: all.some(({ replay }) => replay !== null) ? sum(({ replay }) => replay?.entries ?? 0) : null,
    keys: sum(({ keySets }) => keySets.reduce((total, { keys }) => total + keys, 0)),
  };
}

function checkPort(port: unknown): void {
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535) return;
  throw new ConsoleError('port', '`port`: expected a number from 0 to 65535');
}

function checkOrigin(origin: string): void {
  const url = URL.canParse(origin) ? new URL(origin) : null;
  if (url?.protocol === 'http:' && url.origin === origin) return;
  throw new ConsoleError('api', '`api.origin`: expected an origin such as http://127.0.0.1:8002, without a path');
}

async function listening(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}

function portOf(server: Server): number {
  // The cast holds: it listens on an address, not on a path.
  return (server.address() as AddressInfo).port;
}
