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
/** As many digits as a number holds exactly. */
const LENGTH = /^(?:0|[1-9][0-9]{0,14})$/;

/** Collects what a request says. */
interface Collected {
  hosts: string[];
  lengths: string[];
  codings: string[];
  connection: string[];
  cookies: string[];
  pseudoAuthority: string | null;
  upgrade: string[];
  expect: string[];
  readonly fields: string[];
  readonly forwarding: string[];
}

/**
 * Reads a request's head. Node's parser has refused by then what is not HTTP; this refuses what two servers could read as two things.
 * @param encrypted - whether it came over TLS, which decides the default port
 */
export function readInbound(request: IncomingRequest, rules: FieldRules, encrypted: boolean): Inbound | ShapeProblem {
  const { method = '', httpVersion } = request;
  if (httpVersion !== '1.1' && httpVersion !== '1.0' && httpVersion !== '2.0') return 'version';
  const isHttp2 = request.rawHeaders[0]?.startsWith(':') === true;
  if (httpVersion === '2.0' && !isHttp2) return 'version';
  if (!METHOD.test(method) || NEVER.has(method)) return 'method';
  const found = collect(request.rawHeaders, rules);
  const authority = authorityOf(found);
  if (typeof authority !== 'string') return authority.problem;
  const target = targetOf(request.url ?? '', method, authority, encrypted);
  if (target === null) return 'target';
  if (target === 'contradicts') return 'host-contradicts';
  const framing = framingOf(found, httpVersion);
  if (typeof framing === 'string') return framing;
  if (found.connection.length > 0 && namesField(found.connection, request.rawHeaders)) return 'connection-names-field';
  // RFC 9110 §10.1.1: there is one expectation. Node finds it among others, too.
  if (found.expect.length > 1 || (found.expect[0] ?? '100-continue').toLowerCase() !== '100-continue') return 'expectation';
  const hasBody = isHttp2 ? request.stream?.endAfterHeaders === false && framing.contentLength !== 0 : framing.hasBody;
  const upgrade = found.connection.includes('upgrade') ? found.upgrade.join(',').toLowerCase().trim() : '';
  if (upgrade !== '' && hasBody) return 'upgrade';
  const { fields, forwarding } = found;
  // RFC 9113 §8.2.3: the crumbs of a cookie are one field again.
  if (found.cookies.length > 0) fields.push('cookie', found.cookies.join('; '));
  return { method, target, authority, fields, forwarding, hasBody, contentLength: framing.contentLength, upgrade };
}

function collect(raw: readonly string[], rules: FieldRules): Collected {
  const found: Collected = {
    hosts: [],
    lengths: [],
    codings: [],
    connection: [],
    cookies: [],
    pseudoAuthority: null,
    upgrade: [],
    expect: [],
    fields: [],
    forwarding: [],
  };
  const isHttp2 = raw[0]?.startsWith(':') === true;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    // The casts hold: both indices are below the length.
    const [written, value] = [raw[index] as string, raw[index + 1] as string];
    const name = written.toLowerCase();
    if (name.startsWith(':')) {
      if (name === ':authority') found.pseudoAuthority = value;
      continue;
    }
    if (name === 'host') found.hosts.push(value);
    else if (name === 'content-length') found.lengths.push(value);
    else if (name === 'transfer-encoding') found.codings.push(value);
    else if (name === 'connection') found.connection.push(...connectionOptions(value));
    else if (name === 'upgrade') found.upgrade.push(value);
    else if (name === 'expect') found.expect.push(value);
    else if (isHttp2 && name === 'cookie') found.cookies.push(value);
    else {
      const fate = rules.fateOf(name);
      if (fate === 'pass') found.fields.push(written, value);
      else if (fate === 'forwarding') found.forwarding.push(name, value);
    }
  }
  return found;
}

/** RFC 9112 §3.2: exactly one Host. RFC 9113 §8.3.1: it may not contradict the pseudo-header. */
function authorityOf({ hosts, pseudoAuthority }: Collected): string | { readonly problem: ShapeProblem } {
  if (hosts.length > 1) return { problem: 'host-repeated' };
  const authority = pseudoAuthority ?? hosts[0];
  if (authority === undefined || authority === '') return { problem: 'host-missing' };
  if (!AUTHORITY.test(authority)) return { problem: 'host-malformed' };
  if (hosts[0] !== undefined && hosts[0].toLowerCase() !== authority.toLowerCase()) return { problem: 'host-contradicts' };
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

/** RFC 9112 §6: one length, or chunked and nothing else, and only in HTTP/1.1. */
function framingOf({ lengths, codings }: Collected, version: string): Framing | ShapeProblem {
  if (codings.length > 0) {
    const isChunked = codings.length === 1 && codings[0]?.toLowerCase() === 'chunked';
    return isChunked && version === '1.1' && lengths.length === 0 ? { hasBody: true, contentLength: null } : 'coding';
  }
  if (lengths.length === 0) return { hasBody: false, contentLength: null };
  const [length = ''] = lengths;
  if (lengths.length > 1 || !LENGTH.test(length)) return 'length';
  return { hasBody: length !== '0', contentLength: Number(length) };
}

/** What `Connection` may name though it is no field of one hop: a client could take out what was judged. */
const HARMLESS: ReadonlySet<string> = new Set(['close', ...HOP_BY_HOP, 'trailer']);

function namesField(options: readonly string[], raw: readonly string[]): boolean {
  const strange = options.filter((name) => !HARMLESS.has(name));
  return strange.length > 0 && raw.some((name, index) => index % 2 === 0 && strange.includes(name.toLowerCase()));
}
