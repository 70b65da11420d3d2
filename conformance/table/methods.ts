/** Preflights, OPTIONS, HEAD and the other methods. */
import type { Setup } from '../adapters/adapter.ts';
import type { HeaderLine, WireRequest, WireResponse } from '../run/wire.ts';
import type { Case, Family } from './case.ts';
import { app, approovToken, token, tokenOnly } from './setups.ts';

const judging = app('judge preflights', { preflight: 'judge' });
const ORIGIN: HeaderLine = ['Origin', 'https://app.example.com'];
const ASKS: HeaderLine = ['Access-Control-Request-Method', 'POST'];
const one = { chunks: [Buffer.from('x')], framing: 'length' } as const;

function options(name: string, verdict: string, request: WireRequest, setup: Setup = tokenOnly): Case {
  const status = verdict === 'preflight' || verdict === 'accepted' ? 200 : 401;
  return { name, setup, request: { method: 'OPTIONS', target: '/shapes', ...request }, expected: { status, verdict } };
}

export const preflights: Family = {
  name: 'preflights',
  cases: [
    options('a true preflight', 'preflight', { headers: [ORIGIN, ASKS] }),
    options('a true preflight that names headers', 'preflight', {
      headers: [ORIGIN, ASKS, ['Access-Control-Request-Headers', 'approov-token,authorization']],
    }),
    options('a preflight from a sandbox', 'preflight', { headers: [['Origin', 'null'], ASKS] }),
    options('a preflight with Content-Length: 0', 'preflight', { headers: [ORIGIN, ASKS, ['Content-Length', '0']] }),
    options('a preflight where they are judged', 'token-missing', { headers: [ORIGIN, ASKS] }, judging),
    options('a preflight with a token where they are judged', 'accepted', { headers: [ORIGIN, ASKS, approovToken(token())] }, judging),
    options('OPTIONS without Origin', 'token-missing', { headers: [ASKS] }),
    options('OPTIONS without Access-Control-Request-Method', 'token-missing', { headers: [ORIGIN] }),
    options('plain OPTIONS', 'token-missing', {}),
    options('plain OPTIONS with a token', 'accepted', { headers: [approovToken(token())] }),
    options('a preflight with a body', 'token-missing', { headers: [ORIGIN, ASKS], body: one }),
    options('a preflight with a chunked body', 'token-missing', { headers: [ORIGIN, ASKS], body: { ...one, framing: 'chunked' } }),
    options('POST with the headers of a preflight', 'token-missing', { method: 'POST', headers: [ORIGIN, ASKS] }),
    options('GET with the headers of a preflight', 'token-missing', { method: 'GET', headers: [ORIGIN, ASKS] }),
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
