/** Message signatures of every client library, tampered ones, and digests of bodies. */
import { createHash } from 'node:crypto';
import {
  type AppRequest,
  CLIENT_NAMES,
  CLIENTS,
  type ClientName,
  freshAccountKey,
  freshInstallationKey,
  type SignRequestOptions,
  signRequest,
} from '@approov-guard/testkit';
import { APP_REQUESTS } from '../app-requests.ts';
import type { RequestData } from './core-suite.ts';
import type { Draft } from './corpus.ts';
import { guardWith, now, tokenOf } from './corpus-tokens.ts';

const installationKey = freshInstallationKey();
const accountKey = freshAccountKey();
const token = tokenOf({ ipk: installationKey.ipk, mskid: accountKey.id });
const ACCOUNT = { label: 'account', accountKeys: [{ id: accountKey.id, base64url: accountKey.base64url }] };

const PARTS = ['@method', '@authority', '@path', '@query', '@scheme', '@target-uri'];

function sentBy(client: ClientName, request: AppRequest, more: Partial<SignRequestOptions> = {}): RequestData {
  const signed = signRequest({ client, sign: 'install', request, token, installationKey, accountKey, now, ...more });
  const [, scheme = '', authority = ''] = /^(https?):\/\/([^/?#]+)/.exec(request.url) ?? [];
  const bodyBase64 = signed.body === null ? null : Buffer.from(signed.body).toString('base64');
  return { method: signed.method, scheme, authority, target: signed.target, headers: signed.headers, bodyBase64 };
}

export function clientCases(): readonly Draft[] {
  return CLIENT_NAMES.flatMap((client) =>
    Object.entries(APP_REQUESTS).flatMap(([name, request]): readonly Draft[] => {
      const parts = CLIENTS[client].query === 'bare-or-refused' && !request.url.includes('?') ? [] : [{ components: PARTS }];
      const tolerant = [{}, ...parts].map((more) => sentBy(client, request, more));
      return [
        { id: `${client}, ${name}`, guard: guardWith({ signature: { replay: null } }), requests: tolerant },
        { id: `${client}, ${name}, strict`, guard: guardWith({ signature: { replay: null, tolerances: null } }), requests: tolerant },
        {
          id: `${client}, ${name}, account`,
          expected: 'accepted',
          guard: guardWith({ signature: ACCOUNT }),
          requests: [sentBy(client, request, { sign: 'account' })],
        },
      ];
    }),
  );
}

type Change = (sent: RequestData) => RequestData;
const header =
  (name: string, change: (value: string) => string): Change =>
  (sent) => ({
    ...sent,
    headers: sent.headers.map(([given, value]) => [given, given.toLowerCase() === name ? change(value) : value] as const),
  });
const CHANGES: { readonly [name: string]: Change } = {
  method: (sent) => ({ ...sent, method: 'PUT' }),
  target: (sent) => ({ ...sent, target: `${sent.target}x` }),
  host: (sent) => ({ ...sent, authority: 'other.example.com' }),
  body: (sent) => ({ ...sent, bodyBase64: Buffer.from('{"a":2}').toString('base64') }),
  'no body': (sent) => ({ ...sent, bodyBase64: null }),
  token: header('approov-token', () => tokenOf({ ipk: freshInstallationKey().ipk })),
  'token without key': header('approov-token', () => tokenOf()),
  'key of another form': header('approov-token', () => tokenOf({ ipk: 'AAAA' })),
  'key off the curve': header('approov-token', () => tokenOf({ ipk: flipped(installationKey.ipk, 100) })),
  'first bit': header('signature', (value) => value.replace(/:(.)/, (_, first) => `:${first === 'A' ? 'B' : 'A'}`)),
  zeros: header('signature', (value) => value.replace(/:[^:]*:/, `:${Buffer.alloc(64).toString('base64')}:`)),
  truncated: header('signature', (value) => value.replace(/:[^:]*:/, `:${Buffer.alloc(63).toString('base64')}:`)),
  empty: header('signature', (value) => value.replace(/:[^:]*:/, '::')),
  'no dictionary': header('signature-input', () => '((('),
  'other label': header('signature-input', (value) => value.replace('install', 'other')),
  older: header('signature-input', (value) => value.replace(/created=\d+/, `created=${now / 1000 - 1000}`)),
  'in future': header('signature-input', (value) => value.replace(/created=\d+/, `created=${now / 1000 + 1000}`)),
  expired: header('signature-input', (value) => value.replace(/expires=\d+/, `expires=${now / 1000 - 100}`)),
  algorithm: header('signature-input', (value) => value.replace(/alg="[^"]*"/, 'alg="rsa-v1_5-sha256"')),
  'not covered': header('signature-input', (value) => value.replace('"@method" ', '')),
  repeated: header('signature-input', (value) => value.replace('"@method"', '"@method" "@method"')),
  'unknown component': header('signature-input', (value) => value.replace('"@method"', '"@method" "@unknown"')),
  'absent component': header('signature-input', (value) => value.replace('"@method"', '"@method" "x-absent"')),
  'bytes above 127': header('signature-input', (value) => `${value};x="\u00e9"`),
  'digest of another body': header('content-digest', (value) => value.replace(/:(.)/, (_, first) => `:${first === 'A' ? 'B' : 'A'}`)),
};

function flipped(base64: string, at: number): string {
  return base64.slice(0, at) + (base64[at] === 'A' ? 'B' : 'A') + base64.slice(at + 1);
}

export function tamperedCases(): readonly Draft[] {
  return (['okhttp-3.8', 'urlsession', 'react-native'] as const).flatMap((client) =>
    Object.entries(CHANGES).flatMap(([name, change]) =>
      (['POST of JSON', 'GET with a query'] as const).map((request): Draft => {
        const requests = [change(sentBy(client, APP_REQUESTS[request] as AppRequest))];
        return { id: `${client}, ${request}, ${name}`, guard: guardWith({ signature: { maxAgeSeconds: 600 } }), requests };
      }),
    ),
  );
}

const digest = (algorithm: string, body: Uint8Array): string => createHash(algorithm).update(body).digest('base64');

export function bodyCases(): readonly Draft[] {
  const bodies = [Buffer.from('{"hello": "world"}'), Buffer.alloc(0), Buffer.alloc(300_000, 7), Buffer.from([0, 128, 255])];
  const fields: { readonly [name: string]: (body: Uint8Array) => string } = {
    'sha-256': (body) => `sha-256=:${digest('sha256', body)}:`,
    'sha-512': (body) => `sha-512=:${digest('sha512', body)}:`,
    both: (body) => `sha-256=:${digest('sha256', body)}:, sha-512=:${digest('sha512', body)}:`,
    'one wrong': (body) => `sha-256=:${digest('sha256', body)}:, sha-512=:${digest('sha512', Buffer.from('x'))}:`,
    wrong: () => `sha-256=:${digest('sha256', Buffer.from('x'))}:`,
    short: (body) => `sha-256=:${digest('sha256', body).slice(0, 20)}:`,
    md5: (body) => `md5=:${digest('md5', body)}:`,
    text: (body) => `sha-256="${digest('sha256', body)}"`,
    malformed: () => 'sha-256=:::',
  };
  return bodies.flatMap((body, index) =>
    Object.entries(fields).map(([name, field]): Draft => {
      const request: AppRequest = { method: 'POST', url: 'https://api.example.com/', headers: [['Content-Digest', field(body)]], body };
      const components = ['@method', '@target-uri', 'content-digest'];
      const requests = [sentBy('okhttp-3.8', request, { digest: null, components })];
      const signature = { replay: null, digest: 'required', maxBodyBytes: 200_000 };
      return { id: `body ${index}, ${name}`, guard: guardWith({ signature }), requests };
    }),
  );
}
