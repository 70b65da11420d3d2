/** What was changed after the app had signed, for requests of which both forms are known. */
import type { ShownLine, Way, WireRequest } from '../wire.ts';

const DERIVED: ReadonlySet<string> = new Set(['@target-uri', '@path', '@query', '@request-target']);
const CREDENTIALS: ReadonlySet<string> = new Set(['approov-token', 'authorization', 'api-key', 'cookie']);
const LONGEST = 400;

/** The way, with the lines of the base marked that the app signed with another value. */
export function withDifferences(way: Way, origin: string, sent: WireRequest, signed: WireRequest | null): Way {
  if (signed === null || way.decision.code !== 'signature-invalid') return way;
  const base = way.base.map((line): ShownLine => {
    const name = /^"([^"]+)"/.exec(line.identifier)?.[1] ?? '';
    const [now, then] = [valueIn(name, sent, origin), valueIn(name, signed, origin)];
    if (now === then || line.cause !== null) return line;
    return { ...line, client: shown(name, then), cause: 'changed after the app had signed' };
  });
  const differ = base.filter(({ cause }) => cause !== null).length;
  if (differ === 0) return way;
  const saw = `${differ} line${differ === 1 ? ' of the base differs' : 's of the base differ'} from what the app signed`;
  return { ...way, base, checks: way.checks.map((check) => (check.name === 'signature-proof' ? { ...check, saw } : check)) };
}

function valueIn(name: string, { method, target, headers }: WireRequest, origin: string): string | null {
  if (name === '@method') return method;
  if (DERIVED.has(name)) return origin + target;
  if (name.startsWith('@')) return null;
  const lines = headers.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value.trim());
  return lines.length === 0 ? null : lines.join(', ');
}

function shown(name: string, value: string | null): string {
  if (value === null) return '(absent)';
  // Two tokens may begin alike: their ends tell them apart.
  if (CREDENTIALS.has(name)) return `${value.slice(0, 6)}…${value.length > 40 ? value.slice(-6) : ''} (${value.length} characters)`;
  return value.slice(0, LONGEST);
}
