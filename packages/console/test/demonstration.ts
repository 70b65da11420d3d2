/** An API behind a watched guard, and a console that shows it. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freshSecret, type SecretText } from '@approov-guard/testkit';
import { createGuard, type Guard } from 'approov-guard';
import { approov } from 'approov-guard/node';
import { type CloudAccess, type Console, startConsole, watch } from '../src/index.ts';

export interface Demonstration {
  readonly api: string;
  readonly console: Console;
  readonly guard: Guard;
  readonly secret: SecretText;
  close(): Promise<void>;
}

/** What may be given: another secret, and a cloud that uses it. */
export interface Settings {
  readonly secret?: SecretText;
  readonly cloud?: CloudAccess;
}

/** Starts both on free ports. */
export async function demonstrate({ secret = freshSecret(), cloud }: Settings = {}): Promise<Demonstration> {
  const refusal = {
    render: ({ verdict, standard }: { verdict: { code: string }; standard: { status: number } }) =>
      /-missing$/.test(verdict.code) && !/expiry/.test(verdict.code) ? { ...standard, status: 400 } : standard,
  };
  // The cast holds: the test renders what it is given.
  const guard = watch(createGuard({ keys: { secret }, refusal: refusal as never }));
  const handler: RequestListener = (_request, response) => void response.end('{"shape":"Circle"}');
  const routes = new Map<string, RequestListener>([
    ['/v2/shapes', approov(guard, handler)],
    ['/v2/forms', approov(guard, handler, { binding: { headers: ['authorization'] } })],
    ['/v5/shapes', approov(guard, handler, { signature: { missingKey: 'accept' } })],
  ]);
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    const route = routes.get(path.startsWith('/v2/shapes/') ? '/v2/shapes' : path);
    if (route === undefined) response.writeHead(404).end();
    else route(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const paths = { token: '/v2/shapes', binding: '/v2/forms', signature: '/v5/shapes' };
  const page = await startConsole({
    port: 0,
    api: { origin: api, secret, apiKey: 'demo', paths },
    ...(cloud === undefined ? {} : { cloud }),
  });
  const close = async (): Promise<void> => {
    await page.close();
    server.closeAllConnections();
    server.close();
    guard.close();
  };
  return { api, console: page, guard, secret, close };
}
