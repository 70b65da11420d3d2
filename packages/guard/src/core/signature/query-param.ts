/** The derived component `@query-param` (RFC 9421 §2.2.8). */
import { hasControlEscape, hasNestedEscape, percentDecode } from './percent.ts';
import type { Deviations } from './sdk-tolerances.ts';

/**
 * The re-encoded value of a query parameter; `null` if it is absent or occurs more than once (which may not be covered).
 * @param query - the query with its question mark, or `null`
 * @param encodedName - the parameter's name, percent-encoded as in the component identifier
 * @param form - the value as the RFC has it, or decoded as SDKs have it
 */
export function queryParameter(query: string | null, encodedName: string, form: Deviations['queryParam']): string | null {
  const name = decodeForm(encodedName);
  if (query === null || name === null) return null;
  const [value, ...more] = parametersOf(query).get(name) ?? [];
  if (value === undefined || more.length > 0) return null;
  return form === 'encoded' ? encodeForm(decodeForm(value)) : decodedValue(value, form);
}

type QueryParameters = ReadonlyMap<string, readonly string[]>;

/** The query that was asked about last: a signature may cover many parameters of one, each in several forms. */
let known: { readonly query: string; readonly parameters: QueryParameters } = { query: '', parameters: new Map() };

/** The values of each parameter as they were sent, by its decoded name. */
function parametersOf(query: string): QueryParameters {
  if (known.query !== query) known = { query, parameters: parseQuery(query) };
  return known.parameters;
}

function parseQuery(query: string): QueryParameters {
  const parameters = new Map<string, string[]>();
  for (const pair of query.slice(1).split('&')) {
    const equals = pair.indexOf('=');
    const name = pair === '' ? null : decodeForm(equals < 0 ? pair : pair.slice(0, equals));
    if (name === null) continue;
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    const values = parameters.get(name);
    if (values === undefined) parameters.set(name, [value]);
    else values.push(value);
  }
  return parameters;
}

function decodedValue(value: string, form: 'form-decoded' | 'percent-decoded'): string | null {
  if (hasControlEscape(value) || hasNestedEscape(value)) return null;
  return percentDecode(form === 'form-decoded' ? value.replaceAll('+', ' ') : value);
}

/** application/x-www-form-urlencoded (URL standard §5.1). `null` where the octets are no UTF-8. */
function decodeForm(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

/** RFC 9421 §2.2.8: percent-encode with the application/x-www-form-urlencoded set, space as `%20`. */
function encodeForm(text: string | null): string | null {
  if (text === null) return null;
  return encodeURIComponent(text).replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
