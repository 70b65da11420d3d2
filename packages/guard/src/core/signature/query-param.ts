/** The derived component `@query-param` (RFC 9421 §2.2.8). */
import { hasControlEscape, hasNestedEscape, percentDecode } from './percent.ts';
import type { Deviations } from './sdk-tolerances.ts';

/** The values of each parameter of a query as they were sent, by its decoded name. */
export type QueryParameters = ReadonlyMap<string, readonly string[]>;

/**
 * Reads a query; `null` if it has more parameters than `most`.
 * @param query - with its question mark, or `null`
 */
export function readQuery(query: string | null, most: number): QueryParameters | null {
  const parameters = new Map<string, string[]>();
  if (query === null) return parameters;
  const pairs = query.slice(1).split('&', most + 1);
  if (pairs.length > most) return null;
  for (const pair of pairs) {
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

/**
 * The value of a parameter as it was sent; `null` if it is absent or occurs more than once (which may not be covered).
 * @param encodedName - the parameter's name, percent-encoded as in the component identifier
 */
export function queryValueOf(query: QueryParameters, encodedName: string): string | null {
  const name = decodeForm(encodedName);
  const values = name === null ? undefined : query.get(name);
  return values?.length === 1 ? (values[0] as string) : null;
}

/** The value re-encoded as the RFC has it, or decoded as SDKs have it; `null` where it cannot be. */
export function queryParameter(value: string, form: Deviations['queryParam']): string | null {
  return form === 'encoded' ? encodeForm(decodeForm(value)) : decodedValue(value, form);
}

function decodedValue(value: string, form: 'form-decoded' | 'percent-decoded'): string | null {
  if (hasControlEscape(value) || hasNestedEscape(value)) return null;
  return percentDecode(form === 'form-decoded' ? value.replaceAll('+', ' ') : value);
}

/** application/x-www-form-urlencoded (URL standard §5.1). `null` where the octets are no UTF-8. */
function decodeForm(text: string): string | null {
  if (!/[%+]/.test(text)) return text;
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
