/** A request that goes out: as text, as a curl command line, and over the network. */
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { HeaderLine } from 'approov-guard/views';
import { shortened } from '../terminal/text.ts';

/** A request to be sent. Header values have one byte a character. */
export interface Outgoing {
  readonly url: string;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array | null;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly HeaderLine[];
  readonly body: Buffer;
}

const MOST_BYTES = 10_000_000;

/** Adds what the HTTP library would add: `Host`, and the length of the body. */
export function withTransportHeaders(outgoing: Outgoing): Outgoing {
  const { url, headers, body } = outgoing;
  const has = (name: string): boolean => headers.some(([given]) => given.toLowerCase() === name);
  const host: HeaderLine[] = has('host') ? [] : [['Host', /^[a-z]+:\/\/([^/?#]+)/i.exec(url)?.[1] ?? '']];
  const length: HeaderLine[] = body === null || has('content-length') ? [] : [['Content-Length', String(body.length)]];
  return { ...outgoing, headers: [...host, ...headers, ...length] };
}

/** A raw HTTP message, which `explain` reads. */
export function rawText({ method, target, headers, body }: Outgoing): string {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${utf8(value)}`)];
  return `${lines.join('\n')}\n\n${body === null ? '' : Buffer.from(body).toString('utf8')}`;
}

function utf8(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}

/** A curl command line that sends the same request. */
export function curlLine({ method, url, headers, body }: Outgoing): string {
  // curl sets these two by itself, the second from what follows.
  const sent = headers.filter(([name]) => !/^(?:host|content-length)$/i.test(name));
  const typed = sent.some(([name]) => name.toLowerCase() === 'content-type');
  const words = [
    `curl --path-as-is -X ${method} ${quoted(url)}`,
    // `Name;` is how curl sends a header without a value.
    ...sent.map(([name, value]) => `-H ${quoted(value === '' ? `${name};` : `${name}: ${utf8(value)}`)}`),
    ...(body === null ? [] : [...(typed ? [] : ["-H 'Content-Type:'"]), `--data-binary ${bodyWord(body)}`]),
  ];
  const line = words.join(' \\\n  ');
  return body === null || isText(body) ? line : `echo ${Buffer.from(body).toString('base64')} | base64 -d | ${line}`;
}

function isText(body: Uint8Array): boolean {
  const bytes = Buffer.from(body);
  const text = bytes.toString('utf8');
  return !text.includes('\0') && !text.startsWith('@') && Buffer.from(text).equals(bytes);
}

function bodyWord(body: Uint8Array): string {
  return isText(body) ? quoted(Buffer.from(body).toString('utf8')) : '@-';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The request as `curl -v` would show it, the credentials shortened. */
export function shownRequest({ method, target, headers }: Outgoing): string {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${shownHeader(name, utf8(value))}`), ''];
  return lines.map((line) => `> ${line}\n`).join('');
}

/** A header's value; of a credential its beginning. */
export function shownHeader(name: string, value: string): string {
  return /^(?:approov-token|authorization|cookie|.*api-key)$/i.test(name) || /^eyJ/.test(value) ? shortened(value) : value;
}

/** The answer as `curl -v` would show it. */
export function shownAnswer({ status, statusText, headers, body }: Answer): string {
  const lines = [`HTTP/1.1 ${status} ${statusText}`, ...headers.map(([name, value]) => `${name}: ${value}`), ''];
  const text = body.toString('utf8');
  return `${lines.map((line) => `< ${line}\n`).join('')}${text}${text === '' || text.endsWith('\n') ? '' : '\n'}`;
}

/** Sends the request as it is: target, header names, their order and repetitions stay. Rejects if there is no answer. */
export async function send(outgoing: Outgoing, insecure: boolean, timeoutMs = 30_000): Promise<Answer> {
  const { url, method, target, headers, body } = outgoing;
  const { protocol, hostname, port } = new URL(url);
  const flat = [...headers, ['Connection', 'close'] as const].flat();
  const host = hostname.replace(/^\[|\]$/g, '');
  const options = {
    host,
    port,
    method,
    path: target,
    headers: flat,
    agent: false,
    rejectUnauthorized: !insecure,
    timeout: timeoutMs,
  } as const;
  return await new Promise((resolve, reject) => {
    const request = (protocol === 'https:' ? tlsRequest : plainRequest)(options, (response) => collect(response).then(resolve, reject));
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.end(body ?? undefined);
  });
}

async function collect(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_BYTES) break;
    chunks.push(chunk);
  }
  const raw = response.rawHeaders;
  const headers = raw.flatMap((name, index): HeaderLine[] => (index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : []));
  return { status: response.statusCode ?? 0, statusText: response.statusMessage ?? '', headers, body: Buffer.concat(chunks) };
}
