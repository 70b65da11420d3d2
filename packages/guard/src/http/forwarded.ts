/** What proxies say of the origin, in `Forwarded` (RFC 7239) and `X-Forwarded-*`, whether they agree, and which peers are believed. */
import { TOKEN_CHARACTERS, trimOptionalWhiteSpace } from '../core/bytes.ts';
import type { RequestView } from '../core/request-view.ts';

/** What was said; what was not said is absent. */
export interface Forwarded {
  /** Lower case. */
  readonly scheme?: string;
  readonly authority?: string;
  /** For an authority that names none. */
  readonly port?: string;
}

/** Which sources contradict each other, or cannot be read. */
export interface ForwardedTrouble {
  readonly trouble: string;
}

/** Longer fields are not read. */
const LONGEST_FIELD = 1024;

/**
 * Reads what trusted proxies say. Each hop may have appended a member to a field: all must say the same, since nobody could tell which to
 * believe, or a count tells which one the outermost of our proxies wrote. What different fields say must agree, too.
 * @param hops - how many of our proxies append to each field that they write; `null` where that is not configured
 */
export function parseForwarded(request: RequestView, hops: number | null): Forwarded | ForwardedTrouble {
  const read = (name: string): string | undefined | ForwardedTrouble => memberOf(name, membersOf(request.lines(name.toLowerCase())), hops);
  const proto = read('X-Forwarded-Proto');
  const host = read('X-Forwarded-Host');
  const port = read('X-Forwarded-Port');
  const standard = parseStandard(request.lines('forwarded'), hops);
  for (const found of [proto, host, port, standard]) if (typeof found === 'object' && 'trouble' in found) return found;
  // The casts hold: there is no trouble with any of them.
  const others = { scheme: proto && handshakeScheme(proto as string), authority: host as string | undefined };
  const { scheme, authority } = standard as Forwarded;
  if (contradict(scheme, others.scheme)) return contradiction('Forwarded', 'X-Forwarded-Proto');
  if (contradict(authority, others.authority)) return contradiction('Forwarded', 'X-Forwarded-Host');
  const named = authority ?? others.authority;
  if (contradict(portOf(named), port as string | undefined)) {
    return contradiction(authority === undefined ? 'X-Forwarded-Host' : 'Forwarded', 'X-Forwarded-Port');
  }
  return present({ scheme: scheme ?? others.scheme, authority: named, port: port as string | undefined });
}

