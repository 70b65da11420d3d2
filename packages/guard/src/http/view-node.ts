/** A request view over Node's `IncomingMessage` (HTTP/1.1 and the HTTP/2 compatibility API). */
import type { BodyAllowance, BodyRead, RequestBody, RequestView } from '../core/request-view.ts';
import { chain, type MaybePromise } from '../core/result.ts';
import { normaliseAuthority } from '../core/signature/target.ts';
import type { Bytes } from '../core/time.ts';
import { type NodeBody, readNodeBody, wasReadByGuard } from './body-node.ts';
import { remedyForTaken, type ShownBy } from './body-taken.ts';
import { UNIX_SOCKET } from './forwarded.ts';
import { targetRead } from './plain-path.ts';

/** What the view needs of a request: satisfied by `http.IncomingMessage`, `http2.Http2ServerRequest` and what frameworks make of them. */
export interface NodeRequest extends NodeBody {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Frameworks keep the target as it was sent here, and change `url`. */
  readonly originalUrl?: string | undefined;
  /** What Express's routers took off the front of `url`. */
  readonly baseUrl?: string | undefined;
  /** The field lines as Node's parser saw them. Empty or missing where no parser made the request (mocks, bridges from other platforms). */
  readonly rawHeaders?: readonly string[] | null | undefined;
  /** The fields by name, which are read only where there are no lines. */
  readonly headers?: object | undefined;
  /** Where no parser made the request, bridges keep the content here. */
  readonly body?: unknown;
  /** HTTP/2 streams say whether the headers ended them. */
  readonly stream?: object | null | undefined;
  /** A TLS socket says `encrypted`. */
  readonly socket?: object | null | undefined;
}

/**
 * Reads from `rawHeaders`: `headers` would drop or join repeated lines, each name by its own rule. A request that no parser made has `headers`
 * alone: repeated lines are then seen only where whoever made it kept them, as a list or joined by commas.
 */
export class NodeRequestView implements RequestView {
  readonly #request: NodeRequest;
  readonly #pathRead: string | undefined;
  readonly #original: string | undefined;
  readonly #shownBy: ShownBy | null;
  #lookedAt: number = 0;
  #index: ReadonlyMap<string, readonly string[]> | null = null;

  /**
   * @param request - Node's request
   * @param pathRead - the path by which the framework chooses the handler, where it is not that of `url`
   * @param original - the target as it was sent, where the framework keeps it elsewhere
   * @param shownBy - the framework that wraps the request: it tells who read a body before the guard
   */
  constructor(request: NodeRequest, pathRead?: string | undefined, original?: string | undefined, shownBy: ShownBy | null = null) {
    this.#shownBy = shownBy;
    this.#request = request;
    this.#pathRead = pathRead;
    this.#original = original;
  }

  get message(): object {
    return this.#request;
  }

