/** Tokens, keys, bindings, replays, and the adapter for fetch handlers. */
import {
  bindingHash,
  boundText,
  freshInstallationKey,
  freshKeySet,
  freshSecret,
  keySetKinds,
  mintToken,
  publicKeySet,
  type SecretAlgorithm,
  secretBytes,
  signRequest,
  tokenKinds,
} from '@approov-guard/testkit';
import type { GuardData, RequestData } from './core-suite.ts';
import { type Draft, withToken } from './corpus.ts';

/** The moment of judgement, milliseconds since the epoch. */
export const now = 1_700_000_000_000;
const secret = { base64: Buffer.from(secretBytes(freshSecret())).toString('base64') };
const BINDING = { headers: ['authorization'] };

/** A guard with the secret of all these tokens. */
export function guardWith(options: { readonly [name: string]: unknown } = {}, nowMs: number = now): GuardData {
  return { nowMs, options: { keys: { secret }, ...options } };
}

/** A token of that secret. */
export function tokenOf(claims: { readonly [name: string]: unknown } = {}, bind?: string): string {
  return mintToken({ secret, now, claims: { did: 'ZGV2aWNl', ...claims }, ...(bind === undefined ? {} : { bind }) });
}

export function tokenCases(): readonly Draft[] {
  return Object.entries(tokenKinds).flatMap(([name, kind]) => {
    const token = kind.mint({ secret, now });
    const bound: RequestData = withToken(token, [['Authorization', boundText]]);
    return [
      { id: name, expected: kind.expected, guard: guardWith(), requests: [withToken(token)] },
      { id: `${name}, bound`, expected: kind.expectedWhenBound, guard: guardWith({ binding: BINDING }), requests: [bound] },
      { id: `${name}, observed`, expected: kind.expected, guard: guardWith({ mode: 'observe' }), requests: [withToken(token)] },
    ];
  });
}

const pairs = freshKeySet();

export function keyCases(): readonly Draft[] {
  const jwks = publicKeySet(pairs);
  const pem = pairs.map(({ pem: text, algorithm, kid }) => ({ pem: text, algorithm, kid }));
  const kinds = Object.entries(keySetKinds).flatMap(([name, kind]): readonly Draft[] => {
    const requests = [withToken(kind.mint({ keys: pairs, now }))];
    return [
      { id: `${name}, JWK set`, expected: kind.expected, guard: { nowMs: now, options: { keys: { jwks } } }, requests },
      { id: `${name}, PEM`, expected: kind.expected, guard: { nowMs: now, options: { keys: pem } }, requests },
    ];
  });
  const secrets = (['HS256', 'HS384', 'HS512'] as const).flatMap((algorithm: SecretAlgorithm): readonly Draft[] => {
    const guard: GuardData = { nowMs: now, options: { keys: { secret: { ...secret, algorithm } } } };
    const requests = [withToken(mintToken({ secret, now, algorithm }))];
    const other = [withToken(mintToken({ secret, now, algorithm: algorithm === 'HS256' ? 'HS512' : 'HS256' }))];
    return [
      { id: algorithm, expected: 'accepted', guard, requests },
      { id: `${algorithm}, token of another`, expected: 'token-algorithm-not-allowed', guard, requests: other },
    ];
  });
  const rotated = { nowMs: now, options: { keys: { secrets: [{ base64: freshSecretText() }, secret] } } };
  return [...kinds, ...secrets, { id: 'the older of two secrets', expected: 'accepted', guard: rotated, requests: [withToken(tokenOf())] }];
}

function freshSecretText(): string {
  return Buffer.from(secretBytes(freshSecret())).toString('base64');
}

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.+/ \u00e9';

/** The same places are changed on every runtime, since the corpus is made once. */
export function mutatedCases(): readonly Draft[] {
  const jwks = publicKeySet(pairs);
  const asymmetric = pairs.map(({ algorithm, kid, privateKey }) => ({
    name: algorithm,
    guard: { nowMs: now, options: { keys: { jwks } } },
    token: mintToken({ key: privateKey, algorithm, kid, now }),
  }));
  const symmetric = (['HS256', 'HS384', 'HS512'] as const).map((algorithm) => ({
    name: algorithm,
    guard: { nowMs: now, options: { keys: { secret: { ...secret, algorithm } } } },
    token: mintToken({ secret, now, algorithm }),
  }));
  return [...asymmetric, ...symmetric].flatMap(({ name, guard, token }) =>
    Array.from({ length: 40 }, (_, index) => {
      const mutated = mutate(token, index);
      const expected = mutated === token ? 'accepted' : 'refused';
      return { id: `${name}, mutation ${index}`, expected, guard, requests: [withToken(mutated)] };
    }),
  );
}

function mutate(token: string, index: number): string {
  const place = Math.floor(Math.random() * token.length);
  const character = CHARACTERS[Math.floor(Math.random() * CHARACTERS.length)] as string;
  if (index % 4 === 0) return token.slice(0, place) + token.slice(place + 1);
  if (index % 4 === 1) return token.slice(0, place) + character + token.slice(place);
  // The last characters, where encodings have several spellings.
  const at = index % 4 === 2 ? token.length - 1 - (place % 3) : place;
  return token.slice(0, at) + character + token.slice(at + 1);
}

/** A header value as it comes: one character a byte. */
const onWire = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

