/** What servers may make of a request target: every path that any sequence of the usual rewriting steps leads to. */

/** More readings than this come from nobody's app. */
const MAX_READINGS = 48;
const MAX_LENGTH = 4096;

/** What proxies and frameworks do to a path, in whatever order and as often as they like. Each step leaves plain paths alone. */
const STEPS: readonly ((path: string) => string)[] = [
  decodeOnce,
  // WHATWG URL §4.4: a backslash is a slash in special schemes.
  (path) => path.replaceAll('\\', '/'),
  (path) => path.replace(/\/{2,}/g, '/'),
  // RFC 3986 §3.3: path parameters; a fragment does not belong into a target but some servers cut it.
  (path) => path.replace(/;[^/]*/g, ''),
  // Some servers take a semicolon for the start of the query.
  (path) => path.replace(/[#;?\x00].*$/s, ''),
  // WHATWG URL §4.4: tabs and line ends are dropped.
  (path) => path.replace(/[\t\n\r]/g, ''),
  withoutDotSegments,
];
/** On a path without any of this no step has an effect. */
const NOT_PLAIN = /[%\\;#\x00\t\n\r]|\/\/|\/\.{1,2}(?:\/|$)/;

/**
 * Every path, in lower case, that a server may read in a target. One for a plain path.
 * @param target - the raw request target
 * @returns the readings, or `null` if there are too many, or if the target is not in origin-form (RFC 9112 §3.2.1)
 */
export function pathReadings(target: string): readonly string[] | null {
  const end = target.indexOf('?');
  const path = (end < 0 ? target : target.slice(0, end)).toLowerCase();
  if (!path.startsWith('/')) return null;
  if (!NOT_PLAIN.test(path)) return [path];
  if (path.length > MAX_LENGTH) return null;
  const readings = new Set([path]);
  // A Set hands out what is added while it is walked: the walk ends when no step leads to a new reading.
  for (const reading of readings) {
    for (const step of STEPS) readings.add(step(reading).toLowerCase());
    if (readings.size > MAX_READINGS) return null;
  }
  return [...readings];
}

function decodeOnce(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    // Not UTF-8: decode what stands for ASCII, which is all that matters to the shape of a path.
    return path.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
}

/** RFC 3986 §5.2.4. */
function withoutDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  const last = segments.at(-1);
  return `/${kept.join('/')}${(last === '.' || last === '..') && kept.length > 0 ? '/' : ''}`;
}
