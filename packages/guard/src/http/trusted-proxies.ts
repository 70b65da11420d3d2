/** Which peers are proxies of ours: addresses and CIDR blocks (RFC 4632, RFC 4291 §2.3). */

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