export function bindingCases(): readonly Draft[] {
  const values = ['Bearer a', 'a, b', 'Bearer ä€😀', 'Bearer \u00e4', 'x'.repeat(5000), 'Bearer  two  spaces'];
  const one = values.flatMap((value, index) =>
    [onWire(value), value.replaceAll('€😀', ''), `${value.slice(0, 8)} `, onWire(value.slice(1)), onWire(value.toUpperCase())].map(
      (sent, form): Draft => {
        const guard = guardWith({ binding: BINDING });
        return { id: `value ${index}, form ${form}`, guard, requests: [withToken(tokenOf({}, value), [['authorization', sent]])] };
      },
    ),
  );
  const pays = [bindingHash('Bearer a').slice(0, -1), bindingHash('Bearer a').replaceAll('+', '-'), '', 1, null, ['a']].map(
    (pay, index): Draft => {
      const requests = [withToken(tokenOf({ pay }), [['authorization', 'Bearer a']])];
      return { id: `pay in form ${index}`, guard: guardWith({ binding: BINDING }), requests };
    },
  );
  const both: RequestData['headers'] = [
    ['authorization', 'Bearer a'],
    ['x-device', 'd'],
  ];
  const two = guardWith({ binding: { headers: ['authorization', 'x-device'] } });
  const repeated = withToken(tokenOf({}, 'Bearer a'), [...both, ['authorization', 'Bearer b']]);
  return [
    ...one,
    ...pays,
    { id: 'two headers', expected: 'accepted', guard: two, requests: [withToken(tokenOf({}, 'Bearer ad'), both)] },
    { id: 'two headers, one absent', guard: two, requests: [withToken(tokenOf({}, 'Bearer ad'), both.slice(1))] },
    { id: 'repeated', guard: guardWith({ binding: BINDING }), requests: [repeated, { ...repeated, joinsLines: true }] },
    { id: 'without bearer', guard: guardWith({ binding: { ...BINDING, value: 'without-bearer' } }), requests: [repeated] },
    { id: 'missing accepted', guard: guardWith({ binding: { ...BINDING, missing: 'accept' } }), requests: [withToken(tokenOf())] },
  ];
}

export function replayCases(): readonly Draft[] {
  const twice = (request: RequestData): readonly RequestData[] => [request, request];
  const installationKey = freshInstallationKey();
  const token = tokenOf({ ipk: installationKey.ipk });
  const request = { method: 'GET', url: 'https://api.example.com/a' };
  const signed = signRequest({ client: 'okhttp-3.8', sign: 'install', request, token, installationKey, now });
  const sent = { method: signed.method, target: signed.target, headers: signed.headers };
  return [
    {
      id: 'one-time token',
      expected: 'accepted, token-replayed',
      guard: guardWith({ token: { replay: 'memory' } }),
      requests: twice(withToken(tokenOf())),
    },
    { id: 'signature', expected: 'accepted, signature-replayed', guard: guardWith({ signature: {} }), requests: twice(sent) },
    { id: 'signature, kept', expected: 'accepted, accepted', guard: guardWith({ signature: { replay: null } }), requests: twice(sent) },
    { id: 'token', expected: 'accepted, accepted', guard: guardWith(), requests: twice(withToken(tokenOf())) },
    {
      id: 'token, not remembered',
      expected: 'accepted, accepted',
      guard: guardWith({ cache: null }),
      requests: twice(withToken(tokenOf())),
    },
  ];
}

/** Through `Request`, `Headers` and `Response` of the platform. */
export function fetchCases(): readonly Draft[] {
  const through = 'fetch' as const;
  const kinds = Object.entries(tokenKinds).flatMap(([name, kind]): readonly Draft[] => {
    const token = kind.mint({ secret, now });
    // A field value of white space is the same as an absent one on some platforms only.
    const requests = [withToken(token, [['Authorization', boundText]])];
    return [
      { id: name, expected: kind.expected === 'accepted' ? 'accepted' : 'answered 401', guard: guardWith(), through, requests },
      { id: `${name}, observed`, expected: kind.expected, guard: guardWith({ mode: 'observe', binding: null }), through, requests },
    ];
  });
  const refusals = [{}, { status: 403 }, { format: 'problem' }, { status: 400, format: 'empty' }].map(
    (refusal, index): Draft => ({ id: `refusal ${index}`, guard: guardWith({ refusal }), through, requests: [{ headers: [] }] }),
  );
  const preflight: RequestData = {
    method: 'OPTIONS',
    headers: [
      ['Origin', 'https://app.example.com'],
      ['Access-Control-Request-Method', 'POST'],
    ],
  };
  // Other characters are compared over the wire: what `Headers` made by a program hold is not what the platform makes of bytes.
  const bound = ['Bearer a', 'Bearer  b, c'].map((value, index): Draft => {
    const requests = [withToken(tokenOf({}, value), [['Authorization', onWire(value)]])];
    return { id: `bound value ${index}`, expected: 'accepted', guard: guardWith({ binding: BINDING }), through, requests };
  });
  const paths = ['/health', '/health/', '/public/a', '/public/../a', '/public/%2e%2e/a', '//public/a', '/public/a?x=1'].map(
    (target): Draft => ({
      id: `exempt ${target}`,
      guard: guardWith({ exempt: ['/health', '/public/*'] }),
      through,
      requests: [{ target, headers: [] }],
    }),
  );
  return [
    ...kinds,
    ...refusals,
    ...bound,
    ...paths,
    { id: 'preflight', expected: 'answered 401', guard: guardWith(), through, requests: [preflight] },
    { id: 'preflight that passes', expected: 'preflight', guard: guardWith({ preflight: 'pass' }), through, requests: [preflight] },
  ];
}
