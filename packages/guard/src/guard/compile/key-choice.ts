/** Where a request goes, as far as a choice of keys may rest on it, and the option that makes that choice. */
import { ConfigurationError } from '../../checks/configuration-error.ts';
import { checkedFunction, checkedHeader, checkedNumber, checkedObject, checkedTexts } from '../../checks/option-checks.ts';
import { CHOSEN_KEYS } from '../../checks/option-table.ts';
import { trimOptionalWhiteSpace } from '../../core/bytes.ts';
import type { RequestView } from '../../core/request-view.ts';
import type { Origin } from '../../core/signature/target.ts';
import { plainPath } from '../../http/plain-path.ts';
import { hostNameOf } from '../../http/route-table.ts';
import { ChosenKeys } from '../../keys/chosen-keys.ts';
import type { RoutingFacts } from '../../keys/key-options.ts';
import { compileKeys, type KeyContext } from '../../keys/key-source.ts';

/** What choosing depends on. */
export interface ChoiceContext extends KeyContext {
  readonly originOf: (request: RequestView) => Origin | null;
  readonly cacheTokens: number;
}

/** Longer names choose nothing: they are kept in memory. */
const LONGEST_FACT = 256;

/** Compiles `keys: { choose }`. */
export function compileChosenKeys(options: unknown, path: string, context: ChoiceContext): ChosenKeys {
  const given = checkedObject(options, path, CHOSEN_KEYS);
  const choose = checkedFunction<(facts: RoutingFacts) => unknown>(given.choose, `${path}.choose`);
  if (choose === undefined) throw new ConfigurationError('option-missing', `${path}.choose`, 'must be a function');
  const headers = (checkedTexts(given.headers, `${path}.headers`) ?? []).map((name, index) =>
    checkedHeader(name, `${path}.headers[${index}]`),
  );
  const number = (name: 'pathSegments' | 'maxSources' | 'keepSeconds' | 'timeoutSeconds'): number =>
    checkedNumber(given[name], `${path}.${name}`, CHOSEN_KEYS[name]);
  const segments = Math.floor(number('pathSegments'));
  return new ChosenKeys({
    choose,
    factsOf: (request) => factsOf(request, { originOf: context.originOf, headers, segments }),
    // What headers say is left out of names that are shown.
    sourceOf: (keys, { host, path: start }) => compileKeys(keys, `${path}(${host ?? ''}${start ?? ''})`, context),
    maxSources: Math.floor(number('maxSources')),
    cacheTokens: context.cacheTokens,
    keepSeconds: number('keepSeconds'),
    timeoutSeconds: number('timeoutSeconds'),
  });
}

interface Facts {
  readonly originOf: (request: RequestView) => Origin | null;
  /** Lower case. */
  readonly headers: readonly string[];
  readonly segments: number;
}

/** A fact is `null` if the request has none. What servers may read differently is not a fact: the handler could serve another tenant. */
function factsOf(request: RequestView, { originOf, headers, segments }: Facts): RoutingFacts | string {
  const host = hostNameOf(originOf(request)?.authority ?? null);
  if (host === null && ((request.authority ?? null) !== null || request.lines('host').length > 0)) return 'host';
  const { target, currentTarget = target, otherTargets = [] } = request;
  const path = segments === 0 || target === '' ? null : startOf(target, segments);
  if (path !== null && (path === '' || [currentTarget, ...otherTargets].some((other) => startOf(other, segments) !== path))) return 'path';
  const said: { [name: string]: string | null } = {};
  for (const name of headers) {
    const [line, ...more] = request.lines(name);
    // Repeated lines may arrive as one, with commas (RFC 9110 §5.3).
    if (more.length > 0 || (line !== undefined && (line.includes(',') || line.length > LONGEST_FACT))) return `header ${name}`;
    said[name] = line === undefined ? null : trimOptionalWhiteSpace(line);
  }
  return { host, path, headers: said };
}

/** So many segments from the start of a path; empty if it is not plain, or too long. */
function startOf(target: string, segments: number): string {
  const path = plainPath(target)?.raw ?? '';
  const start = path
    .split('/')
    .slice(0, segments + 1)
    .join('/');
  const whole = start.length > 1 && start.endsWith('/') ? start.slice(0, -1) : start === '' && path !== '' ? '/' : start;
  return whole.length > LONGEST_FACT ? '' : whole;
}
