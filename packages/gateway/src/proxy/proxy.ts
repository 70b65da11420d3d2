/** The reverse proxy: one request's way from the client through the guard to the upstream and back. */
import type { IncomingMessage } from 'node:http';
import type { Decision, Refusal } from 'approov-guard';
import { NodeRequestView } from 'approov-guard/views';
import { type OutgoingResponse, ownAnswer, writeAnswer } from './answers.ts';
import { fieldOf, preflightOrigin } from './cors.ts';
import { type AnswerRules, type ExchangeEnd, exchange, isTimeout } from './exchange.ts';
import { writeForwarded } from './forwarded.ts';
import { writeIdentity } from './identity.ts';
import { type Inbound, parseInbound, type ShapeProblem, trailersOf } from './inbound.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import type { Outbound, OutboundBody } from './upstream/outbound.ts';
import type { Target, Upstream, Upstreams } from './upstream/upstreams.ts';

/** What became of a request, for the access log and the metrics. */
export interface Outcome {
  readonly status: number;
  /** `accepted`, a reason or fault code, `exempt`, `preflight`, or what is wrong with the request's shape. */
  readonly verdict: string;
  readonly id: string | null;
  /** The upstream's name, or `null` if it was not asked. */
  readonly upstream: string | null;
  /** What went wrong at the upstream, or `null`. */
  readonly trouble: 'not-sent' | 'failed' | 'timeout' | 'cut' | 'client-gone' | 'too-large' | null;
}

/** What the proxy works with. */
export interface ProxyHost {
  readonly current: PolicyInForce;
  readonly upstreams: Upstreams;
  /** Whether answers say that the connection closes. */
  readonly draining: boolean;
  /** Told of each request that is over. */
  readonly onOutcome: (request: IncomingMessage, outcome: Outcome) => void;
}

/** A request with its answer, from the first look at it to the last byte. */
export interface Passage {
  readonly request: IncomingMessage;
  readonly response: OutgoingResponse;
  readonly force: PolicyInForce;
  readonly inbound: Inbound;
  readonly encrypted: boolean;
  /** Whether the client waits for `100 Continue` before it sends the body. */
  expects: boolean;
}

/** Serves one request. Never throws. Where the guard answers at once, so is everything done at once that can be. */
export function serve(host: ProxyHost, request: IncomingMessage, response: OutgoingResponse, expects: boolean): void {
  const force = host.current;
  const encrypted = (request.socket as { encrypted?: boolean } | undefined)?.encrypted === true;
  try {
    const inbound = parseInbound(request, force.fields, encrypted);
    if (typeof inbound === 'string') host.onOutcome(request, refuseShape(response, inbound));
    else judge(host, { request, response, force, inbound, encrypted, expects });
  } catch {
    failed(host, request, response);
  }
}

/** Nothing is meant to throw; if it does, nothing is let through. */
function failed(host: ProxyHost, request: IncomingMessage, response: OutgoingResponse): void {
  writeAnswer(response, ownAnswer(500), true);
  host.onOutcome(request, { status: 500, verdict: 'internal', id: null, upstream: null, trouble: null });
}

const STATUS_OF: { readonly [Problem in ShapeProblem]?: number } = { method: 405, version: 505, expectation: 417 };

