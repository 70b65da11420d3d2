import { deepEqual, equal } from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { devSecret, exampleToken, lookalikeToken } from '@approov-guard/testkit';
import { WebSocket } from 'ws';
import { type RunningExample, startExample, stopExamples } from './running-example.ts';

const genuine = (lifetimeSeconds = 60): string => exampleToken({ secret: devSecret, lifetimeSeconds });

describe('chat/ws', () => {
  const running = new Map<string, RunningExample>();
  const open: WebSocket[] = [];

  before(async () => {
    const settings = { APPROOV_BASE64_SECRET: devSecret.base64 };
    const [plain, guarded] = await Promise.all([startExample('chat/ws/unprotected', {}), startExample('chat/ws/protected', settings)]);
    running.set('unprotected', plain).set('protected', guarded);
  });
  after(async () => {
    for (const socket of open) socket.terminate();
    await stopExamples();
  });

  function connect(server: string, headers: { readonly [name: string]: string } = {}, protocols: readonly string[] = []): WebSocket {
    const socket = new WebSocket((running.get(server)?.url ?? '').replace('http', 'ws'), [...protocols], { headers });
    open.push(socket);
    return socket;
  }

  /** `open`, or the status with which the handshake was refused. */
  function outcome(socket: WebSocket): Promise<string> {
    return new Promise((resolve) => {
      socket.on('open', () => resolve('open'));
      socket.on('unexpected-response', (_request, { statusCode }) => resolve(String(statusCode)));
      socket.on('error', () => undefined);
    });
  }

  const heard = async (socket: WebSocket): Promise<string> => String((await once(socket, 'message'))[0]);

  test('what one client says, all hear', async () => {
    for (const server of ['unprotected', 'protected']) {
      const [first, second] = [0, 1].map(() => connect(server, { 'Approov-Token': genuine() })) as [WebSocket, WebSocket];
      deepEqual(await Promise.all([outcome(first), outcome(second)]), ['open', 'open']);
      const both = Promise.all([heard(first), heard(second)]);
      first.send('hello');
      deepEqual(await both, ['hello', 'hello']);
    }
  });

  test('nobody is let in without a valid token', async () => {
    const rows: readonly (readonly [string, { readonly [name: string]: string }])[] = [
      ['none', {}],
      ['forged', { 'Approov-Token': lookalikeToken({ secret: devSecret }) }],
      ['expired', { 'Approov-Token': genuine(-60) }],
    ];
    for (const [name, headers] of rows) equal(await outcome(connect('protected', headers)), '401', name);
    equal(await outcome(connect('unprotected')), 'open');
  });

  test('a client is sent away when its token expires, unless it sent the next one', async () => {
    const [leaving, staying] = [0, 1].map(() => connect('protected', { 'Approov-Token': genuine(3) })) as [WebSocket, WebSocket];
    const left = once(leaving, 'close');
    await Promise.all([outcome(leaving), outcome(staying)]);
    staying.send('/token not a token');
    equal(await heard(staying), '/refused');
    staying.send(`/token ${genuine()}`);
    equal(await heard(staying), '/renewed');
    equal((await left)[0], 3000);
    staying.send('still here');
    equal(await heard(staying), 'still here');
  });
});
