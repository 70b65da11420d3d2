/** Sends a request with its header lines exactly as they are, and holds the server's certificate against the pins. */
import * as http from 'node:http';
import * as https from 'node:https';
import { checkServerIdentity } from 'node:tls';
import type { HeaderLine } from '@approov-guard/testkit';
import { pinsOfChain } from '../account/pins.ts';

/** A request as it goes out. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array | null;
}

/** An answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** At most 1 MiB. */
  readonly body: Uint8Array;
}

/** How a device connects. */
export interface Connecting {
  readonly agents: Agents;
  /** Whom it trusts beside the platform's roots, PEM. */
  readonly ca: string | null;
  /** Pins of which one must be in the chain; `null`: it does not pin. */
  readonly pins: readonly string[] | null;
}

/** Connections that stay open between requests. */
export interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

/** The connection was refused by the device: a certificate that is not trusted or not pinned. Nothing was sent. */
export class PinError extends Error {
  constructor() {
    super('the certificate is not trusted, or none of its chain is pinned');
    this.name = 'PinError';
  }
}

/** Makes connections. Resumed TLS sessions would pass the pins by. @param most - at a time */
export function makeAgents(most: number): Agents {
  const options = { keepAlive: true, maxSockets: most };
  return { http: new http.Agent(options), https: new https.Agent({ ...options, maxCachedSessions: 0 }) };
}

const MOST_BODY_BYTES = 1_048_576;
const TIMEOUT_MS = 30_000;

/**
 * Sends a request.
 * @throws PinError where the certificate is not the pinned one; what node:http throws where nobody answers
 */
export function send(request: SentRequest, connecting: Connecting): Promise<HttpAnswer> {
  const url = new URL(request.url);
  return new Promise((done, fail) => {
    const outgoing = open(url, request, connecting);
    outgoing.setTimeout(TIMEOUT_MS, () => outgoing.destroy(new Error('no answer in 30 seconds')));
    outgoing.once('error', (error: NodeJS.ErrnoException) => fail(isCertificateError(error) ? new PinError() : error));
    outgoing.once('response', (incoming) => {
      collected(incoming).then((body) => done({ status: incoming.statusCode ?? 0, headers: incoming.headers, body }), fail);
    });
    outgoing.end(request.body ?? undefined);
  });
}

function open(url: URL, request: SentRequest, { agents, ca, pins }: Connecting): http.ClientRequest {
  const headers = [['Host', url.host] as const, ...request.headers];
  const hasLength = request.headers.some(([name]) => name.toLowerCase() === 'content-length');
  if (request.body !== null && !hasLength) headers.push(['Content-Length', String(request.body.length)]);
  // A flat list is sent line by line, duplicates too.
  const lines = headers.flat() as unknown as http.OutgoingHttpHeaders;
  // The target goes out as it was written: an app's HTTP library does not fold dots.
  const path = request.url.slice(request.url.indexOf(url.host, url.protocol.length) + url.host.length).split('#', 1)[0] || '/';
  const common = { method: request.method, headers: lines, host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port, path };
  if (url.protocol === 'http:') return http.request({ ...common, agent: agents.http });
  const check: typeof checkServerIdentity = (host, certificate) => {
    const mismatch = checkServerIdentity(host, certificate);
    if (mismatch !== undefined || pins === null) return mismatch;
    return pinsOfChain(certificate as never).some((pin) => pins.includes(pin)) ? undefined : new PinError();
  };
  return https.request({ ...common, agent: agents.https, checkServerIdentity: check, ...(ca === null ? {} : { ca: [ca] }) });
}

function isCertificateError(error: NodeJS.ErrnoException): boolean {
  return error instanceof PinError || /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ALTNAME/.test(error.code ?? '');
}

async function collected(incoming: http.IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > MOST_BODY_BYTES) {
      incoming.destroy();
      throw new Error(`the answer is longer than ${MOST_BODY_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