/** RFC 9112 §9.6: what follows a request of doubtful shape is not read. */
function refuseShape(response: OutgoingResponse, problem: ShapeProblem): Outcome {
  const status = STATUS_OF[problem] ?? 400;
  writeAnswer(response, ownAnswer(status, problem === 'method' ? { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' } : {}), true);
  return { status, verdict: problem, id: null, upstream: null, trouble: null };
}

function judge(host: ProxyHost, passage: Passage): void {
  const { inbound, force, request, response } = passage;
  const { cors, settings } = force;
  const origin = cors === null ? null : preflightOrigin(inbound.method, inbound.fields, inbound.hasBody);
  if (cors !== null && origin !== null) {
    writeAnswer(response, { status: 204, headers: cors.preflightFields(origin), body: '' });
    return void host.onOutcome(request, { status: 204, verdict: 'preflight', id: null, upstream: null, trouble: null });
  }
  const { bodyBytes } = settings.limits;
  if (bodyBytes !== null && (inbound.contentLength ?? 0) > bodyBytes)
    return void host.onOutcome(request, answered(passage, ownAnswer(413), 'body-too-large', null));
  const decision = force.policy.guard.decide(new ProxiedView(passage));
  if (decision instanceof Promise) decision.then((later) => act(host, passage, later)).catch(() => failed(host, request, response));
  else act(host, passage, decision);
}

function act(host: ProxyHost, passage: Passage, decision: Decision): void {
  const { inbound, request } = passage;
  const verdict = verdictOf(decision);
  const answer = (refusal: Refusal): void => host.onOutcome(request, answered(passage, refusal, verdict, decision.id));
  if (decision.action === 'refuse') return void answer(decision.refusal);
  if (inbound.target === '*') return void answer(ownAnswer(204));
  const upstream = host.upstreams.find(inbound.authority, inbound.target);
  if (upstream === null) return void answer(ownAnswer(404));
  new Forwarding(host, passage, upstream, { verdict, id: decision.id }, writeOwnFields(passage, decision)).start();
}

/** Answers by ourselves. The body that may still come is not waited for; the connection ends behind the answer then. */
function answered({ response, inbound, request, force }: Passage, refusal: Refusal, verdict: string, id: string | null): Outcome {
  const fields = corsFields(force, inbound);
  const answer = fields === null ? refusal : { ...refusal, headers: { ...refusal.headers, ...fields } };
  const write = (): void => {
    writeAnswer(response, answer, inbound.hasBody && !request.complete);
    request.resume();
  };
  // Node tells of a request when its head was read: a turn later it knows whether the body came with it.
  if (inbound.hasBody && !request.complete && response.stream === undefined) setImmediate(write);
  else write();
  return { status: refusal.status, verdict, id, upstream: null, trouble: null };
}

function corsFields({ cors }: PolicyInForce, { fields }: Inbound): { readonly [name: string]: string } | null {
  const origin = cors === null ? null : fieldOf(fields, 'origin');
  return origin === null ? null : (cors?.answerFields(origin) ?? {});
}

/** What only this hop may say, and then the collected fields: servers that keep a number of lines drop the client's, never ours. */
export function writeOwnFields(passage: Omit<Passage, 'response' | 'expects'>, decision: Decision): string[] {
  const { inbound, force, request, encrypted } = passage;
  const fields = ['host', inbound.authority];
  const peer = request.socket.remoteAddress ?? null;
  const hop = { peer, scheme: encrypted ? 'https' : 'http', authority: inbound.authority, version: request.httpVersion } as const;
  writeForwarded(fields, hop, inbound.forwarding, inbound.forwarding.length > 0 && force.isTrustedPeer(peer), request.socket);
  writeIdentity(fields, force.identity, decision);
  for (const text of inbound.fields) fields.push(text);
  return fields;
}

/** RFC 9110 §9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** A request on its way to a server, or to the next one where the first could not be sent to. */
class Forwarding implements AnswerRules {
  readonly #host: ProxyHost;
  readonly #passage: Passage;
  readonly #upstream: Upstream;
  readonly #known: Pick<Outcome, 'verdict' | 'id'>;
  readonly #outbound: Outbound;
  /** How many servers may be asked: only where nothing was sent, and where a second time would do no harm, another one is. */
  readonly #most: number;
  readonly #tried: Target[] = [];
  #tooLarge = false;
  readonly cors: AnswerRules['cors'];

  constructor(host: ProxyHost, passage: Passage, upstream: Upstream, known: Pick<Outcome, 'verdict' | 'id'>, fields: readonly string[]) {
    const { method, target: path, hasBody, takesTrailers } = passage.inbound;
    this.#host = host;
    this.#passage = passage;
    this.#upstream = upstream;
    this.#known = known;
    this.#outbound = { method, path, fields, body: hasBody ? this.#body() : null, upgrade: '', takesTrailers };
    this.#most = !hasBody && IDEMPOTENT.has(method) ? upstream.targets.length : 1;
    this.cors = corsFields(passage.force, passage.inbound);
  }

  get httpVersion(): string {
    return this.#passage.request.httpVersion;
  }

  get method(): string {
    return this.#passage.inbound.method;
  }

  close(): boolean {
    return this.#host.draining || !this.#passage.request.complete;
  }

  /** Asks the next server. */
  start(): void {
    const target = this.#tried.length < this.#most ? this.#upstream.pick(this.#tried) : null;
    if (target === null) return void this.#settle({ end: 'not-sent', error: null });
    this.#tried.push(target);
    if (this.#outbound.body !== null) sendContinue(this.#passage);
    exchange(target, this.#outbound, this.#passage.response, this, (end) => {
      if (end.end === 'not-sent') {
        target.refused();
        if (this.#tried.length < this.#most) return this.start();
      }
      this.#settle(end);
    });
  }

  #body(): OutboundBody {
    const { request, inbound, force } = this.#passage;
    return {
      source: request,
      length: inbound.contentLength,
      announced: inbound.contentLength === null ? inbound.trailers : [],
      trailers: () => trailersOf(request.rawTrailers, inbound.trailers),
      most: force.settings.limits.bodyBytes,
      onTooLarge: () => {
        this.#tooLarge = true;
      },
    };
  }

  #settle(end: ExchangeEnd): void {
    const { request, response } = this.#passage;
    if (end.end === 'answered') return void this.#report(end.status, null);
    if (end.end === 'cut') return void this.#report(end.status || 499, end.error === null ? 'client-gone' : 'cut');
    const isLate = end.error !== null && isTimeout(end.error);
    const status = this.#tooLarge ? 413 : isLate ? 504 : 502;
    // Nobody has read the body where nothing was sent.
    request.resume();
    writeAnswer(response, ownAnswer(status), !request.complete);
    this.#report(status, this.#tooLarge ? 'too-large' : isLate ? 'timeout' : end.end);
  }

  #report(status: number, trouble: Outcome['trouble']): void {
    const { verdict, id } = this.#known;
    this.#host.onOutcome(this.#passage.request, { status, verdict, id, upstream: this.#upstream.settings.name, trouble });
  }
}

function sendContinue(passage: Passage): void {
  if (!passage.expects) return;
  passage.expects = false;
  passage.response.writeContinue();
}

/** The verdict's code, or why there is none. */
export function verdictOf(decision: Decision): string {
  const { verdict } = decision;
  if (verdict === null) return decision.action === 'pass' ? (decision.skipped ?? 'exempt') : 'exempt';
  if (verdict.outcome === 'accepted') return 'accepted';
  return verdict.outcome === 'rejected' ? verdict.reason : verdict.fault;
}

/** The request as the guard reads it: it goes on to another server, by the target that is sent there. */
class ProxiedView extends NodeRequestView {
  readonly #passage: Passage;
  readonly leadsOn = true;

  constructor(passage: Passage) {
    super(passage.request);
    this.#passage = passage;
  }

  override get currentTarget(): string {
    return this.#passage.inbound.target;
  }

  /** A client that waits for `100 Continue` gets it when the body is to be read. */
  override get body(): NodeRequestView['body'] {
    const body = super.body;
    if (!this.#passage.expects) return body;
    return {
      ...body,
      read: (maxBytes, allowance) => {
        sendContinue(this.#passage);
        return body.read(maxBytes, allowance);
      },
    };
  }
}
