/** The one place that turns a verdict into an HTTP answer. */
import type { ReasonCode } from '../core/reasons/codes.ts';
import { isThenable } from '../core/result.ts';
import type { Rejected, Unavailable } from '../core/verdict.ts';

/** The HTTP answer to a request that is not passed on. */
export interface Refusal {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

/** What a custom renderer is given. */
export interface RefusalFacts {
  readonly verdict: Rejected | Unavailable;
  /** The opaque id under which the hook saw this verdict. */
  readonly id: string;
  /** What would be answered without the renderer. */
  readonly standard: Refusal;
}

/**
 * What the client sees of a refusal.
 * - `status`: another status than 401 for rejections, 400 to 499. The body stays `{}`. Rejections with a status of their own keep it.
 * - `format: 'problem'`: RFC 9457 problem+json, with an opaque id and no reason.
 * - `render`: an answer of your own. Every reason it shows is a clue for an attacker. If it throws, the standard answer is given.
 */
export type RefusalOptions =
  | {
      /** The status of refusals that are not one of their own, such as 413 and 429: 400 to 499. Default 401. */
      readonly status?: number;
      /** `empty` (default): `{}`, whatever the reason. `problem`: RFC 9457, with an id by which you find the verdict; it says no reason either. */
      readonly format?: 'empty' | 'problem';
      readonly render?: never;
    }
  | {
      /** Makes the whole answer. What it says of the verdict helps attackers as well. */
      readonly render: (facts: RefusalFacts) => Refusal;
      readonly status?: never;
      readonly format?: never;
    };

/** Compiled {@link RefusalOptions}. */
export interface RefusalPolicy {
  readonly status: number;
  readonly format: 'empty' | 'problem';
  readonly render: ((facts: RefusalFacts) => Refusal) | null;
}

/** Tells whether an answer may show the id of its judgement. */
export function showsId({ format, render }: RefusalPolicy): boolean {
  return format === 'problem' || render !== null;
}

/** RFC 9110 §10.2.3: when the client may ask again, after an outage on our side or with its share used up. */
const RETRY_AFTER_SECONDS = '5';

/**
 * Not every rejection is a matter of credentials: a 401 tells an app to fetch a token and to send the same again. As in the table of reasons,
 * which is not loaded for this.
 */
const STATUS_OF: { readonly [Code in ReasonCode]?: number } = {
  'token-share-exceeded': 429,
  'signature-share-exceeded': 429,
  'digest-body-too-large': 413,
  'digest-body-incomplete': 400,
  'digest-body-late': 408,
};

const TITLES: { readonly [status: number]: string } = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

/** The HTTP status class of a verdict that is not acceptance: what every protocol's own words are chosen by. */
export function statusOf(verdict: Rejected | Unavailable, usual: number): number {
  return verdict.outcome === 'unavailable' ? 503 : (STATUS_OF[verdict.reason] ?? usual);
}

/**
 * Renders the answer. The standard one is the same bytes whatever the reason, so it gives nothing away. Only an outage on our side differs, and
 * what has nothing to do with credentials: a body that is too large, late or cut off.
 */
export function renderRefusal(verdict: Rejected | Unavailable, id: string, policy: RefusalPolicy): Refusal {
  const standard = standardRefusal(verdict, id, policy);
  if (policy.render === null) return standard;
  try {
    return checkedRefusal(policy.render({ verdict, id, standard }), standard);
  } catch {
    return standard;
  }
}

function standardRefusal(verdict: Rejected | Unavailable, id: string, policy: RefusalPolicy): Refusal {
  const status = statusOf(verdict, policy.status);
  if (policy.format === 'problem')
    return Object.freeze({ status, headers: headersOf(status, 'application/problem+json'), body: problemBody(status, id) });
  let empty = EMPTY.get(status);
  if (empty === undefined) {
    const headers = headersOf(status, 'application/json');
    empty = { refusal: Object.freeze({ status, headers, body: '{}' }), head: { ...headers, 'content-length': '2' } };
    EMPTY.set(status, empty);
  }
  return empty.refusal;
}

/** The empty refusals, one a status: the same bytes whatever the reason, so a flood gets the same object. With what Node writes as their heads. */
const EMPTY: Map<number, { readonly refusal: Refusal; readonly head: Refusal['headers'] }> = new Map();

function headersOf(status: number, type: string): Refusal['headers'] {
  const headers: { [name: string]: string } = { 'content-type': type, 'cache-control': 'no-store' };
  // RFC 9110 §15.5.2: a 401 carries a challenge.
  if (status === 401) headers['www-authenticate'] = 'Approov';
  if (status === 503 || status === 429) headers['retry-after'] = RETRY_AFTER_SECONDS;
  return Object.freeze(headers);
}

/** RFC 9457 §3.1: no `detail`, since every detail is a clue. */
function problemBody(status: number, id: string): string {
  const title = TITLES[status] ?? 'Unauthorized';
  return JSON.stringify({ type: 'about:blank', title, status, instance: `urn:uuid:${id}` });
}

/** A renderer of the user's may answer anything but a success: that would tell the client that it was let through. */
function checkedRefusal(refusal: Refusal, standard: Refusal): Refusal {
  // An asynchronous renderer comes too late, and one that rejects must not end the process.
  if (isThenable(refusal)) Promise.resolve(refusal).catch(() => undefined);
  const { status, headers, body } = refusal;
  const usable = Number.isInteger(status) && status >= 400 && status <= 599 && typeof body === 'string';
  return usable && typeof headers === 'object' && headers !== null ? refusal : standard;
}

/** What is needed of a response: satisfied by `http.ServerResponse` and `http2.Http2ServerResponse`. */
export interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  writeHead?(status: number, headers: { readonly [name: string]: string }): unknown;
  end(body: string): unknown;
}

/** Answers with the refusal and ends the response. Headers that were set before (CORS, for instance) stay. */
export function answerNode(response: NodeResponse, refusal: Refusal): void {
  const empty = EMPTY.get(refusal.status);
  if (empty?.refusal === refusal && response.writeHead !== undefined) {
    // In one piece and with its length: a third of what the same costs name by name.
    response.writeHead(refusal.status, empty.head);
    response.end(refusal.body);
    return;
  }
  response.statusCode = refusal.status;
  for (const [name, value] of Object.entries(refusal.headers)) response.setHeader(name, value);
  response.end(refusal.body);
}

/** What is needed of Fastify's reply. */
export interface FastifyReply {
  code(status: number): FastifyReply;
  headers(values: { readonly [name: string]: string }): FastifyReply;
  serializer(write: (body: string) => string): FastifyReply;
  send(body: string): unknown;
}

/** Without a serializer Fastify would add a charset to the content type of a text; and bytes would be a write of their own. */
const asItIs = (body: string): string => body;

/** Answers with the refusal by Fastify's reply, so that its hooks see the answer. */
export function answerFastify(reply: FastifyReply, { status, headers, body }: Refusal): void {
  reply.code(status).headers(headers).serializer(asItIs).send(body);
}