  get noted(): object {
    return notedOn(this.#request);
  }

  get joinsLines(): boolean {
    return isUnparsed(this.#request);
  }

  get mayBeCut(): boolean {
    return mayBeCut(this.#request);
  }

  get method(): string {
    return this.#request.method ?? '';
  }

  get scheme(): string {
    const { socket } = this.#request;
    return typeof socket === 'object' && socket !== null && 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http';
  }

  get authority(): string | null {
    const [named] = this.lines(':authority');
    const [host] = this.lines('host');
    if (host === undefined || named === undefined) return host ?? named ?? null;
    // RFC 9113 §8.3.1: Host may not contradict the pseudo-header, normalised; servers differ in whom they believe.
    const authority = normaliseAuthority(named, this.scheme);
    return authority !== null && authority === normaliseAuthority(host, this.scheme) ? named : null;
  }

  get target(): string {
    return this.#request.originalUrl ?? this.#original ?? this.#request.url ?? '';
  }

  get currentTarget(): string {
    const { target } = this;
    const { baseUrl = '', url = '' } = this.#request;
    if (this.#pathRead !== undefined) return targetRead(baseUrl + this.#pathRead, target);
    // Where nothing is left of the path, Express adds a slash.
    return baseUrl !== '' && url.startsWith('/') && baseUrl + url.slice(1) === target ? target : baseUrl + url;
  }

  get peer(): string | null {
    const { socket } = this.#request;
    if (typeof socket !== 'object' || socket === null) return null;
    if ('remoteAddress' in socket && typeof socket.remoteAddress === 'string') return socket.remoteAddress;
    return cameByUnixSocket(socket) ? UNIX_SOCKET : null;
  }

  get body(): RequestBody {
    const request = this.#request;
    const [stated] = this.lines('content-length');
    const length = stated ?? '0';
    // RFC 9112 §6.3: a request has content if it states a length above zero, or a transfer coding.
    const bridged = isUnparsed(request) ? bridgedBytes(request) : null;
    const present =
      this.lines('transfer-encoding').length > 0 ||
      length !== '0' ||
      (stated === undefined && isOpenStream(request.stream)) ||
      (bridged?.length ?? 0) > 0;
    return {
      present,
      read: (maxBytes, allowance): MaybePromise<BodyRead> => {
        if (!present) return { outcome: 'read', chunks: [] };
        // What is known to be too large is left to the platform, untouched.
        if (Number(length) > maxBytes) return { outcome: 'too-large' };
        if (bridged === null && !wasReadByGuard(request) && this.#keptInflated(Number(length)))
          return { outcome: 'gone', remedy: INFLATED };
        return bridged === null ? this.#read(maxBytes, Number(length), allowance) : readNodeBody({ rawBody: bridged }, maxBytes);
      },
      discard: () => void request.resume?.(),
    };
  }

  #read(maxBytes: Bytes, statedBytes: Bytes, allowance: BodyAllowance | undefined): MaybePromise<BodyRead> {
    return chain(readNodeBody(this.#request, maxBytes, statedBytes, allowance), (read) =>
      read.outcome === 'gone'
        ? { outcome: 'gone', remedy: remedyForTaken(this.#request, this.lines('content-type')[0], this.#shownBy) }
        : read,
    );
  }

  /** Body parsers inflate before they hand the bytes on: what was kept is then not what was sent and digested, unless it has its length. */
  #keptInflated(statedBytes: number): boolean {
    const { rawBody } = this.#request;
    const coded = this.lines('content-encoding').some((coding) => !/^\s*(?:identity\s*)?$/i.test(coding));
    return coded && (typeof rawBody === 'string' || (rawBody instanceof Uint8Array && rawBody.length !== statedBytes));
  }

  lines(name: string): readonly string[] {
    // RFC 9113 §8.3.1: without a Host line, the authority is what would be one in HTTP/1.1.
    const found = this.#linesOf(name);
    return name === 'host' && found.length === 0 ? this.#linesOf(':authority') : found;
  }

  #linesOf(name: string): readonly string[] {
    const raw = this.#request.rawHeaders ?? [];
    // Looking through all lines is cheap a few times, and dear where a signature covers many fields.
    this.#lookedAt += FEWEST_LINES + raw.length;
    if (this.#lookedAt <= LINES_WITHOUT_INDEX) return raw.length === 0 ? fieldsOf(this.#request.headers, name) : linesOf(raw, name);
    this.#index ??= indexOf(raw, raw.length === 0 ? this.#request.headers : undefined);
    return asOneCookie(this.#index.get(name) ?? [], name, raw);
  }
}

/** Its lines: each message has a list of its own. The cast holds: there are some. */
export function notedOn(request: NodeRequest): object {
  return isUnparsed(request) ? request : (request.rawHeaders as object);
}

/** The view of a request that a framework shows: of Koa its context, of the others their request. For adapters. */
export function viewShownBy(
  framework: ShownBy['framework'],
  shown: object,
  request: NodeRequest,
  ...[pathRead, original]: readonly [pathRead?: string | undefined, original?: string | undefined]
): NodeRequestView {
  return new NodeRequestView(request, pathRead, original, { framework, shown });
}

/**
 * Whether a peer without an address has none because it came by a Unix socket: its server listens at a path. The address of a TCP peer that has
 * left is gone, too, and nobody may be believed for having left.
 */
function cameByUnixSocket(socket: object): boolean {
  if (!('server' in socket) || typeof socket.server !== 'object' || socket.server === null) return false;
  const { server } = socket;
  return 'address' in server && typeof server.address === 'function' && typeof server.address() === 'string';
}

const INFLATED =
  'a body parser before the guard kept inflated bytes as request.rawBody, and the digest is of the compressed ones: put the guard before body parsers';

/** Names and values that are looked at before an index of them is made: of a usual request a few dozen times, of one with many lines a few times. */
const LINES_WITHOUT_INDEX = 4096;
/** A look at no lines at all costs as much as at these. */
const FEWEST_LINES = 128;

function linesOf(raw: readonly string[], name: string): readonly string[] {
  const found: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    // The casts hold: both indexes are below the length.
    const field = raw[index] as string;
    if (field.length === name.length && (field === name || field.toLowerCase() === name)) found.push(raw[index + 1] as string);
  }
  return asOneCookie(found, name, raw);
}

/** RFC 9113 §8.2.3: crumbs of a cookie are one field again outside HTTP/2, whose pseudo-headers come first. */
function asOneCookie(lines: readonly string[], name: string, raw: readonly string[]): readonly string[] {
  return lines.length > 1 && name === 'cookie' && raw[0]?.startsWith(':') === true ? [lines.join('; ')] : lines;
}

function indexOf(raw: readonly string[], headers: object | undefined): ReadonlyMap<string, readonly string[]> {
  const index = new Map<string, string[]>();
  const add = (field: string, value: string): void => {
    const name = field.toLowerCase();
    const lines = index.get(name);
    if (lines === undefined) index.set(name, [value]);
    else lines.push(value);
  };
  // The casts hold: the list has a value after each name.
  for (let at = 0; at + 1 < raw.length; at += 2) add(raw[at] as string, raw[at + 1] as string);
  if (raw.length === 0) for (const [field, value] of fieldsIn(headers)) add(field, value);
  return index;
}

/** Node's parser leaves no request without lines, except for HTTP/1.0 requests that have none: theirs are not fields either. */
function isUnparsed({ rawHeaders }: NodeRequest): boolean {
  return (rawHeaders ?? []).length === 0;
}

/** The fields of an object of them: numbers and lists occur, and names in any case. The cast holds: all three give pairs with a text first. */
function fieldsIn(headers: object | undefined): readonly (readonly [string, string])[] {
  const entries: Iterable<unknown> = headers instanceof Headers || headers instanceof Map ? headers : Object.entries(headers ?? {});
  return (Array.from(entries) as [string, unknown][]).flatMap(([field, value]) =>
    [value].flat().flatMap((one) => (isFieldValue(one) ? [[field, String(one)] as const] : [])),
  );
}

function fieldsOf(headers: object | undefined, name: string): readonly string[] {
  return fieldsIn(headers).flatMap(([field, value]) => (field.toLowerCase() === name ? [value] : []));
}

function isFieldValue(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** The content as a bridge keeps it, until a body parser has put what it made of it in the same place. */
function bridgedBytes({ body, readableDidRead }: NodeRequest): Uint8Array | null {
  if (readableDidRead === true) return null;
  if (typeof body === 'string') return new TextEncoder().encode(body);
  return body instanceof Uint8Array ? body : null;
}

/**
 * RFC 9113 §8.1: HTTP/2 has no transfer coding; content is announced by not ending the stream with the headers. Where a length is stated, that
 * counts: content of another length ends the stream (§8.1.1), and nobody gets it.
 */
function isOpenStream(stream: object | null | undefined): boolean {
  return typeof stream === 'object' && stream !== null && 'endAfterHeaders' in stream && stream.endAfterHeaders === false;
}

//
// Node keeps a number of header lines and drops the others in silence (`server.maxHeadersCount`), while its parser goes by all of them: a body
// whose `Content-Length` was dropped is there all the same.

/** What is read of a request. */
interface Parsed {
  readonly rawHeaders?: readonly string[] | null | undefined;
  readonly socket?: object | null | undefined;
}

/** What is read of its socket. The parser is gone from it once a connection was upgraded. */
interface ServedSocket {
  /** `maxHeaderPairs` counts names and values: twice the lines. */
  readonly parser?: { readonly maxHeaderPairs?: unknown } | null;
  readonly server?: { readonly maxHeadersCount?: unknown } | null;
}

/** Lines that Node keeps unless told otherwise, each with its name and its value. */
const NODE_DEFAULT = 2000;

/**
 * Whether lines may have been dropped: there are as many as are kept, or more. (Node stops between pieces that it gets from its parser.) HTTP/2
 * sections, which begin with pseudo-headers, are kept whole or refused.
 */
export function mayBeCut({ rawHeaders, socket }: Parsed): boolean {
  if (rawHeaders === undefined || rawHeaders === null || rawHeaders.length === 0 || rawHeaders[0]?.startsWith(':') === true) return false;
  const limit = limitOf(socket);
  // Zero and less: no limit.
  return limit > 0 && rawHeaders.length >= limit;
}

function limitOf(socket: object | null | undefined): number {
  // The cast holds: all members are optional, and looked at.
  const { parser, server } = (socket ?? {}) as ServedSocket;
  if (typeof parser?.maxHeaderPairs === 'number') return parser.maxHeaderPairs;
  const lines = server?.maxHeadersCount;
  return typeof lines === 'number' ? lines << 1 : NODE_DEFAULT;
}
