/** The hello servers on WebSocket, each started as a program and called over a real connection. */
import { equal } from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { devSecret, exampleToken, lookalikeToken } from '@approov-guard/testkit';
import { WebSocket } from 'ws';
import { startExample, stopExamples } from './running-example.ts';

const STEPS = ['unprotected', 'token-check', 'token-binding-check'] as const;
type Step = (typeof STEPS)[number];
type Headers = { readonly [name: string]: string };

const unbound: Headers = { 'Approov-Token': exampleToken({ secret: devSecret }) };
const bound: Headers = { 'Approov-Token': exampleToken({ secret: devSecret, bind: 'Bearer user-1' }) };
const user: Headers = { Authorization: 'Bearer user-1' };

describe('hello/ws', () => {
  const urls = new Map<Step, string>();
  const start = async (step: Step): Promise<void> => {
    const settings = { APPROOV_BASE64_SECRET: step === 'unprotected' ? '' : devSecret.base64 };
    urls.set(step, (await startExample(`hello/ws/${step}`, settings)).url.replace('http', 'ws'));
  };
  before(() => Promise.all(STEPS.map(start)));
  after(stopExamples);

  /** What comes back for `hello`, or the status with which the handshake was refused. */
  async function echoOf(step: Step, headers: Headers = {}): Promise<string> {
    const socket = new WebSocket(urls.get(step) ?? '', { headers });
    const refused = once(socket, 'unexpected-response').then(([request, { statusCode }]) => {
      request.destroy();
      return String(statusCode);
    });
    socket.on('error', () => undefined);
    socket.on('open', () => socket.send('hello'));
    const echo = once(socket, 'message').then(([data]) => String(data));
    try {
      return await Promise.any([refused, echo]);
    } finally {
      socket.terminate();
    }
  }

  test('the unprotected server asks for nothing', async () => equal(await echoOf('unprotected'), 'hello'));

  test('genuine apps hear their echo', async () => {
    equal(await echoOf('token-check', unbound), 'hello');
    equal(await echoOf('token-binding-check', { ...bound, ...user }), 'hello');
  });

  test('all others are refused before the connection is there', async () => {
    const refused: readonly (readonly [string, Headers])[] = [
      ['no token', user],
      ['a bad signature', { 'Approov-Token': lookalikeToken({ secret: devSecret, bind: 'Bearer user-1' }), ...user }],
      ['an expired token', { 'Approov-Token': exampleToken({ secret: devSecret, bind: 'Bearer user-1', lifetimeSeconds: -60 }), ...user }],
    ];
    const refusedIfBound: typeof refused = [
      ['a token that is bound to nobody', { ...unbound, ...user }],
      ['the token of another user', { ...bound, Authorization: 'Bearer user-2' }],
      ['a bound token without its user', bound],
    ];
    for (const [name, headers] of refused) equal(await echoOf('token-check', headers), '401', name);
    for (const [name, headers] of [...refused, ...refusedIfBound]) equal(await echoOf('token-binding-check', headers), '401', name);
  });
});
