/** A gateway before an upstream that records what reaches it, on real sockets. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { TestContext } from 'node:test';
import { type Gateway, type GatewayOptions, startGateway } from '@approov-guard/gateway';
import { exampleToken, freshSecret } from '@approov-guard/testkit';

export const secret = freshSecret();
export const env = { APPROOV_BASE64_SECRET: secret.base64 };
export const keys = { secret: { base64: { env: 'APPROOV_BASE64_SECRET' } } };
/** A header that makes a request genuine. */
export const genuine = (more: object = {}): readonly [string, string] => ['Approov-Token', exampleToken({ secret, ...more })];

/** A token that is bound to a value. */
export const boundToken = (value: string): string => exampleToken({ secret, bind: value });

/** What reached the upstream. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly lines: readonly string[];
  readonly body: string;
}

export interface Upstream {
  readonly server: Server;
  readonly url: string;
  readonly received: Received[];
}

/** Starts a server; without a listener it answers `hello`. */
export async function upstream(context: TestContext, listener?: RequestListener): Promise<Upstream> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', rawHeaders } = request;
      received.push({ method, url, lines: rawHeaders, body: Buffer.concat(chunks).toString('latin1') });
      if (listener === undefined) response.end('hello');
    });
    listener?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** The parts of a policy that a test changes. */
export interface Given {
  readonly policy?: object;
  readonly gateway?: object;
  readonly options?: Partial<GatewayOptions>;
}

/** Starts a gateway that goes with the test. */
export async function gatewayTo(
  context: TestContext,
  to: string | readonly string[],
  given: Given = {},
): Promise<Gateway & { readonly url: string; readonly port: number }> {
  const settings = { to, listen: '127.0.0.1:0', admin: null, log: null, timeouts: { drainSeconds: 0 }, ...given.gateway };
  const gateway = await startGateway({ policy: { keys, ...given.policy, gateway: settings }, env, ...given.options });
  context.after(() => gateway.drain());
  const [url = ''] = gateway.urls;
  return Object.assign(gateway, { url, port: Number(new URL(url).port) });
}

/** What came back on a bare socket. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The head's lines. */
  readonly head: readonly string[];
  readonly body: string;
}

/** Writes bytes, and reads until the other side ends or `until` has come. */
export function raw(port: number, bytes: string | readonly string[], until: RegExp | null = null): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const done = (): void => {
      socket.destroy();
      const end = text.indexOf('\r\n\r\n');
      const head = text.slice(0, end < 0 ? undefined : end).split('\r\n');
      resolve({ status: Number(/^HTTP\/1\.\d (\d{3})/.exec(text)?.[1] ?? 0), text, head, body: end < 0 ? '' : text.slice(end + 4) });
    };
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
      if (until?.test(text) === true) done();
    });
    socket.on('end', done);
    socket.on('close', done);
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' || error.code === 'EPIPE' ? done() : reject(error)));
    for (const part of [bytes].flat()) socket.write(part, 'latin1');
  });
}

/** A GET request as bytes; the connection closes after it. */
export const get = (target: string, ...lines: readonly (readonly [string, string])[]): string =>
  `GET ${target} HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;

/** The values of a field that reached the upstream. */
export function valuesOf({ lines }: Pick<Received, 'lines'>, name: string): readonly string[] {
  return lines.filter((_, index) => index % 2 === 1 && lines[index - 1]?.toLowerCase() === name);
}
