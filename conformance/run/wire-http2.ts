/** The same requests over HTTP/2, as far as it can say them. */
import { connect, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import type { WireRequest, WireResponse } from './wire.ts';

/** HTTP/2, or Node's client for it, cannot say this request: no server ever sees it. */
export class CannotSay extends Error {}

/** Fields that HTTP/2 has no place for (RFC 9113 §8.2.2), and what it says otherwise. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'connection',
  'upgrade',
  'transfer-encoding',
  'keep-alive',
  'proxy-connection',
  'host',
  'te',
]);

type Answered = IncomingHttpHeaders & IncomingHttpStatusHeader;

/** Sends a request and reads the response to its end. */
export async function sendHttp2(origin: string, request: WireRequest, host: string): Promise<WireResponse> {
  const { method = 'GET', target = '/', headers = [], body } = request;
  const fields = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (ELSEWHERE.has(lower) && lower !== 'host') throw new CannotSay(`HTTP/2 has no ${name}`);
    // RFC 9113 §8.2.1: such a field is malformed.
    if (value !== value.trim()) throw new CannotSay('HTTP/2 has no white space around values');
    fields.set(lower, [...(fields.get(lower) ?? []), value]);
  }
  const hosts = fields.get('host') ?? [host];
  if (hosts.length > 1) throw new CannotSay('one authority');
  fields.delete('host');
  const length = body?.framing === 'length' ? { 'content-length': String(body.chunks.reduce((sum, chunk) => sum + chunk.length, 0)) } : {};
  const session = connect(origin.replace('http2:', 'https:'), { rejectUnauthorized: false, maxSessionMemory: 100 });
  try {
    return await new Promise<WireResponse>((resolve, reject) => {
      session.on('error', reject);
      const pseudo = { ':method': method, ':path': target, ':authority': hosts[0] ?? host };
      const stream = session.request({ ...pseudo, ...length, ...Object.fromEntries(fields) }, { endStream: body === undefined });
      const received: Buffer[] = [];
      let answer: Answered | null = null;
      stream.on('response', (given) => (answer = given));
      stream.on('data', (chunk: Buffer) => received.push(chunk));
      stream.on('error', () => undefined);
      // A server that refuses may end the stream while the body is still under way: what it answered counts.
      stream.on('close', () => {
        if (answer !== null) resolve(responseOf(answer, Buffer.concat(received)));
        // RFC 9113 §7, ENHANCE_YOUR_CALM: Node's way to refuse a section with too many lines, which over HTTP/1.1 is 431.
        else if (stream.rstCode === 11) resolve({ status: 431, head: '', field: () => [], body: Buffer.alloc(0) });
        else reject(stream.rstCode === 1 ? new CannotSay('HTTP/2 forbids it') : new Error(`no answer, code ${stream.rstCode}`));
      });
      for (const chunk of body?.chunks ?? []) stream.write(chunk);
      if (body !== undefined) stream.end();
    });
  } catch (error) {
    const { code = '' } = error as { code?: string };
    // Node's client refuses what HTTP/2 forbids, and repeats no field that it takes for single.
    if (/^ERR_(?:HTTP2_(?:HEADER|INVALID|CONNECT)|INVALID_)/.test(code)) throw new CannotSay(code);
    throw error;
  } finally {
    session.destroy();
  }
}

/** Sends the head and half of the body, then drops the connection: 20 ms after the last byte left, so that the server has read the head. */
export function sendHalfHttp2(
  origin: string,
  { method = 'GET', target = '/', headers = [], body }: WireRequest,
  host: string,
): Promise<void> {
  return new Promise((resolve) => {
    const session = connect(origin.replace('http2:', 'https:'), { rejectUnauthorized: false });
    session.on('error', () => undefined);
    session.on('close', () => resolve());
    const fields = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
    const stream = session.request({ ':method': method, ':path': target, ':authority': host, ...fields }, { endStream: false });
    stream.on('error', () => undefined);
    const halves = (body?.chunks ?? []).map((chunk) => chunk.subarray(0, chunk.length / 2));
    stream.write(Buffer.concat(halves), () => setTimeout(() => session.destroy(), 20));
  });
}

function responseOf(headers: Answered, body: Buffer): WireResponse {
  const field = (name: string): readonly string[] => [headers[name] ?? []].flat();
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${[value].flat().join(', ')}`);
  return { status: headers[':status'] ?? 0, head: lines.join('\r\n'), field, body };
}
