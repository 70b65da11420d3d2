/**
 * Request views over AWS events: API Gateway REST and HTTP APIs (payload 1.0 and 2.0), their authorisers, function URLs, load balancers, and
 * viewer requests of Lambda@Edge.
 */
import type { BodyRead, RequestBody, RequestView } from '../../core/request-view.ts';
import { targetRead } from '../../http/plain-path.ts';

/** Test events and tools that make events of their own write `null` for what is not there. */
type Values = { readonly [name: string]: string | null | undefined } | null | undefined;
type MultiValues = { readonly [name: string]: readonly (string | null)[] | null | undefined } | null | undefined;

/** What is needed of an event. Which members there are depends on who sent it. */
export interface LambdaEvent {
  /** Payload 2.0 joins repeated lines; payload 1.0 keeps the last of them here, and all in `multiValueHeaders`. */
  readonly headers?: Values;
  readonly multiValueHeaders?: MultiValues;
  readonly httpMethod?: string;
  readonly path?: string | null;
  readonly rawPath?: string | null;
  readonly rawQueryString?: string | null;
  readonly queryStringParameters?: Values;
  readonly multiValueQueryStringParameters?: MultiValues;
  /** Payload 2.0 takes `Cookie` out of the headers and into this. */
  readonly cookies?: readonly string[] | null;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  /** Of a `TOKEN` authoriser: the value of its identity source, and nothing else. */
  readonly authorizationToken?: string | null;
  /** See {@link RequestContext}: each sender puts something else here. */
  readonly requestContext?: object;
}

/** What is read of an event's context. */
interface RequestContext {
  readonly http?: { readonly method?: string; readonly sourceIp?: string };
  readonly identity?: { readonly sourceIp?: string | null };
  /** There if a load balancer sent the event. */
  readonly elb?: object;
  /** The path with the stage, as the client sent it. */
  readonly path?: string;
  /** What stands before the path if the client called the API by its own host, and not by your own domain. */
  readonly stage?: string;
}

/** Reads from an event. */
export class LambdaRequestView implements RequestView {
  readonly scheme = 'https';
  readonly joinsLines: boolean;
  readonly message: object;
  readonly #event: LambdaEvent;
  readonly #context: RequestContext;
  readonly #lines: ReadonlyMap<string, readonly string[]>;

  /**
   * @param event - the event
   * @param tokenHeader - for `TOKEN` authorisers: the header that the identity source stands for
   */
  constructor(event: LambdaEvent, tokenHeader?: string) {
    this.#event = event;
    // The cast holds: all members are optional, and the platform writes them, not the client.
    this.#context = (event.requestContext ?? {}) as RequestContext;
    this.#lines = linesOf(event, tokenHeader);
    this.joinsLines = !event.multiValueHeaders;
    this.message = event;
  }

  get method(): string {
    return this.#context.http?.method ?? this.#event.httpMethod ?? '';
  }

  get authority(): string | null {
    return this.lines('host')[0] ?? null;
  }

