/** A request as it came in: its shape is checked before anybody judges it, and what the upstream gets is collected. */
import { connectionOptions, type FieldRules, HOP_BY_HOP } from './fields.ts';

/** What is needed of a request: `http.IncomingMessage`, or the compatibility API of HTTP/2. */
export interface IncomingRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
  readonly stream?: { readonly endAfterHeaders?: boolean };
}

/** A request whose shape is sound. */
export interface Inbound {
  readonly method: string;
  /** In origin-form, the bytes as they came; `*` for the server as a whole. */
  readonly target: string;
  /** Host and port, as the client wrote them. */
  readonly authority: string;
  /** Names and values of the fields that go on, in order. */
  readonly fields: string[];
  /** Names and values of forwarding fields. */
  readonly forwarding: readonly string[];
  readonly hasBody: boolean;
  /** As the client stated it, else `null`. */
  readonly contentLength: number | null;
  /** Names, lower case, of the fields that the client announces for after the content, and that may come there. */
  readonly trailers: readonly string[];
  /** Whether the client takes fields after the content of the answer. */
  readonly takesTrailers: boolean;
  /** What the client wants the connection to become, lower case, or an empty text. */
  readonly upgrade: string;
}

/** Why a request is refused before it is judged. The client sees 400, or the status given here. */
export type ShapeProblem =
  | 'version'
  | 'method'
  | 'target'
  | 'host-missing'
  | 'host-repeated'
  | 'host-malformed'
  | 'host-contradicts'
  | 'length'
  | 'field'
  | 'coding'
  | 'connection-names-field'
  | 'expectation'
  | 'upgrade';

