/** A request view over a Fetch `Request`. */
import type { BodyRead, RequestBody, RequestView } from '../core/request-view.ts';
import { readWebBody, type WebBody } from './body-web.ts';
import { targetRead } from './plain-path.ts';

/** What the view needs of a request: satisfied by the Fetch `Request` of every runtime. */
export interface WebRequest extends WebBody {
  readonly method: string;
  readonly url: string;
  readonly headers: { get(name: string): string | null };
}

/**
 * Workers decode header bytes as UTF-8; everybody else shows one character a byte, as Fetch demands, and so does this view. The cast holds: what
 * may be absent is asked for so.
 */
const DECODES_UTF8 = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent === 'Cloudflare-Workers';
const NOT_ASCII = /[^\x00-\x7f]/;

const AFTER_SCHEME = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/** Reads from `Headers`, which join repeated lines with `, ` before anybody sees them. */
export class WebRequestView implements RequestView {
  readonly joinsLines = true;
  readonly message: object;
  readonly #request: WebRequest;
  readonly #pathRead: string | undefined;
  readonly otherTargets: readonly string[];

  /**
   * @param request - the Fetch request
   * @param pathRead - the path by which the framework chooses the handler, where it is not that of the URL
   * @param otherTargets - further targets under which it knows the handler
   */
  constructor(request: WebRequest, pathRead?: string, otherTargets: readonly string[] = []) {
    this.message = request;
    this.#request = request;
    this.#pathRead = pathRead;
    this.otherTargets = otherTargets;
  }

  get method(): string {
    return this.#request.method;
  }

  get scheme(): string | null {
    const end = this.#request.url.indexOf('://');
    return end < 0 ? null : this.#request.url.slice(0, end).toLowerCase();
  }

  get authority(): string | null {
    return this.#request.headers.get('host') ?? AFTER_SCHEME.exec(this.#request.url)?.[0].split('://')[1] ?? null;
  }

  get target(): string {
    return this.urlTarget;
  }

  /** Path and query of the URL. */
  get urlTarget(): string {
    const { url } = this.#request;
    const slashes = url.indexOf('/');
    const start = url.indexOf('/', slashes + 2);
    const query = url.indexOf('?');
    // As platforms write it; a pattern reads whatever else users hand in.
    const isPlain = slashes > 1 && url.startsWith('://', slashes - 1) && start > 0 && (query < 0 || query > start);
    if (isPlain && !url.includes('#')) return url.slice(start);
    const target = url.replace(AFTER_SCHEME, '');
    return target.startsWith('/') ? target : `/${target}`;
  }

  get currentTarget(): string {
    return this.#pathRead === undefined ? this.urlTarget : targetRead(this.#pathRead, this.urlTarget);
  }

  get body(): RequestBody {
    const request = this.#request;
    // Bridges from Node may give a body object to requests without content: a stated length of zero counts.
    const present = request.body !== null && request.body !== undefined && request.headers.get('content-length') !== '0';
    return { present, read: (maxBytes, allowance): Promise<BodyRead> => readWebBody(request, maxBytes, allowance) };
  }

  lines(name: string): readonly string[] {
    // RFC 9113 §8.3.1: without a Host line, the authority is what would be one in HTTP/1.1.
    const value = name === 'host' ? this.authority : this.#request.headers.get(name);
    return value === null ? [] : [DECODES_UTF8 && NOT_ASCII.test(value) ? encodeAgain(value) : value];
  }
}

/** One character a byte. Bytes that were not UTF-8 are lost by now. */
function encodeAgain(value: string): string {
  return Array.from(new TextEncoder().encode(value), (byte) => String.fromCharCode(byte)).join('');
}

/**
 * The view of fetch handlers where there is no Node: `#fetch-view` leads here for Workers and other edge platforms, and to the one of
 * `view-either.ts`, which looks for Node's request as well, elsewhere.
 */
export function viewOfFetch(request: WebRequest, _second: unknown, pathRead?: string): RequestView {
  return new WebRequestView(request, pathRead);
}