  get target(): string {
    const { rawPath, rawQueryString, path } = this.#event;
    if (typeof rawPath === 'string') return withQuery(encodedPath(rawPath), rawQueryString ?? '');
    return withQuery(
      encodedPath(this.#context.path ?? path ?? ''),
      queryOf(this.#event, this.#context.elb === undefined ? encodeURIComponent : asItIs),
    );
  }

  /** API Gateway chooses the handler, and frameworks in handlers do, by the path without the stage, which some callers send and some do not. */
  get currentTarget(): string {
    const { rawPath, path } = this.#event;
    const read = encodedPath(rawPath ?? path ?? this.#context.path ?? '');
    const prefix = `/${this.#context.stage ?? '$default'}`;
    if (`${read}/`.startsWith(`${prefix}/`)) return read.slice(prefix.length) || '/';
    return targetRead(read, this.target);
  }

  get peer(): string | null {
    return this.#context.http?.sourceIp ?? this.#context.identity?.sourceIp ?? null;
  }

  get body(): RequestBody {
    const { body, isBase64Encoded } = this.#event;
    return bodyOf(body ?? '', isBase64Encoded === true);
  }

  lines(name: string): readonly string[] {
    return this.#lines.get(name) ?? [];
  }
}

/** Methods whose requests have a body unless they say that it is empty: HTTP/2 need not state a length. */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** The body of a request of which the platform shows the head only. */
export function unseenBody(request: Pick<RequestView, 'method' | 'lines'>, remedy: string): RequestBody {
  const [length] = request.lines('content-length');
  const stated = length === undefined ? WITH_BODY.has(request.method) : length !== '0';
  const present = stated || request.lines('transfer-encoding').length > 0;
  return { present, read: () => (present ? { outcome: 'gone', remedy } : { outcome: 'read', chunks: [] }) };
}

/** A viewer request of Lambda@Edge. */
export interface EdgeRequest {
  readonly method: string;
  readonly uri: string;
  readonly querystring: string;
  readonly clientIp?: string;
  readonly headers: {
    readonly [name: string]: readonly { readonly key?: string | undefined; readonly value: string }[] | undefined;
  } | null;
  /** There if the association includes the body. */
  readonly body?: { readonly data: string; readonly encoding: string; readonly inputTruncated?: boolean } | undefined;
}

/** Reads from a viewer request. */
export class EdgeRequestView implements RequestView {
  readonly scheme = 'https';
  readonly leadsOn = true;
  readonly method: string;
  readonly target: string;
  readonly peer: string | null;
  readonly message: object;
  readonly #request: EdgeRequest;

  constructor(request: EdgeRequest) {
    this.#request = request;
    this.method = request.method;
    this.target = withQuery(request.uri, request.querystring);
    this.peer = request.clientIp ?? null;
    this.message = request;
  }

  get authority(): string | null {
    return this.lines('host')[0] ?? null;
  }

  get body(): RequestBody {
    const { body } = this.#request;
    if (body !== undefined && body.inputTruncated !== true) return bodyOf(body.data, body.encoding === 'base64');
    return unseenBody(this, 'the function does not see the whole body: include it in the association');
  }

  lines(name: string): readonly string[] {
    return (this.#request.headers?.[name] ?? []).map(({ value }) => value);
  }
}

function linesOf(event: LambdaEvent, tokenHeader: string | undefined): ReadonlyMap<string, readonly string[]> {
  const { headers, multiValueHeaders, cookies, authorizationToken } = event;
  const lines = new Map<string, readonly string[]>();
  const add = (name: string, values: readonly string[]): void => {
    if (values.length > 0) lines.set(name.toLowerCase(), [...(lines.get(name.toLowerCase()) ?? []), ...values]);
  };
  for (const [name, values] of Object.entries(multiValueHeaders ?? {})) add(name, textsOf(values));
  if (!multiValueHeaders) for (const [name, value] of Object.entries(headers ?? {})) add(name, textsOf(value));
  const crumbs = textsOf(cookies);
  if (crumbs.length > 0 && !lines.has('cookie')) add('cookie', [crumbs.join('; ')]);
  if (tokenHeader !== undefined && !lines.has(tokenHeader) && typeof authorizationToken === 'string')
    add(tokenHeader, [authorizationToken]);
  return lines;
}

/** The texts of a value, or of a list of them. What is not a text (`null`, most of all) is not there. */
function textsOf(values: unknown): readonly string[] {
  return [values].flat().filter((value) => typeof value === 'string');
}

/** No path of a request holds these; nor does a percent sign encode nothing. */
const NOT_IN_PATHS = /%(?![0-9a-f]{2})|[?#]|[^\x21-\x7e]+/gi;

/**
 * HTTP APIs decode the path, function URLs and the others do not, and no event says so. What cannot stand in a path is encoded: what was
 * decoded is a path again, and what was not stays as it is. Other characters that were escaped (`%2F`, say) are lost.
 */
function encodedPath(path: string): string {
  return path.replace(NOT_IN_PATHS, (text) => Array.from(new TextEncoder().encode(text), percentByte).join(''));
}

function percentByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function withQuery(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`;
}

function asItIs(text: string): string {
  return text;
}

/**
 * Payload 1.0 keeps the parameters decoded, load balancers as they came, and both without their order: what is put together again may differ
 * from what was sent.
 */
function queryOf({ queryStringParameters, multiValueQueryStringParameters }: LambdaEvent, encode: (text: string) => string): string {
  const all = multiValueQueryStringParameters ?? queryStringParameters ?? {};
  const pairs = Object.entries(all).flatMap(([name, values]) => [values ?? []].flat().map((value) => [name, value] as const));
  return pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
}

function bodyOf(text: string, isBase64: boolean): RequestBody {
  const bytes = (): Uint8Array => (isBase64 ? Uint8Array.from(atob(text), (char) => char.charCodeAt(0)) : new TextEncoder().encode(text));
  const read = (maxBytes: number): BodyRead => {
    const chunk = bytes();
    return chunk.length > maxBytes ? { outcome: 'too-large' } : { outcome: 'read', chunks: [chunk] };
  };
  return { present: text !== '', read };
}