/** RFC 9110 §5.6.2, upper case: servers compare methods with regard to case, and frameworks without. */
const METHOD = /^[A-Z][A-Z!#$%&'*+.^_`|~0-9-]*$/;
/** TRACE sends back what we add, and CONNECT opens what nobody judges. */
const NEVER: ReadonlySet<string> = new Set(['CONNECT', 'TRACE']);
/** RFC 3986 §3.2 without user information: a name, an IPv4 or an IPv6 address, and a port. */
const AUTHORITY = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/;
const ABSOLUTE = /^(https?):\/\/([^/?#]*)(.*)$/is;
/** RFC 9110 §5.1, §5.5. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NOT_IN_VALUES = /[^\t\x20-\x7e\x80-\xff]/;
/** As many digits as a number holds exactly. */
const LENGTH = /^(?:0|[1-9][0-9]{0,14})$/;

/** What a request says; of fields that may stand once, how often they do. */
class Collected {
  host: string | null = null;
  hosts = 0;
  length: string | null = null;
  lengths = 0;
  coding: string | null = null;
  codings = 0;
  expect: string | null = null;
  expects = 0;
  upgrade: string | null = null;
  trailer: string | null = null;
  te: string | null = null;
  pseudoAuthority: string | null = null;
  connection: readonly string[] = NOTHING;
  cookie: string | null = null;
  readonly fields: string[] = [];
  forwarding: string[] = NOTHING as string[];
}

/** Nobody adds to it. */
const NOTHING: readonly string[] = Object.freeze([]);

/**
 * Reads a request's head. Node's parser has refused by then what is not HTTP; this refuses what two servers could read as two things.
 * @param encrypted - whether it came over TLS, which decides the default port
 */
export function parseInbound(request: IncomingRequest, rules: FieldRules, encrypted: boolean): Inbound | ShapeProblem {
  const { method = '', httpVersion } = request;
  if (httpVersion !== '1.1' && httpVersion !== '1.0' && httpVersion !== '2.0') return 'version';
  const isHttp2 = request.rawHeaders[0]?.startsWith(':') === true;
  if (httpVersion === '2.0' && !isHttp2) return 'version';
  if (method !== 'GET' && method !== 'POST' && (!METHOD.test(method) || NEVER.has(method))) return 'method';
  const found = collect(request.rawHeaders, rules, isHttp2);
  if (found === null) return 'field';
  const authority = authorityOf(found);
  if (typeof authority !== 'string') return authority.problem;
  const target = targetOf(request.url ?? '', method, authority, encrypted);
  if (target === null) return 'target';
  if (target === 'contradicts') return 'host-contradicts';
  const framing = framingOf(found, httpVersion);
  if (typeof framing === 'string') return framing;
  if (found.connection.length > 0 && namesField(found.connection, request.rawHeaders)) return 'connection-names-field';
  // RFC 9110 §10.1.1: there is one expectation. Node finds it among others, too.
  if (found.expects > 1 || (found.expect !== null && found.expect.toLowerCase() !== '100-continue')) return 'expectation';
  const hasBody = isHttp2 ? request.stream?.endAfterHeaders === false && framing.contentLength !== 0 : framing.hasBody;
  const upgrade = found.connection.includes('upgrade') ? (found.upgrade ?? '').toLowerCase().trim() : '';
  if (upgrade !== '' && hasBody) return 'upgrade';
  const { fields, forwarding } = found;
  // RFC 9113 §8.2.3: the crumbs of a cookie are one field again.
  if (found.cookie !== null) fields.push('cookie', found.cookie);
  const trailers = found.trailer === null || !hasBody ? NOTHING : announced(found.trailer, rules);
  const takesTrailers = found.te !== null && TAKES_TRAILERS.test(found.te);
  return { method, target, authority, fields, forwarding, hasBody, contentLength: framing.contentLength, trailers, takesTrailers, upgrade };
}

function collect(raw: readonly string[], rules: FieldRules, isHttp2: boolean): Collected | null {
  const found = new Collected();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    // The casts hold: both indices are below the length.
    const [written, value] = [raw[index] as string, raw[index + 1] as string];
    if (written.startsWith(':')) {
      if (written.toLowerCase() === ':authority') found.pseudoAuthority = value;
      continue;
    }
    // What the parser of HTTP/1.1 refuses is not sent to a server that speaks it.
    if (isHttp2 && (NOT_IN_VALUES.test(value) || !NAME.test(written))) return null;
    const { name, fate } = rules.rowOf(written);
    if (fate === 'pass') {
      if (isHttp2 && name === 'cookie') found.cookie = found.cookie === null ? value : `${found.cookie}; ${value}`;
      else found.fields.push(written, value);
    } else if (fate === 'read') read(found, name, value);
    else if (fate === 'forwarding') {
      if (found.forwarding === NOTHING) found.forwarding = [];
      found.forwarding.push(name, value);
    }
  }
  return found;
}

function read(found: Collected, name: string, value: string): void {
  if (name === 'host') {
    found.host = value;
    found.hosts++;
  } else if (name === 'content-length') {
    found.length = value;
    found.lengths++;
  } else if (name === 'transfer-encoding') {
    found.coding = value;
    found.codings++;
  } else if (name === 'expect') {
    found.expect = value;
    found.expects++;
  } else if (name === 'te') found.te = found.te === null ? value : `${found.te},${value}`;
  else if (name === 'trailer') found.trailer = found.trailer === null ? value : `${found.trailer},${value}`;
  else if (name === 'upgrade') found.upgrade = found.upgrade === null ? value : `${found.upgrade},${value}`;
  else found.connection = [...found.connection, ...connectionOptions(value)];
}

/** RFC 9110 §10.1.4. */
const TAKES_TRAILERS = /(?:^|,)[ \t]*trailers[ \t]*(?:,|;|$)/i;

/** RFC 9110 §6.6.2: the names in a `Trailer` field, of which those count that go on. */
function announced(value: string, rules: FieldRules): readonly string[] {
  const names = connectionOptions(value).filter((name) => NAME.test(name) && rules.rowOf(name).trails);
  return [...new Set(names)];
}

/**
 * The fields after the content that go on: those that were announced.
 * @param raw - names and values as they came
 */
export function trailersOf(raw: readonly string[], announcedNames: readonly string[]): string[] {
  return raw.flatMap((name, index) => {
    const value = raw[index + 1];
    if (index % 2 === 1 || value === undefined || !announcedNames.includes(name.toLowerCase()) || NOT_IN_VALUES.test(value)) return [];
    return [name, value];
  });
}

/** RFC 9112 §3.2: exactly one Host. RFC 9113 §8.3.1: it may not contradict the pseudo-header. */
function authorityOf({ host, hosts, pseudoAuthority }: Collected): string | { readonly problem: ShapeProblem } {
  if (hosts > 1) return { problem: 'host-repeated' };
  const authority = pseudoAuthority ?? host;
  if (authority === null || authority === '') return { problem: 'host-missing' };
  if (!AUTHORITY.test(authority)) return { problem: 'host-malformed' };
  if (host !== null && host !== authority && host.toLowerCase() !== authority.toLowerCase()) return { problem: 'host-contradicts' };
  return authority;
}

/** RFC 9112 §3.2: origin-form as it came; absolute-form without what Host says again; `*` for OPTIONS. */
function targetOf(url: string, method: string, authority: string, encrypted: boolean): string | 'contradicts' | null {
  // A fragment is never sent, and servers differ in what they make of one.
  if (url.includes('#')) return null;
  if (url.startsWith('/')) return url;
  if (url === '*') return method === 'OPTIONS' ? url : null;
  const [, scheme, named, rest = ''] = ABSOLUTE.exec(url) ?? [];
  if (scheme === undefined || named === undefined) return null;
  if (!AUTHORITY.test(named)) return null;
  const port = scheme.toLowerCase() === 'https' ? ':443' : ':80';
  const ownPort = encrypted ? ':443' : ':80';
  if (withoutPort(named, port) !== withoutPort(authority, ownPort)) return 'contradicts';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function withoutPort(authority: string, port: string): string {
  const text = authority.toLowerCase().replace(/:$/, '');
  return text.endsWith(port) ? text.slice(0, -port.length) : text;
}

interface Framing {
  readonly hasBody: boolean;
  readonly contentLength: number | null;
}

const NO_BODY: Framing = { hasBody: false, contentLength: null };

/** RFC 9112 §6: one length, or chunked and nothing else, and only in HTTP/1.1. */
function framingOf({ length, lengths, coding, codings }: Collected, version: string): Framing | ShapeProblem {
  if (coding !== null) {
    const isChunked = codings === 1 && coding.toLowerCase() === 'chunked';
    return isChunked && version === '1.1' && lengths === 0 ? { hasBody: true, contentLength: null } : 'coding';
  }
  if (length === null) return NO_BODY;
  if (lengths > 1 || !LENGTH.test(length)) return 'length';
  return { hasBody: length !== '0', contentLength: Number(length) };
}

/** What `Connection` may name though it is not a field of one hop: a client could take out what was judged. */
const HARMLESS: ReadonlySet<string> = new Set(['close', ...HOP_BY_HOP, 'trailer']);

function namesField(options: readonly string[], raw: readonly string[]): boolean {
  const strange = options.filter((name) => !HARMLESS.has(name));
  return strange.length > 0 && raw.some((name, index) => index % 2 === 0 && strange.includes(name.toLowerCase()));
}
