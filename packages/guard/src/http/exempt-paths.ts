/** Paths that pass unjudged. When in doubt, a path is not exempt. */

/** A compiled list of exempt paths. */
export interface ExemptPaths {
  readonly exact: ReadonlySet<string>;
  /** Prefixes, each with its final slash. */
  readonly prefixes: readonly string[];
}

/**
 * What makes a path mean different things to different servers: encoded slashes, backslashes, dots, percent signs and NUL,
 * control characters, path parameters, empty and dot segments, fragments.
 */
const AMBIGUOUS = /%(?:2f|5c|2e|25|00|3b)|[\\;#\x00-\x1f\x7f]|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/i;

/**
 * The path that a target names, percent-decoded, or `null` where servers may disagree about it.
 * @param target - the raw request target
 */
export function unambiguousPath(target: string): string | null {
  const end = target.indexOf('?');
  const path = end < 0 ? target : target.slice(0, end);
  // RFC 9112 §3.2: anything but origin-form (absolute-form, authority-form, `*`) names no path of ours without interpretation.
  if (!path.startsWith('/') || AMBIGUOUS.test(path)) return null;
  try {
    const decoded = decodeURIComponent(path);
    return AMBIGUOUS.test(decoded) ? null : decoded;
  } catch {
    return null;
  }
}

/** Tells whether a target names an exempt path, whatever server reads it. */
export function isExempt(target: string, paths: ExemptPaths): boolean {
  const path = unambiguousPath(target);
  return path !== null && (paths.exact.has(path) || paths.prefixes.some((prefix) => path.startsWith(prefix)));
}
