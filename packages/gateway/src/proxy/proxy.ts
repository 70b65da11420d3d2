/** The reverse proxy: one request's way from the client through the guard to the upstream and back. */
import type { IncomingMessage } from 'node:http';
import type { Decision, Refusal } from 'approov-guard';
import { NodeRequestView } from 'approov-guard/views';
import { type OutgoingResponse, ownAnswer, writeAnswer } from './answers.ts';
import { fieldOf, preflightOrigin } from './cors.ts';
import { CountedBody, type ExchangeEnd, exchange } from './exchange.ts';
import { writeForwarded } from './forwarded.ts';
import { writeIdentity } from './identity.ts';
import { type Inbound, readInbound, type ShapeProblem } from './inbound.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import type { Target, Upstream, Upstreams } from './upstreams.ts';

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

/** Serves one request. Never throws or rejects. */
export async function serve(host: ProxyHost, request: IncomingMessage, response: OutgoingResponse, expects: boolean): Promise<void> {
  const force = host.current;
  let outcome: Outcome;
  try {
    const encrypted = (request.socket as { encrypted?: boolean } | undefined)?.encrypted === true;
    const inbound = readInbound(request, force.fields, encrypted);
    if (typeof inbound === 'string') outcome = refuseShape(response, inbound);
    else outcome = await pass(host, { request, response, force, inbound, encrypted, expects });
  } catch {
    // Nothing above is meant to throw; if it does, nothing is let through.
    writeAnswer(response, ownAnswer(500), true);
    outcome = { status: 500, verdict: 'internal', id: null, upstream: null, trouble: null };
  }
  host.onOutcome(request, outcome);
}

const STATUS_OF: { readonly [Problem in ShapeProblem]?: number } = { method: 405, version: 505, expectation: 417 };

