/** The derived component `@query-param` (RFC 9421 §2.2.8). */

/**
 * The re-encoded value of a query parameter; `null` if it is absent or occurs more than once (which may not be covered).
 * @param query - the query with its question mark, or `null`
 * @param encodedName - the parameter's name, percent-encoded as in the component identifier
 */
export function queryParameter(query: string | null, encodedName: string): string | null {
  const name = decodeForm(encodedName);
  if (query === null || name === null) return null;
  const values: (string | null)[] = [];
  for (const pair of query.slice(1).split('&')) {
    const equals = pair.indexOf('=');
    if (decodeForm(equals < 0 ? pair : pair.slice(0, equals)) === name && pair !== '')
      values.push(equals < 0 ? '' : decodeForm(pair.slice(equals + 1)));
  }
  const [value] = values;
  return values.length === 1 && value !== undefined && value !== null ? encodeForm(value) : null;
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
function encodeForm(text: string): string {
  return encodeURIComponent(text).replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
