/** curl command lines, as browsers and debugging proxies copy them. */
import type { HeaderLine } from 'approov-guard/views';
import { UsageError } from '../terminal/usage-error.ts';
import { asBytes, type Captured, urlParts } from './captured.ts';
import { cmdWords, isOfCmd } from './cmd-words.ts';
import { shellWords } from './shell-words.ts';

/** Short options and the long ones that they stand for. */
const LONG: ReadonlyMap<string, string> = new Map([
  ['-X', '--request'],
  ['-H', '--header'],
  ['-d', '--data'],
  ['-A', '--user-agent'],
  ['-b', '--cookie'],
  ['-e', '--referer'],
  ['-G', '--get'],
  ['-I', '--head'],
  ['-u', '--user'],
]);
const DATA: ReadonlySet<string> = new Set(['--data', '--data-raw', '--data-binary', '--data-ascii', '--data-urlencode', '--json']);
const HEADERS: ReadonlyMap<string, string> = new Map([
  ['--user-agent', 'User-Agent'],
  ['--cookie', 'Cookie'],
  ['--referer', 'Referer'],
]);
/** Options with a value that does not change the request. */
const SKIPPED =
  /^(?:-[omwxEK]|--(?:output|max-time|write-out|proxy|cert|key|cacert|capath|connect-timeout|resolve|connect-to|retry|interface|limit-rate|tls-max|ciphers))$/;

/** Options without a value that do not change the request, as far as it is judged. */
const FLAGS =
  /^(?:-[sSkLvifgN#0-46nOJRqZ]|--(?:compressed|insecure|silent|show-error|location|location-trusted|verbose|include|fail|fail-with-body|globoff|no-buffer|no-keepalive|progress-bar|ipv4|ipv6|http1\.[01]|http2|http2-prior-knowledge|http3|tlsv1(?:\.[0-3])?|ssl-no-revoke|path-as-is|tcp-nodelay|remote-name|disable))$/;

interface Command {
  url: string | null;
  method: string | null;
  get: boolean;
  head: boolean;
  readonly headers: HeaderLine[];
  readonly data: string[];
}

/** Reads a command line. Files that it names are not read. */
export function curlCommand(text: string): Captured {
  const line = text.replace(/^\$\s*/, '').trim();
  if (/[`][ \t]*\r?\n/.test(line))
    throw new UsageError(
      'the curl command line is continued as PowerShell does it, which changes quotation marks; choose "Copy as cURL (bash)" or "(cmd)"',
    );
  const words = isOfCmd(line) ? cmdWords(line) : shellWords(line);
  if (words === null) throw new UsageError('the curl command line has a quote that is not closed');
  const command = commandOf(words.slice(1));
  const { url, headers, data } = command;
  if (url === null) throw new UsageError('the curl command line names no URL');
  const place = urlParts(/^https?:\/\//i.test(url) ? url : `http://${url}`);
  const joined = data.length === 0 || command.get ? null : data.join('&');
  const query = command.get && data.length > 0 ? `${place.target.includes('?') ? '&' : '?'}${data.join('&')}` : '';
  const method = command.method ?? (command.head ? 'HEAD' : joined === null ? 'GET' : 'POST');
  const body = joined === null ? null : Buffer.from(joined, 'utf8');
  if (body !== null && !headers.some(([name]) => name.toLowerCase() === 'content-length'))
    headers.push(['Content-Length', String(body.length)]);
  return { method, ...place, target: place.target + query, headers, body };
}

function commandOf(words: readonly string[]): Command {
  const command: Command = { url: null, method: null, get: false, head: false, headers: [], data: [] };
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const { option, glued } = optionOf(word);
    // `-sSL` is `-s -S -L`.
    if (option !== null && glued !== null && /^-[^-]/.test(option) && FLAGS.test(option)) {
      rest.unshift(`-${glued}`);
      continue;
    }
    if (option === null) addUrl(word, command);
    else take(option, () => glued ?? rest.shift() ?? '', command);
  }
  addDefaultType(command, words);
  return command;
}

function addUrl(url: string, command: Command): void {
  if (command.url !== null) throw new UsageError('the curl command line names several URLs; keep one');
  command.url = url;
}

/** `-XPOST`, `--request=POST` and `--request POST` are one. */
function optionOf(word: string): { readonly option: string | null; readonly glued: string | null } {
  if (!word.startsWith('-') || word === '-') return { option: null, glued: null };
  const short = word.slice(0, 2);
  if (!word.startsWith('--')) return { option: LONG.get(short) ?? short, glued: word.length > 2 ? word.slice(2) : null };
  const equals = word.indexOf('=');
  return equals < 0 ? { option: word, glued: null } : { option: word.slice(0, equals), glued: word.slice(equals + 1) };
}

function take(option: string, value: () => string, command: Command): void {
  if (option === '--request') command.method = value();
  else if (option === '--url') addUrl(value(), command);
  else if (option === '--header') addHeader(value(), command);
  else if (option === '--get') command.get = true;
  else if (option === '--head') command.head = true;
  else if (DATA.has(option)) command.data.push(dataOf(option, value()));
  else if (option === '--user') command.headers.push(['Authorization', `Basic ${Buffer.from(value()).toString('base64')}`]);
  else if (HEADERS.has(option)) command.headers.push([HEADERS.get(option) ?? '', asBytes(value())]);
  else if (SKIPPED.test(option)) value();
  else if (/^(?:-F|--form(?:-string)?|-T|--upload-file)$/.test(option))
    throw new UsageError(`curl makes the body of ${option} itself; give the request as a raw HTTP message or as an HTTP archive`);
  else if (!FLAGS.test(option))
    throw new UsageError(
      `the curl option ${option} is not known here; leave it out if it does not change the request, or give a raw HTTP message`,
    );
}

function addHeader(text: string, command: Command): void {
  const colon = text.search(/[:;]/);
  // `Name:` removes a header, `Name;` sends an empty one.
  if (colon < 1 || (text.charAt(colon) === ':' && text.slice(colon + 1).trim() === '')) return;
  command.headers.push([text.slice(0, colon), asBytes(text.slice(colon + 1).trim())]);
}

function dataOf(option: string, value: string): string {
  if (value.startsWith('@') && option !== '--data-raw')
    throw new UsageError('the curl command line takes its data from a file; put the text itself there');
  if (option !== '--data-urlencode') return option === '--data' || option === '--data-ascii' ? value.replace(/[\r\n]/g, '') : value;
  const equals = value.indexOf('=');
  return `${value.slice(0, equals + 1)}${encodeURIComponent(value.slice(equals + 1))}`;
}

/** What curl adds by itself where there is data. */
function addDefaultType({ data, get, headers }: Command, words: readonly string[]): void {
  if (words.includes('--json') && !headers.some(([name]) => name.toLowerCase() === 'accept')) headers.push(['Accept', 'application/json']);
  const isSaid = headers.some(([name]) => name.toLowerCase() === 'content-type') || words.some((word) => /^content-type:\s*$/i.test(word));
  if (data.length === 0 || get || isSaid) return;
  headers.push(['Content-Type', words.includes('--json') ? 'application/json' : 'application/x-www-form-urlencoded']);
}
