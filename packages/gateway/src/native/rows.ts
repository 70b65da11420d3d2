/** The rows of a policy as data: exempt paths, then routes, in the order in which they are looked at. */
import { ConfigurationError, type GuardOptions } from 'approov-guard';
import { compilePattern, type PathPattern } from 'approov-guard/order';

/** One row: a route, or the paths of the option `exempt`. */
export interface Row {
  /** Which policy counts, 1 for that of the first route that demands something; `null` for an exempt row. */
  readonly policy: number | null;
  /** `null`: any path. */
  readonly patterns: readonly PathPattern[] | null;
  /** Upper case, `HEAD` where `GET` is; `null`: any. */
  readonly methods: readonly string[] | null;
  /** Where it stands in the options. */
  readonly at: string;
}

/** The rows of checked options. Hosts are not in them: {@link expressible} refuses those. */
export function rowsOf({ exempt = [], routes = [] }: GuardOptions): readonly Row[] {
  let policies = 0;
  const opened = exempt.map((path): Row => ({ policy: null, patterns: [patternOf(path, 'exempt')], methods: null, at: 'exempt' }));
  const matched = routes.map((route, index): Row => {
    const { path, paths, methods } = route.match;
    const at = `routes[${index}].match.path`;
    const named = [paths ?? path ?? []].flat();
    return {
      policy: 'exempt' in route ? null : ++policies,
      patterns: named.length === 0 ? null : named.map((one) => patternOf(one, at)),
      methods: methods === undefined ? null : methodsOf([methods].flat()),
      at,
    };
  });
  return [...opened, ...matched];
}

function patternOf(path: string, at: string): PathPattern {
  const pattern = compilePattern(path);
  if (pattern === null) throw new ConfigurationError('option-invalid', at, 'must be a plain path');
  return pattern;
}

/** Servers answer HEAD with the code for GET. */
function methodsOf(methods: readonly string[]): readonly string[] {
  const upper = methods.map((method) => method.toUpperCase());
  return upper.includes('GET') && !upper.includes('HEAD') ? [...upper, 'HEAD'] : upper;
}
