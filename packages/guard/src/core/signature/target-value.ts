/** The derived components of the request target (RFC 9421 §2.2.2, §2.2.6, §2.2.7), and how SDKs deviate. */
import { hasPathEscape, percentDecode, percentEncode } from './percent.ts';
import type { Deviations } from './sdk-tolerances.ts';
import type { Origin, TargetParts } from './target.ts';

/** The value of `@target-uri`, `@path` or `@query`; `null` where the origin gives none. */
export function targetValue(name: string, parts: TargetParts, origin: Origin | null, deviations: Deviations): string | null {
  if (name === '@path') return pathValue(parts, deviations);
  if (name === '@query') return queryValue(parts, deviations);
  const rest = uriRest(parts, deviations);
  return origin === null || rest === null ? null : `${origin.scheme}://${origin.authority}${rest}`;
}

/** How many characters of a path or a query deviations may rewrite: each costs as much as a hundred others. */
const MAX_REWRITTEN = 256;
const REWRITTEN = /[%[\]\\^`{|}]/g;

function isRewritable(text: string): boolean {
  REWRITTEN.lastIndex = 0;
  for (let found = 0; REWRITTEN.test(text); found++) if (found === MAX_REWRITTEN) return false;
  return true;
}

function isRoot({ path }: TargetParts): boolean {
  return path === '' || path === '/';
}

function pathValue(parts: TargetParts, deviations: Deviations): string | null {
  if (isRoot(parts)) return deviations.emptyRootPath ? '' : '/';
  if (!deviations.decodedPath) return parts.path;
  return !isRewritable(parts.path) || hasPathEscape(parts.path) ? null : percentDecode(parts.path);
}

/** RFC 9421 §2.2.7: an absent query is a lone question mark. */
function queryValue({ query }: TargetParts, deviations: Deviations): string | null {
  const whole = query ?? '?';
  if (!deviations.queryWithoutMark) return whole;
  // `??a=1` without its first mark would pass for what another client signed as `?a=1`.
  return whole.startsWith('??') ? null : whole.slice(1);
}

function uriRest(parts: TargetParts, deviations: Deviations): string | null {
  const path = isRoot(parts) ? (deviations.emptyRootTarget ? '' : '/') : parts.path;
  const query = parts.query ?? '';
  if (!deviations.reescapedTarget) return path + query;
  if (!isRewritable(path) || !isRewritable(query)) return null;
  return percentEncode(strictly(path), '[]') + percentEncode(strictly(query), '\\^`{|}');
}

/** A percent sign that encodes nothing is encoded itself. */
function strictly(text: string): string {
  return text.replace(/%(?![0-9a-f]{2})/gi, '%25');
}
