/** The values of components: as RFC 9421 §2 has them, and in the form of each client. */
import type { HeaderLine } from '../request-view.ts';
import type { ClientRow } from './clients.ts';
import {
  authorityOf,
  javaUriText,
  percentDecoded,
  queryValues,
  requestTarget,
  targetUri,
  type UrlText,
  urlText,
  withoutPort,
  writtenUrl,
} from './url-text.ts';

/** A request as the app gives it to its HTTP library. */
export interface AppRequest {
  readonly method: string;
  /** Absolute, as the app wrote it. */
  readonly url: string;
  /** Header lines in order. Each character of a value stands for one byte. */
  readonly headers?: readonly HeaderLine[];
  /** Text is sent as UTF-8. `null` (default): the request has no body, which some clients tell from an empty one. */
  readonly body?: string | Uint8Array | null;
}

/** How a client resolves derived components. */
export type ValueForm = Pick<ClientRow, 'method' | 'targetUri' | 'authority' | 'path' | 'query' | 'queryParam'>;

/** Every value as RFC 9421 has it. */
export const EXACT: ValueForm = {
  method: 'as-is',
  targetUri: 'exact',
  authority: 'with-port',
  path: 'exact',
  query: 'marked',
  queryParam: 'encoded',
};

const TARGET_URI: { readonly [Form in ValueForm['targetUri']]: (url: UrlText) => string } = {
  exact: targetUri,
  'java-uri': javaUriText,
  written: writtenUrl,
  'written-with-root': (url) => writtenUrl({ ...url, path: url.path === '' ? '/' : url.path }),
};

const PATH: { readonly [Form in ValueForm['path']]: (path: string) => string } = {
  exact: (path) => (path === '' ? '/' : path),
  decoded: percentDecoded,
};

/**
 * The value of one component.
 * @param identifier - a name, and parameters after semicolons: `@query-param;name="a"`, `x-list;bs`
 * @throws RangeError where the client would refuse to sign, or the identifier is not known to the kit
 */
export function componentValue(identifier: string, request: AppRequest, form: ValueForm): string {
  const [name = '', ...parameters] = identifier.split(';');
  return name.startsWith('@') ? derivedValue(name, parameters.join(';'), request, form) : fieldValue(name, parameters.join(';'), request);
}

function derivedValue(name: string, parameters: string, request: AppRequest, form: ValueForm): string {
  const url = urlText(request.url);
  switch (name) {
    case '@method':
      return form.method === 'upper' ? request.method.toUpperCase() : request.method;
    case '@target-uri':
      return TARGET_URI[form.targetUri](url);
    case '@authority':
      return form.authority === 'host-only' ? withoutPort(url) : authorityOf(url);
    case '@scheme':
      return url.scheme;
    case '@request-target':
      return requestTarget(url);
    case '@path':
      return PATH[form.path](url.path);
    case '@query':
      return queryValue(url, form);
    case '@query-param':
      return queryParamValue(url, /^name="(.*)"$/.exec(parameters)?.[1] ?? '', form);
    default:
      throw new RangeError(`components: ${name} is not a derived component of a request`);
  }
}

function queryValue({ query }: UrlText, { query: form }: ValueForm): string {
  if (form === 'bare-or-refused' && query === '')
    throw new RangeError('components: this client refuses to sign @query where there is no query');
  return form === 'marked' ? query || '?' : query.slice(1);
}

function queryParamValue(url: UrlText, name: string, { queryParam: form }: ValueForm): string {
  const decoded = (text: string): string => percentDecoded(form === 'percent-decoded' ? text : text.replaceAll('+', ' '));
  const [value, ...others] = queryValues(url, (encoded) => decoded(encoded) === decoded(name));
  if (value === undefined || others.length > 0) throw new RangeError('components: the query parameter is absent or occurs several times');
  return form === 'encoded' ? formEncoded(decoded(value)) : decoded(value);
}

/** RFC 9421 §2.2.8: everything but the form-urlencoded set's own characters is percent-encoded, the space too. */
function formEncoded(bytes: string): string {
  return bytes.replace(/[^A-Za-z0-9*\-._]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

function fieldValue(name: string, parameters: string, { headers = [] }: AppRequest): string {
  const lines = headers.filter(([given]) => given.toLowerCase() === name).map(([, value]) => canonical(value));
  if (lines.length === 0) throw new RangeError(`components: the header ${name} is not there`);
  if (parameters === '') return lines.join(', ');
  if (parameters === 'bs') return lines.map((line) => `:${Buffer.from(line, 'latin1').toString('base64')}:`).join(', ');
  throw new RangeError(`components: the kit does not resolve ;${parameters}; give its value in \`values\``);
}

function canonical(value: string): string {
  return value.replace(/[ \t]*\r\n[ \t]+/g, ' ').replace(/^[ \t]+|[ \t]+$/g, '');
}

/** The identifier as it stands in a signature base: the name as a String, then its parameters. */
export function identifierText(identifier: string): string {
  const semicolon = identifier.indexOf(';');
  const [name, parameters] = semicolon < 0 ? [identifier, ''] : [identifier.slice(0, semicolon), identifier.slice(semicolon)];
  return `"${name}"${parameters}`;
}
