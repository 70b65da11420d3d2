/**
 * No handler runs whose row was not satisfied, whatever path leads there: generated targets, over real sockets, on every way of reading a path.
 * `SEED` repeats a run; with `REQUIRE_ALL=1` it is twenty times as long.
 */
import assert from 'node:assert/strict';
import { connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { freshSecret, mintToken } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';
import fc from 'fast-check';
import { HANDLERS, pathApps, REST, rewritten } from '../app/path-apps.ts';
import { type HeaderLine, send } from '../run/wire.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 0x7fffffff));
const numRuns = process.env.REQUIRE_ALL === '1' ? 4000 : 200;
const secret = freshSecret();
const token = mintToken({ secret, lifetimeSeconds: 3600 });

/** Each row takes its token from a header of its own: who carries it satisfies the row, and who does not, does not. */
const OWN = 'approov-token';
const options = {
  keys: { secret },
  exempt: ['/health'],
  routes: [
    { match: { path: '/public/*' }, exempt: true as const },
    { match: { path: '/pay' }, token: { header: 'pay-token' } },
    { match: { path: '/admin/keys' }, token: { header: 'admin-token' } },
    { match: { path: '/weak' }, mode: 'observe' as const },
  ],
};
const OPEN: ReadonlySet<string> = new Set(['/health', '/public/*', '/weak']);
const DEMANDED: { readonly [handler: string]: string } = { '/pay': 'pay-token', '/admin/keys': 'admin-token' };

/** The header without whose token a handler must not run; `null` if its row demands nothing. */
const demandedBy = (handler: string): string | null => (OPEN.has(handler) ? null : (DEMANDED[handler] ?? OWN));

/** `/public/` is below `/public/*`, byte for byte; routers that do not care for a slash at the end take it for `/public`, and so has its row to. */
const isPrefixItself = (asked: string): boolean => rewritten(asked).split('?')[0] === '/public/';

interface Sent {
  readonly target: string;
  readonly host: string;
  readonly tokens: readonly string[];
}

const path = fc.constantFrom(
  '/pay',
  '/admin/keys',
  '/weak',
  '/health',
  '/public/a',
  '/public/pay',
  '/',
  '/a',
  '/a/b',
  '/a/b/c',
  '/v1/pay',
  '/v1/health',
);
const part = fc.constantFrom(
  ...['/', '//', '\\', ';', ';a=b', '#', '?', '??', '@', ':', '.', '..', '/.', '/..', '/./', '/../', '*', '+', '&', ' ', '\t', '%'],
  ...[
    '%2f',
    '%5C',
    '%2e',
    '%2E%2e',
    '%25',
    '%252f',
    '%3b',
    '%3F',
    '%23',
    '%00',
    '%09',
    '%0a',
    '%20',
    '%c2%a0',
    '\xa0',
    '\xe9',
    '%ff',
    '%c0%ae',
    '%u002f',
  ],
);
const front = fc.constantFrom(
  ...[
    '/',
    '//',
    '//x',
    '///',
    '/\\x',
    '\\\\x',
    '//u@x',
    '//u:p@x:1',
    'http://x',
    'http://u@x',
    'HTTPS://api.example.com',
    'ws:',
    '/v1',
    '/v1/v1',
    '/public/legacy',
  ],
  ...[
    '/.',
    '/..',
    '/x/..',
    '/public/..',
    '/health/..',
    '/%2e',
    '/x/%2e%2e',
    '/public/%2e%2e',
    '/;',
    '\t',
    '\xa0',
    ' ',
    '?',
    '/?',
    '/#',
    '/health#',
    '/health;',
  ],
);

type Change = (target: string) => string;
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(fc.nat(), part).map(
    ([at, text]): Change =>
      (target) =>
        inserted(target, at, text),
  ),
  part.map(
    (text): Change =>
      (target) =>
        target + text,
  ),
  front.map(
    (text): Change =>
      (target) =>
        text + target,
  ),
  fc.nat().map(
    (at): Change =>
      (target) =>
        changedAt(target, at, (character) => `%${character.charCodeAt(0).toString(16)}`),
  ),
  fc.nat().map(
    (at): Change =>
      (target) =>
        changedAt(target, at, (character) => character.toUpperCase()),
  ),
  fc.constant<Change>((target) => target.toUpperCase()),
  fc.constant<Change>((target) => `${target}/`),
);

