/** Preflights, OPTIONS, HEAD and the other methods. */
import type { Setup } from '../../adapters/adapter.ts';
import type { HeaderLine, WireRequest, WireResponse } from '../../run/wire.ts';
import type { Case, Family } from '../case.ts';
import { app, approovToken, token, tokenOnly } from '../setups.ts';

const passing = app('pass preflights', { preflight: 'pass' });
const ORIGIN: HeaderLine = ['Origin', 'https://app.example.com'];
const ASKS: HeaderLine = ['Access-Control-Request-Method', 'POST'];
const one = { chunks: [Buffer.from('x')], framing: 'length' } as const;

/** hapi answers OPTIONS by itself unless a route asks for it; where a platform cannot tell that there is no body, nothing passes unjudged. */
const MAYBE_A_BODY = { 'preflights-may-have-bodies': { status: 401, verdict: 'token-missing' } };

function options(name: string, verdict: string, request: WireRequest, setup: Setup = tokenOnly): Case {
  const status = verdict === 'preflight' || verdict === 'accepted' ? 200 : 401;
  const quirks =
    verdict === 'preflight' && request.headers?.some(([field]) => field === 'Content-Length') !== true ? { quirks: MAYBE_A_BODY } : {};
  return { name, setup, request: { method: 'OPTIONS', target: '/shapes', ...request }, expected: { status, verdict, ...quirks } };
}

const UPGRADES: readonly (readonly HeaderLine[])[] = [
  [['Upgrade', 'websocket']],
  [
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ],
  [['Upgrade', 'h2c']],
];

export const preflights: Family = {
  name: 'preflights',
  cases: [
    options('a true preflight', 'token-missing', { headers: [ORIGIN, ASKS] }),
    options('a true preflight with Content-Length: 0', 'token-missing', { headers: [ORIGIN, ASKS, ['Content-Length', '0']] }),
    options('a preflight with a token', 'accepted', { headers: [ORIGIN, ASKS, approovToken(token())] }),
    options('a true preflight where they pass', 'preflight', { headers: [ORIGIN, ASKS] }, passing),
    options(
      'a true preflight that names headers, where they pass',
      'preflight',
      { headers: [ORIGIN, ASKS, ['Access-Control-Request-Headers', 'approov-token,authorization']] },
      passing,
    ),
    options('a preflight from a sandbox, where they pass', 'preflight', { headers: [['Origin', 'null'], ASKS] }, passing),
    options('Content-Length: 0, where they pass', 'preflight', { headers: [ORIGIN, ASKS, ['Content-Length', '0']] }, passing),
    ...[tokenOnly, passing].flatMap((setup) => [
      options('OPTIONS without Origin', 'token-missing', { headers: [ASKS] }, setup),
      options('OPTIONS without Access-Control-Request-Method', 'token-missing', { headers: [ORIGIN] }, setup),
      options('plain OPTIONS', 'token-missing', {}, setup),
      options('plain OPTIONS with a token', 'accepted', { headers: [approovToken(token())] }, setup),
      options('a preflight with a body', 'token-missing', { headers: [ORIGIN, ASKS], body: one }, setup),
      options('a preflight with a chunked body', 'token-missing', { headers: [ORIGIN, ASKS], body: { ...one, framing: 'chunked' } }, setup),
      options('POST with the headers of a preflight', 'token-missing', { method: 'POST', headers: [ORIGIN, ASKS] }, setup),
      options('GET with the headers of a preflight', 'token-missing', { method: 'GET', headers: [ORIGIN, ASKS] }, setup),
      ...UPGRADES.map((headers, index) =>
        options(`a preflight that asks for an upgrade, ${index}`, 'token-missing', { headers: [ORIGIN, ASKS, ...headers] }, setup),
      ),
    ]),
  ],
};

function empty({ body }: WireResponse): void {
  if (body.length > 0) throw new Error('an answer to HEAD has a body');
}

function method(name: string, headers: readonly HeaderLine[]): Case {
  const verdict = headers.length > 0 ? 'accepted' : 'token-missing';
  const expected = { status: headers.length > 0 ? 200 : 401, verdict, ...(name === 'HEAD' ? { response: empty } : {}) };
  return { name: `${name}: ${verdict}`, setup: tokenOnly, request: { method: name, target: '/shapes', headers }, expected };
}

export const methods: Family = {
  name: 'methods',
  cases: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].flatMap((name) => [method(name, []), method(name, [approovToken(token())])]),
};