function present(found: { readonly [N in keyof Forwarded]: string | undefined }): Forwarded {
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

function contradiction(left: string, right: string): ForwardedTrouble {
  return { trouble: `${left} and ${right} contradict each other` };
}

function contradict(left: string | undefined, right: string | undefined): boolean {
  return left !== undefined && right !== undefined && left.toLowerCase() !== right.toLowerCase();
}

function portOf(authority: string | undefined): string | undefined {
  return authority === undefined ? undefined : /:(\d+)$/.exec(authority)?.[1];
}

/** RFC 6455 §4.1: a WebSocket opens with an HTTP request; some proxies state the scheme of what comes after. */
function handshakeScheme(scheme: string): string {
  return scheme.toLowerCase().replace(/^ws(?=s?$)/, 'http');
}

/** Lines and members between commas are the same (RFC 9110 §5.3). */
function membersOf(lines: readonly string[]): readonly string[] {
  const text = lines.join(',');
  return lines.length === 0 || text.length > LONGEST_FIELD ? lines : text.split(',').map(trimOptionalWhiteSpace);
}

/** The one value of a field: what all members say, or what the outermost of our proxies wrote. An empty field says nothing. */
function memberOf(name: string, members: readonly string[], hops: number | null): string | undefined | ForwardedTrouble {
  if (members.length === 0 || (members.length === 1 && members[0] === '')) return undefined;
  const counted = hops === null ? members : members.slice(members.length - hops, members.length - hops + 1);
  const [first, ...others] = counted;
  if (first === undefined || (hops !== null && members.length < hops)) return { trouble: `${name} has fewer members than there are hops` };
  if (first.length > LONGEST_FIELD) return { trouble: `${name} is too long` };
  return others.some((other) => contradict(first, other)) ? { trouble: `the members of ${name} contradict each other` } : first;
}

/** RFC 7239 §4: `name=value` pairs separated by semicolons, hops by commas; values are tokens or quoted strings. */
const PAIR = new RegExp(`^([${TOKEN_CHARACTERS}]+)=(?:([${TOKEN_CHARACTERS}]+)|"([^"\\\\,]*)")$`);

function parseStandard(lines: readonly string[], hops: number | null): Forwarded | ForwardedTrouble {
  if (lines.length === 0) return {};
  // A comma outside a quoted string separates hops, and inside one it is not used by any host or scheme.
  const elements = membersOf(lines).map(parseElement);
  const read = elements.filter((element) => element !== null);
  if (read.length < elements.length) return { trouble: 'Forwarded cannot be read' };
  if (hops !== null) return read[read.length - hops] ?? { trouble: 'Forwarded has fewer members than there are hops' };
  const scheme = memberOf('Forwarded', said(read, 'scheme'), null);
  const authority = memberOf('Forwarded', said(read, 'authority'), null);
  if (typeof scheme === 'object') return scheme;
  return typeof authority === 'object' ? authority : present({ scheme, authority, port: undefined });
}

function said(elements: readonly Forwarded[], what: 'scheme' | 'authority'): readonly string[] {
  return elements.flatMap((element) => element[what] ?? []);
}

function parseElement(value: string): Forwarded | null {
  if (value.length > LONGEST_FIELD) return null;
  const found: { scheme?: string; authority?: string } = {};
  for (const part of value.split(';')) {
    const pair = PAIR.exec(trimOptionalWhiteSpace(part));
    if (pair === null) return null;
    const text = pair[2] ?? pair[3] ?? '';
    const name = pair[1]?.toLowerCase();
    // RFC 7239 §4: each parameter at most once.
    if ((name === 'proto' && found.scheme !== undefined) || (name === 'host' && found.authority !== undefined)) return null;
    if (name === 'proto') found.scheme = handshakeScheme(text);
    else if (name === 'host') found.authority = text;
  }
  return found;
}

// Which peers are our proxies: addresses and CIDR blocks (RFC 4632, RFC 4291 §2.3).

/** A block of addresses. */
export interface AddressRange {
  /** The address as bits, `0` and `1`. */
  readonly bits: string;
  /** How many leading bits count. */
  readonly prefix: number;
}

/** What a view says of a peer on a Unix socket, which has no address; also the name for such peers. */
export const UNIX_SOCKET = 'unix';

/** Names for the usual blocks. */
const NAMED: ReadonlyMap<string, readonly string[]> = new Map([
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['linklocal', ['169.254.0.0/16', 'fe80::/10']],
  ['uniquelocal', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
]);

/** Parses an address, a CIDR block or one of the names `loopback`, `linklocal`, `uniquelocal`, `unix`; `null` if it is none. */
export function parseRange(text: string): readonly AddressRange[] | null {
  if (text === UNIX_SOCKET) return [{ bits: UNIX_SOCKET, prefix: UNIX_SOCKET.length }];
  const named = NAMED.get(text);
  if (named !== undefined) return named.flatMap((block) => parseRange(block) ?? []);
  const [address = '', length, ...more] = text.split('/');
  const bits = addressBits(address);
  if (bits === null || more.length > 0) return null;
  if (length === undefined) return [{ bits, prefix: bits.length }];
  const prefix = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  return prefix <= bits.length ? [{ bits, prefix }] : null;
}

/** Tells whether a peer's address lies in one of the blocks. An unknown peer never does. */
export function isTrusted(peer: string | null, ranges: readonly AddressRange[]): boolean {
  if (peer === null || ranges.length === 0) return false;
  const bits = peer === UNIX_SOCKET ? peer : addressBits(peer.replace(/%.*$/, ''));
  return bits !== null && ranges.some((range) => range.bits.length === bits.length && bits.startsWith(range.bits.slice(0, range.prefix)));
}

/** The bits of an IPv4 or IPv6 address; IPv4-mapped IPv6 (RFC 4291 §2.5.5.2) counts as IPv4. */
function addressBits(address: string): string | null {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const v4 = mapped ?? address;
  return v4.includes('.') ? v4Bits(v4) : v6Bits(address);
}

function v4Bits(address: string): string | null {
  const parts = address.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return null;
  return parts.map((part) => Number(part).toString(2).padStart(8, '0')).join('');
}

function v6Bits(address: string): string | null {
  const halves = address.split('::');
  if (halves.length > 2) return null;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return groups.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}
