/** The hello servers of frameworks that build their apps, built, started and called. The secret counts with which they are started. */
import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exampleToken, freshInstallationKey, freshSecret, signRequest } from '@approov-guard/testkit';
import { end } from '../../../packages/guard/test/runtimes/ends-with-us.ts';
import { findFramework } from '../../../tools/frameworks.mjs';
import { skipUnless } from '../../../tools/optional.mjs';
import { type BuildPlan, buildApp, startApp } from '../../app/built-app.ts';
import { type HeaderLine, send, type WireRequest } from '../../run/wire.ts';

const secret = freshSecret();
const installation = freshInstallationKey();
const SESSION: HeaderLine = ['Authorization', 'Bearer abc'];
const JSON_TYPE: HeaderLine = ['Content-Type', 'application/json'];
const PAY = '/api/pay?to=a%20friend';

/** With port 0 it is built, without the secret. */
const environment = (port: number): { readonly [name: string]: string } =>
  port === 0 ? {} : { APPROOV_BASE64_SECRET: secret.base64, PORT: String(port) };

const PLANS: { readonly [framework: string]: BuildPlan & { readonly account: string } } = {
  next: {
    copied: { '.': fileURLToPath(new URL('../../../examples/hello/next', import.meta.url)) },
    build: ['next/dist/bin/next', 'build'],
    start: (port) => ['next/dist/bin/next', 'start', '--hostname', '127.0.0.1', '--port', String(port)],
    environment,
    account: '/account',
  },
  sveltekit: {
    copied: { '.': fileURLToPath(new URL('../../../examples/hello/sveltekit', import.meta.url)) },
    build: ['vite/bin/vite.js', 'build'],
    start: () => ['./build/index.js'],
    environment,
    account: '/api/account',
  },
};

const get = (target: string, ...headers: readonly HeaderLine[]): WireRequest => ({ target, headers });

function approovToken(bind?: string): HeaderLine {
  return ['Approov-Token', exampleToken({ secret, now: Date.now(), claims: { did: 'device' }, ...(bind === undefined ? {} : { bind }) })];
}

/** A payment as an app sends it. */
function payment(target: string): WireRequest {
  const now = Date.now();
  const token = exampleToken({ secret, now, claims: { ipk: installation.ipk } });
  const request = { method: 'POST', url: `https://api.example.com${target}`, headers: [JSON_TYPE], body: '{"amount":1}' };
  const signed = signRequest({ client: 'okhttp-3.8', sign: 'install', installationKey: installation, token, request, now });
  const headers = signed.headers.filter(([name]) => name.toLowerCase() !== 'content-length');
  return { method: 'POST', target, headers, body: { chunks: [Buffer.from('{"amount":1}')], framing: 'length' } };
}

function callsOf(account: string): readonly (readonly [name: string, request: WireRequest, answer: string])[] {
  const paid = payment(PAY);
  return [
    ['no token', get('/'), '401 {}'],
    ['a token', get('/', approovToken()), '200 {"message":"Hello, World!"}'],
    ['another user', get(account, approovToken('Bearer abc'), ['Authorization', 'Bearer xyz']), '401 {}'],
    ['the bound user', get(account, approovToken('Bearer abc'), SESSION), '200 {"device":"device"}'],
    ['not signed', { ...paid, headers: [JSON_TYPE, approovToken()] }, '401 {}'],
    ['signed for another path', { ...paid, target: '/api/pay?to=me' }, '401 {}'],
    ['signed', paid, '200 {"paid":{"amount":1}}'],
    ['the same again', paid, '401 {}'],
    ['another body', { ...payment(PAY), body: { chunks: [Buffer.from('{"amount":9}')], framing: 'length' } }, '401 {}'],
  ];
}

for (const [framework, plan] of Object.entries(PLANS)) {
  test(`hello/${framework} is built, started, and answers as its page says`, skipUnless(findFramework(framework), framework), async () => {
    const { port, child } = await startApp(plan, await buildApp(plan));
    try {
      for (const [name, request, expected] of callsOf(plan.account)) {
        const { status, body } = await send(`http://127.0.0.1:${port}`, request);
        deepEqual({ name, answer: `${status} ${body}` }, { name, answer: expected });
      }
    } finally {
      await end(child);
    }
  });
}