function inserted(target: string, at: number, text: string): string {
  const place = at % (target.length + 1);
  return target.slice(0, place) + text + target.slice(place);
}

function changedAt(target: string, at: number, make: (character: string) => string): string {
  const place = at % target.length;
  return target.slice(0, place) + make(target.charAt(place)) + target.slice(place + 1);
}

const target = fc
  .tuple(path, fc.array(change, { maxLength: 3 }))
  .map(([start, changes]) => changes.reduce<string>((text, make) => make(text), start));
const host = fc.constantFrom(
  'api.example.com',
  'api.example.com',
  'api.example.com:443',
  'a',
  'x/pay?',
  'x/pay#',
  '/pay?',
  'x\\pay?',
  'u@x',
  'x/admin/keys?',
);
const tokens = fc.constantFrom<readonly string[]>(
  [],
  [OWN],
  ['pay-token'],
  [OWN, 'pay-token'],
  [OWN, 'admin-token'],
  ['pay-token', 'admin-token'],
);
const request: fc.Arbitrary<Sent> = fc.record({ target, host, tokens });

for (const [name, start] of Object.entries(pathApps)) {
  describe(`paths: ${name} (seed ${seed})`, () => {
    let origin = '';
    let close = async (): Promise<void> => undefined;
    const ask = (sent: Sent): Promise<string | null> =>
      name.includes('http2') ? askHttp2(origin, sent) : askHttp1(origin, sent, name.startsWith('upgrade'));

    before(async () => {
      const guard = createGuard(options);
      const server = await start(guard, options);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      // The cast holds: a server that listens on a port has an address with a port.
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      close = async () => {
        guard.close();
        server.closeAllConnections?.();
        await new Promise((resolve) => server.close(resolve));
      };
    });
    after(() => close());

    test('every handler runs for who satisfies its row', async () => {
      for (const handler of HANDLERS) {
        const demanded = demandedBy(handler);
        const place = handler.replace('*', 'x').replace(/:\w+/g, 'x');
        const sent = { target: place, host: 'api.example.com', tokens: demanded === null ? [] : [demanded] };
        assert.equal(await ask(sent), handler, place);
        if (demanded !== null)
          assert.equal(await ask({ ...sent, tokens: [OWN, 'pay-token', 'admin-token'].filter((one) => one !== demanded) }), null, place);
      }
    });

    test('no handler runs whose row was not satisfied', async () => {
      await fc.assert(
        fc.asyncProperty(request, async (sent) => {
          const handler = await ask(sent);
          if (handler === null || isPrefixItself(sent.target)) return;
          const demanded = demandedBy(handler);
          assert.ok(demanded === null || sent.tokens.includes(demanded), `${handler} ran without ${demanded}`);
        }),
        { seed, numRuns },
      );
    });
  });
}

const KNOWN: ReadonlySet<string> = new Set([...HANDLERS, REST]);

/** The handler that ran, or `null` if none did. */
async function askHttp1(origin: string, { target: asked, host: named, tokens: carried }: Sent, upgrade: boolean): Promise<string | null> {
  const more: readonly HeaderLine[] = upgrade
    ? [
        ['Connection', 'Upgrade'],
        ['Upgrade', 'websocket'],
      ]
    : [];
  const headers: readonly HeaderLine[] = [['Host', named], ...carried.map((header): HeaderLine => [header, token]), ...more];
  const answer = await send(origin, { target: asked, headers });
  const text = answer.body.toString();
  return answer.status === 200 && KNOWN.has(text) ? text : null;
}

function askHttp2(origin: string, { target: asked, host: named, tokens: carried }: Sent): Promise<string | null> {
  return new Promise((resolve) => {
    const session = connectHttp2(origin);
    const finish = (handler: string | null): void => {
      session.destroy();
      resolve(handler);
    };
    session.on('error', () => finish(null));
    const fields: OutgoingHttpHeaders = {
      ':path': asked,
      ':authority': named,
      ...Object.fromEntries(carried.map((header) => [header, token])),
    };
    const stream = session.request(fields);
    let status = 0;
    let text = '';
    stream.on('response', (head) => {
      status = head[':status'] ?? 0;
    });
    stream.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    stream.on('error', () => finish(null));
    stream.on('close', () => finish(status === 200 && KNOWN.has(text) ? text : null));
  });
}
