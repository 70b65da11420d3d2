/** WebSocket and other upgrades: judged before anything is sent, then bytes both ways until one side ends or the token expires. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { type AdmittedRequest, approov, type UpgradeListener } from 'approov-guard/websocket';
import { answerText, ownAnswer } from './answers.ts';
import { answerLines, isTimeout } from './exchange.ts';
import { parseInbound } from './inbound.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import { type Outcome, type ProxyHost, serve, verdictOf, writeOwnFields } from './proxy.ts';
import type { AnswerHandler, Flow } from './upstream/outbound.ts';

/** Open tunnels, so that they can be counted and ended. */
export class Tunnels {
  readonly #open: Set<Duplex> = new Set();

  get size(): number {
    return this.#open.size;
  }

  add(socket: Duplex): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }

  /** Ends them all. */
  end(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

/** Listens for upgrades. */
export function upgradeListener(host: ProxyHost, tunnels: Tunnels): (request: IncomingMessage, socket: Duplex, head: Uint8Array) => void {
  const admissions = new WeakMap<PolicyInForce, UpgradeListener<IncomingMessage>>();
  return (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const force = host.current;
    const encrypted = (request.socket as { encrypted?: boolean }).encrypted === true;
    const inbound = parseInbound(request, force.fields, encrypted);
    const report = (outcome: Omit<Outcome, 'upstream' | 'trouble'> & Partial<Outcome>): void =>
      host.onOutcome(request, { upstream: null, trouble: null, ...outcome });
    const refuse = (status: number, verdict: string): void => {
      socket.end(answerText(ownAnswer(status)));
      report({ status, verdict, id: null });
    };
    if (typeof inbound === 'string') return refuse(inbound === 'method' ? 405 : 400, inbound);
    // RFC 9110 §7.8: an upgrade may be ignored. That to HTTP/2, which some clients offer on plain text, must be.
    if (!force.settings.upgrades.has(inbound.upgrade)) return serveWithout(host, request, socket);
    let listener = admissions.get(force);
    if (listener === undefined) {
      listener = approov(force.policy.guard, (admitted, raw, first) =>
        open(host, tunnels, { request: admitted, socket: raw as Duplex, head: first }),
      );
      admissions.set(force, listener);
    }
    socket.once('close', () => {
      const { approov: decision } = request as Partial<AdmittedRequest>;
      if (decision === undefined) report({ status: 401, verdict: 'refused', id: null });
    });
    void listener(request, socket as never, head);
  };
}

/** The request without its upgrade; the connection closes after the answer. */
function serveWithout(host: ProxyHost, request: IncomingMessage, socket: Duplex): void {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  // The cast holds: an upgrade comes on a socket.
  response.assignSocket(socket as Socket);
  response.once('finish', () => socket.end());
  serve(host, request, response, false);
}

interface Admitted {
  readonly request: AdmittedRequest;
  readonly socket: Duplex;
  readonly head: Uint8Array;
}

/** Asks the upstream for the same upgrade. */
function open(host: ProxyHost, tunnels: Tunnels, admitted: Admitted): void {
  const { request, socket } = admitted;
  const force = host.current;
  const encrypted = (request.socket as { encrypted?: boolean }).encrypted === true;
  const inbound = parseInbound(request, force.fields, encrypted);
  const upstream = typeof inbound === 'string' ? null : host.upstreams.find(inbound.authority, inbound.target);
  const target = upstream?.pick([]) ?? null;
  if (typeof inbound === 'string' || upstream === null || target === null) return void socket.end(answerText(ownAnswer(404)));
  const fields = handshakeFields(writeOwnFields({ request, force, inbound, encrypted }, request.approov), request);
  const handler = new Tunnel(tunnels, admitted, (status, trouble) => {
    host.onOutcome(request, {
      status,
      verdict: verdictOf(request.approov),
      id: request.approov.id,
      upstream: upstream.settings.name,
      trouble,
    });
  });
  const { method, target: path, upgrade } = inbound;
  target.dispatch({ method, path, fields, upgrade, body: null, takesTrailers: false }, handler);
}

/** Tokens among the offered subprotocols are not offered to the upstream, which might select one and send it back. */
function handshakeFields(fields: readonly string[], request: IncomingMessage): string[] {
  const name = 'sec-websocket-protocol';
  const offered = request.headers[name];
  const kept = fields.filter((_, index) => (fields[index - (index % 2)] as string).toLowerCase() !== name);
  return offered === undefined ? kept : [...kept, name, offered];
}

class Tunnel implements AnswerHandler {
  readonly #tunnels: Tunnels;
  readonly #admitted: Admitted;
  readonly #report: (status: number, trouble: Outcome['trouble']) => void;
  #flow: Flow | null = null;
  #answering = false;
  #opened = false;

  constructor(tunnels: Tunnels, admitted: Admitted, report: (status: number, trouble: Outcome['trouble']) => void) {
    this.#tunnels = tunnels;
    this.#admitted = admitted;
    this.#report = report;
    admitted.socket.once('close', this.#onClientGone);
  }

  onSending(flow: Flow): void {
    this.#flow = flow;
    if (this.#admitted.socket.destroyed) flow.abort();
  }

  onInformation(): void {
    // It concerns a request, not a tunnel.
  }

  onUpgrade(given: string[], upstream: Duplex, first: Buffer): void {
    const { socket, head } = this.#admitted;
    this.#opened = true;
    socket.off('close', this.#onClientGone);
    const lines = answerLines(given, null, false);
    const at = given.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'upgrade');
    const own = ['Connection', 'Upgrade', 'Upgrade', given[at + 1] ?? 'websocket'];
    socket.write(headText(101, 'Switching Protocols', [...lines, ...own]), 'latin1');
    if (first.length > 0) socket.write(first);
    if (head.length > 0) upstream.write(head);
    join(socket, upstream);
    this.#tunnels.add(socket);
    this.#report(101, null);
  }

  /** The upstream declines: its answer goes to the client, and the connection ends with it. */
  onHead(status: number, reason: string, given: string[]): void {
    this.#answering = true;
    const { socket } = this.#admitted;
    const lines = answerLines(given, null, false);
    socket.on('drain', () => this.#flow?.resume());
    socket.write(headText(status, reason, [...lines, 'Connection', 'close']), 'latin1');
    this.#report(status, null);
  }

  onContent(chunk: Buffer): boolean {
    return this.#admitted.socket.write(chunk);
  }

  onEnd(last: string | null): void {
    this.#flow = null;
    if (last === null) this.#admitted.socket.end();
    else this.#admitted.socket.end(last, 'latin1');
  }

  onError(error: Error): void {
    if (this.#opened) return;
    const { socket } = this.#admitted;
    const wasSent = this.#flow !== null;
    this.#flow = null;
    if (this.#answering || socket.destroyed) return void socket.destroy();
    const status = isTimeout(error) ? 504 : 502;
    socket.end(answerText(ownAnswer(status)));
    this.#report(status, isTimeout(error) ? 'timeout' : wasSent ? 'failed' : 'not-sent');
  }

  readonly #onClientGone = (): void => this.#flow?.abort();
}

function headText(status: number, reason: string, lines: readonly string[]): string {
  const fields = lines.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
  return `HTTP/1.1 ${status} ${reason}\r\n${fields}\r\n`;
}

/** Each side's bytes to the other, with back-pressure; the end of one is the end of both. */
function join(client: Duplex, upstream: Duplex): void {
  const end = (): void => {
    client.destroy();
    upstream.destroy();
  };
  upstream.on('error', end);
  client.once('close', end);
  upstream.once('close', end);
  client.pipe(upstream);
  upstream.pipe(client);
}