/** RFC 9112 §9.6: what follows a request of doubtful shape is not read. */
function refuseShape(response: OutgoingResponse, problem: ShapeProblem): Outcome {
  const status = STATUS_OF[problem] ?? 400;
  writeAnswer(response, ownAnswer(status, problem === 'method' ? { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' } : {}), true);
  return { status, verdict: problem, id: null, upstream: null, trouble: null };
}

async function pass(host: ProxyHost, passage: Passage): Promise<Outcome> {
  const { inbound, force, response } = passage;
  const { cors, settings } = force;
  const origin = cors === null ? null : preflightOrigin(inbound.method, inbound.fields, inbound.hasBody);
  if (cors !== null && origin !== null) {
    writeAnswer(response, { status: 204, headers: cors.preflightFields(origin), body: '' });
    return { status: 204, verdict: 'preflight', id: null, upstream: null, trouble: null };
  }
  const { bodyBytes } = settings.limits;
  if (bodyBytes !== null && (inbound.contentLength ?? 0) > bodyBytes) return answered(passage, ownAnswer(413), 'body-too-large', null);
  const given = force.policy.guard.decide(new ProxiedView(passage));
  const decision = given instanceof Promise ? await given : given;
  if (decision.action === 'refuse') return answered(passage, decision.refusal, verdictOf(decision), decision.id);
  if (inbound.target === '*') return answered(passage, ownAnswer(204), verdictOf(decision), decision.id);
  const upstream = host.upstreams.find(inbound.authority, inbound.target);
  if (upstream === null) return answered(passage, ownAnswer(404), verdictOf(decision), decision.id);
  return forward(host, passage, decision, upstream);
}

/** Answers by ourselves. The body that may still come is not waited for. */
function answered({ response, inbound, request, force }: Passage, refusal: Refusal, verdict: string, id: string | null): Outcome {
  const fields = corsFields(force, inbound);
  writeAnswer(
    response,
    fields === null ? refusal : { ...refusal, headers: { ...refusal.headers, ...fields } },
    inbound.hasBody && !request.complete,
  );
  request.resume();
  return { status: refusal.status, verdict, id, upstream: null, trouble: null };
}

function corsFields({ cors }: PolicyInForce, { fields }: Inbound): { readonly [name: string]: string } | null {
  const origin = cors === null ? null : fieldOf(fields, 'origin');
  return origin === null ? null : (cors?.answerFields(origin) ?? {});
}

/** Adds to the collected fields what only this hop may say. */
export function writeOwnFields(passage: Omit<Passage, 'response' | 'expects'>, decision: Decision): string[] {
  const { inbound, force, request, encrypted } = passage;
  const fields = ['host', inbound.authority, ...inbound.fields];
  const peer = request.socket.remoteAddress ?? null;
  const hop = { peer, scheme: encrypted ? 'https' : 'http', authority: inbound.authority, version: request.httpVersion } as const;
  writeForwarded(fields, hop, inbound.forwarding, force.isTrustedPeer(peer));
  writeIdentity(fields, force.settings.identityPrefix, decision);
  return fields;
}

/** RFC 9110 §9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

async function forward(host: ProxyHost, passage: Passage, decision: Decision, upstream: Upstream): Promise<Outcome> {
  const { inbound, response, request, force } = passage;
  const headers = writeOwnFields(passage, decision);
  if (inbound.hasBody && inbound.contentLength !== null) headers.push('content-length', String(inbound.contentLength));
  const rules = { cors: corsFields(force, inbound), close: () => host.draining || !request.complete, httpVersion: request.httpVersion };
  const { method, target: path } = inbound;
  // Only where nothing was sent, and where a second time would do no harm, another server is asked.
  const most = !inbound.hasBody && IDEMPOTENT.has(method) ? upstream.targets.length : 1;
  const tried: Target[] = [];
  let end: ExchangeEnd | null = null;
  let tooLarge = false;
  while ((end === null || end.end === 'not-sent') && tried.length < most) {
    const target = upstream.pick(tried);
    if (target === null) break;
    tried.push(target);
    const body = inbound.hasBody ? bodyOf(passage, () => (tooLarge = true)) : null;
    end = await exchange(target, { method, path, headers, body }, response, rules);
    if (body !== null) leaveBody(request, body);
    if (end.end === 'not-sent') target.refused();
  }
  // Made only where it is needed: an error takes as long as the rest of this.
  end ??= { end: 'not-sent', error: new Error('there is no server') };
  return settled(passage, end, { verdict: verdictOf(decision), id: decision.id, upstream: upstream.settings.name }, tooLarge);
}

/** The body on its way to the upstream. Whoever waits for `100 Continue` gets it now. */
function bodyOf(passage: Passage, onTooLarge: () => void): CountedBody {
  const { request, force } = passage;
  const body = new CountedBody(force.settings.limits.bodyBytes, onTooLarge);
  // undici hears of it while it reads; later nobody does.
  body.on('error', () => undefined);
  sendContinue(passage);
  request.pipe(body);
  return body;
}

/** What still comes of a body is dropped, within the time that a body may take. */
function leaveBody(request: IncomingMessage, body: CountedBody): void {
  request.unpipe(body);
  body.destroy();
  request.resume();
}

function sendContinue(passage: Passage): void {
  if (!passage.expects) return;
  passage.expects = false;
  passage.response.writeContinue();
}

/** Errors of undici that mean time, not refusal. */
const TIMEOUTS: ReadonlySet<unknown> = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);

function settled(
  { request, response }: Passage,
  end: ExchangeEnd,
  known: Pick<Outcome, 'verdict' | 'id' | 'upstream'>,
  tooLarge: boolean,
): Outcome {
  if (end.end === 'answered') return { ...known, status: end.status, trouble: null };
  if (end.end === 'cut') return { ...known, status: end.status || 499, trouble: end.error === null ? 'client-gone' : 'cut' };
  const isTimeout = TIMEOUTS.has((end.error as { code?: unknown }).code);
  const status = tooLarge ? 413 : isTimeout ? 504 : 502;
  writeAnswer(response, ownAnswer(status), !request.complete);
  return { ...known, status, trouble: tooLarge ? 'too-large' : isTimeout ? 'timeout' : end.end };
}

/** The verdict's code, or why there is none. */
export function verdictOf({ verdict, ...decision }: Decision): string {
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
