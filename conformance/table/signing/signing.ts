/** Requests signed as every client library signs them, with either key. */
import { CLIENT_NAMES, CLIENTS, type ClientName, type SignatureLabel } from '@approov-guard/testkit';
import type { Setup } from '../../adapters/adapter.ts';
import type { HeaderLine } from '../../run/wire.ts';
import type { Case, Family } from '../case.ts';
import { type AppCall, accountSigned, call, expecting, numbered, row, SCHEME, signed, signedApp } from './signed.ts';

const SETUP_OF: { readonly [Label in SignatureLabel]: Setup } = { install: signed, account: accountSigned };
const LABELS: readonly SignatureLabel[] = ['install', 'account'];
const USER: HeaderLine = ['Authorization', 'Bearer user-1'];
const JSON_TYPE: HeaderLine = ['Content-Type', 'application/json'];
const json = { method: 'POST', headers: [USER, JSON_TYPE], body: '{"shape":"Square"}' } as const satisfies AppCall;

/** What every app asks of its client library. */
const BASIC: { readonly [name: string]: AppCall } = {
  GET: {},
  'POST of JSON': json,
  'POST of an empty body': { method: 'POST', body: '' },
};

/** What an app may ask of it. */
function callsOf(client: ClientName): { readonly [name: string]: AppCall } {
  return {
    'GET with a query': { target: numbered('/shapes?b=2&a=1&a=%20'), headers: [USER] },
    'GET of the root': { target: numbered('') },
    'POST without a body': { method: 'POST' },
    'PUT with everything': { ...json, method: 'PUT', traceId: 'trace-1', status: 'success', debug: true },
    'the URL in parts': {
      components: ['@method', '@authority', '@path', '@query'],
      target: numbered('/shapes'),
      origin: `${SCHEME}://api.example.com:8443`,
      headers: [['Host', 'api.example.com:8443']],
    },
    'parameters of the app': { parameters: { keyid: 'key-1', nonce: `n"${client}`, tag: 'approov' }, lifetimeSeconds: 0 },
    'another digest': { ...json, digest: { algorithm: 'sha-512', required: CLIENTS[client].digest === 'if-required' } },
    'signed twice, as by two interceptors': { ...json, twice: true },
  };
}

/** A query that is written anew is not the one that was signed. */
const REWRITTEN = { quirks: { 'query-rewritten': { status: 401, verdict: 'signature-invalid' } } };

const clients: readonly Case[] = CLIENT_NAMES.flatMap((client) =>
  LABELS.flatMap((label) =>
    Object.entries({ ...BASIC, ...(label === 'install' ? callsOf(client) : {}) }).map(([name, made]) =>
      row(
        SETUP_OF[label],
        `${client}, ${name}`,
        call({ ...made, client, sign: label }),
        expecting('accepted', { signature: 'verified', ...(name === 'GET with a query' ? REWRITTEN : {}) }),
      ),
    ),
  ),
);

const both: readonly Case[] = LABELS.map((label) =>
  row(SETUP_OF[label], 'both labels on one request', call({ ...json, sign: 'both' }), expecting('accepted', { signature: 'verified' })),
);

const required = signedApp('digest required', { digest: 'required' });
const digests: readonly Case[] = [
  ...CLIENT_NAMES.map((client) =>
    row(required, client, call({ ...json, client, digest: { required: true } }), expecting('accepted', { digest: 'verified' })),
  ),
  row(required, 'an iOS client as it comes', call({ ...json, client: 'urlsession' }), expecting('digest-missing')),
  row(required, 'chunked, no digest', call({ ...json, client: 'urlsession', framing: 'chunked' }), expecting('digest-missing')),
  row(required, 'no body', call(), expecting('accepted', { digest: 'absent' })),
  row(required, 'an empty body', call({ method: 'POST', body: '', client: 'retrofit' }), expecting('accepted', { digest: 'absent' })),
  row(signed, 'an iOS client as it comes', call({ ...json, client: 'urlsession' }), expecting('accepted', { digest: 'absent' })),
];

export const signing: Family = { name: 'signing', cases: [...clients, ...both, ...digests] };
