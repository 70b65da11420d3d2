/** `Forwarded` (RFC 7239), `X-Forwarded-*` and `Via` (RFC 9110 §7.6.3) for the upstream. */
import { BlockList, isIP } from 'node:net';

/** Who sent a request, as this hop knows. */
export interface Hop {
  /** The peer's address, or `null` on a Unix socket. */
  readonly peer: string | null;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly version: string;
}

const NAMED: ReadonlyMap<string, readonly string[]> = new Map([
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['linklocal', ['169.254.0.0/16', 'fe80::/10']],
  ['uniquelocal', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
]);

/** Tells which peers are our proxies; those on a Unix socket have no address. The guard has checked the list. */
export function trustedPeers(ranges: readonly string[]): (peer: string | null) => boolean {
  const list = new BlockList();
  const trustsUnix = ranges.includes('unix');
  for (const range of ranges.filter((text) => text !== 'unix').flatMap((text) => NAMED.get(text) ?? [text])) {
    const [address = '', length] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, length === undefined ? (family === 'ipv6' ? 128 : 32) : Number(length), family);
  }
  // Looking an address up costs more than judging a token, and it is mostly the same proxy that comes again.
  let last: { readonly peer: string; readonly isTrusted: boolean } | null = null;
  return (peer) => {
    if (peer === null) return trustsUnix;
    if (ranges.length === 0) return false;
    if (last?.peer === peer) return last.isTrusted;
    const address = plainAddress(peer);
    last = { peer, isTrusted: list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') };
    return last.isTrusted;
  };
}

/** IPv4-mapped IPv6 counts as IPv4; a zone is a matter of this machine. */
export function plainAddress(peer: string): string {
  return peer.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

/** What each hop writes. */
const WRITTEN: ReadonlySet<string> = new Set(['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto']);

/** What a hop says by itself. */
interface Said {
  readonly hop: Hop;
  readonly fields: readonly string[];
}

/** Of each connection, what was said last: its requests nearly always say the same. */
const saidOn: WeakMap<object, Said> = new WeakMap();

/**
 * Adds the fields. From a trusted proxy what it said stays, and its address is added; from anybody else nothing stays.
 * @param given - names in lower case and values, as they came
 * @param connection - what `hop` came by
 */
export function writeForwarded(fields: string[], hop: Hop, given: readonly string[], trusted: boolean, connection: object): void {
  if (trusted && given.length > 0) return void writeAfter(fields, hop, given);
  let said = saidOn.get(connection);
  if (said === undefined || !isSame(said.hop, hop)) {
    const own: string[] = [];
    writeAfter(own, hop, []);
    said = { hop, fields: own };
    saidOn.set(connection, said);
  }
  for (const text of said.fields) fields.push(text);
}

function isSame(one: Hop, other: Hop): boolean {
  return one.authority === other.authority && one.version === other.version && one.scheme === other.scheme && one.peer === other.peer;
}

/** Adds the fields behind those of the hops before. */
function writeAfter(fields: string[], hop: Hop, given: readonly string[]): void {
  const said = (name: string): string[] => given.filter((_, index) => index % 2 === 1 && given[index - 1] === name);
  const address = hop.peer === null ? 'unknown' : plainAddress(hop.peer);
  const node = isIP(address) === 6 ? `"[${address}]"` : address;
  const element = `for=${node};host=${quoted(hop.authority)};proto=${hop.scheme}`;
  fields.push('forwarded', [...said('forwarded'), element].join(', '));
  fields.push('x-forwarded-for', [...said('x-forwarded-for'), address].join(', '));
  fields.push('x-forwarded-host', said('x-forwarded-host')[0] ?? hop.authority);
  fields.push('x-forwarded-proto', said('x-forwarded-proto')[0] ?? hop.scheme);
  // What else it said stays as it is.
  fields.push(...given.filter((_, index) => !WRITTEN.has(given[index - (index % 2)] ?? '')));
  fields.push('via', `${hop.version === '2.0' ? '2' : hop.version} approov-guard`);
}

/** RFC 7239 §4: what is not a token is quoted; the grammar of authorities has no character that would need an escape. */
function quoted(authority: string): string {
  return /^[A-Za-z0-9._~!#$%&'*+^`|-]+$/.test(authority) ? authority : `"${authority}"`;
}
