/** A URL taken apart as text: nothing is decoded or normalised, since each client normalises in its own way. */

/** The parts of an absolute `http` or `https` URL, as written. */
export interface UrlText {
  readonly scheme: string;
  /** Host and port as written. */
  readonly authority: string;
  /** Empty where the URL has none. */
  readonly path: string;
  /** With its question mark; empty where there is none. */
  readonly query: string;
  /** With its hash sign; empty where there is none. Never sent. */
  readonly fragment: string;
}

const URL_TEXT = /^(https?):\/\/([^/?#\s]+)([^?#]*)(\?[^#]*)?(#.*)?$/i;
const DEFAULT_PORTS: { readonly [scheme: string]: string } = { http: '80', https: '443' };

/**
 * Takes a URL apart.
 * @throws RangeError if it is not an absolute http or https URL
 */
export function urlText(url: string): UrlText {
  const [, scheme, authority = '', path = '', query = '', fragment = ''] = URL_TEXT.exec(url) ?? [];
  if (scheme === undefined) throw new RangeError('url: expected an absolute http or https URL');
  return { scheme: scheme.toLowerCase(), authority: authority.toLowerCase(), path, query, fragment };
}

/** The host without its port. */
export function withoutPort({ authority }: UrlText): string {
  return authority.replace(/:\d*$/, '');
}

/** Host and port, the scheme's default port left out (RFC 9421 §2.2.3). */
export function authorityOf(url: UrlText): string {
  const port = /:(\d*)$/.exec(url.authority)?.[1] ?? '';
  return port === '' || port === DEFAULT_PORTS[url.scheme] ? withoutPort(url) : url.authority;
}

/** What stands in the request line (RFC 9112 §3.2.1): an empty path is sent as `/`, a fragment is not sent. */
export function requestTarget({ path, query }: UrlText): string {
  return `${path === '' ? '/' : path}${query}`;
}

/** The URL as RFC 9421 §2.2.2 has it: what the server can see. */
export function targetUri(url: UrlText): string {
  return `${url.scheme}://${authorityOf(url)}${requestTarget(url)}`;
}

/** The URL as it was written, the default port left out. */
export function writtenUrl(url: UrlText): string {
  return `${url.scheme}://${authorityOf(url)}${url.path}${url.query}${url.fragment}`;
}

/**
 * `HttpUrl.uri().toString()` of OkHttp: java.net.URI refuses some characters, so that brackets in the path and `\ ^ { | }` and the
 * backtick in the query are percent-encoded, and so is a percent sign that encodes nothing. The wire has them bare.
 */
export function javaUriText(url: UrlText): string {
  const path = strictPercent(url.path === '' ? '/' : url.path).replace(/[[\]]/g, percentEncoded);
  const query = strictPercent(url.query).replace(/[\\^`{|}]/g, percentEncoded);
  return `${url.scheme}://${authorityOf(url)}${path}${query}${url.fragment}`;
}

function strictPercent(text: string): string {
  return text.replace(/%(?![0-9A-Fa-f]{2})/g, '%25');
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** Percent-decodes to bytes, each as one character. */
export function percentDecoded(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  return bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** The values of a query parameter, still encoded. */
export function queryValues({ query }: UrlText, isName: (encoded: string) => boolean): readonly string[] {
  const pairs = query.slice(1).split('&');
  return pairs.flatMap((pair) => {
    const [name = '', ...rest] = pair.split('=');
    return pair !== '' && isName(name) ? [rest.join('=')] : [];
  });
}
