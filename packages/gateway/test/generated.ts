/** Requests as apps send them, and strange ones; the same each time. Places that judge by other means than the library have to come to the same. */
import { createHmac } from 'node:crypto';
import { bindingHash, freshSecret, segment, signSegments } from '@approov-guard/testkit';
import type { PolicyDocument } from 'approov-guard/policy-file';
import { IDENTITY_NAMES } from '../src/proxy/identity.ts';
import { type Answer, type Received, valuesOf } from './harness.ts';

const [first, second] = [freshSecret().base64, freshSecret().base64];
/** The secrets of the policies. */
export const env: { readonly [name: string]: string } = { FIRST: first, SECOND: second };
const now = Math.floor(Date.now() / 1000);

export type Choose = <T>(list: readonly T[]) => T;

/** The same choices each time. */
export function chooser(seed: number): Choose {
  let state = seed;
  return (list) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // The cast holds: no list is empty.
    return list[Math.floor((state / 2 ** 32) * list.length)] as (typeof list)[number];
  };
}

const USUALLY = Array.from({ length: 20 }, (_, index) => index > 0);

/** Mostly the first of a list. */
export const rarely = <T>(choose: Choose, [usual, ...strange]: readonly [T, ...T[]]): T => (choose(USUALLY) ? usual : choose(strange));

const DID = 'AAECAwQFBgcICQoLDA0ODw==';
const STRANGE = ['""', '"x"', '1', '-1', '1.5', '1e400', 'null', 'true', '[]', '["a"]', '{}', '{"a":1}', '{"exp":1}', '"\\u00e4"', '"ä"'];
const VALUES: { readonly [claim: string]: readonly [string, ...string[]] } = {
  exp: [`${now + 900}`, `${now + 900.5}`, `${now - 60}`, `"${now + 900}"`, `${now + 90_000}`, '1e400', '-0', '1e12', `${now + 900}e0`],
  iat: [`${now}`, `${now}.25`, ...STRANGE],
  nbf: [`${now - 10}`, `${now + 900}`, ...STRANGE],
  did: [`"${DID}"`, `" ${DID}"`, '"a b"', '"a\\u007fb"', '"\u007f"', '"a\\"b"', '"a:b"', '"a\\":b"', '"\\ufffd"', ...STRANGE],
  ip: ['"203.0.113.7"', '"2001:db8::1"', ...STRANGE],
  iss: ['"account.example"', '"other.example"', ...STRANGE],
  aud: ['"api.example.com"', '"other.example.com"', '["api.example.com"]', '["a","b"]', ...STRANGE],
  arc: ['"ABCDEFGH"', ...STRANGE],
  sub: ['"who"', ...STRANGE],
  mskid: ['"key"', ...STRANGE],
  note: ['"x"', '5', ...STRANGE],
  level: ['7', 'true', 'null', ...STRANGE],
  ipk: ['"MFkw"', ...STRANGE],
  embed: ['{"a":{"b":{"c":1}}}', `${'['.repeat(40)}${']'.repeat(40)}`, `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`, ...STRANGE],
  'approov-guard-emulator': ['true', ...STRANGE],
  __proto__: ['{"exp":1}', '1'],
};
const CLAIMS = Object.keys(VALUES);

/** A claims set as text: ordinary members, sometimes a strange one, one twice, one in another place, or white space. */
function claimsText(choose: Choose, bound: string | null): string | Buffer {
  const names = choose([
    ['exp', 'ip', 'did', 'arc'],
    ['exp', 'did'],
    ['exp'],
    ['iss', 'aud', 'exp', 'iat', 'did'],
    ['ip', 'did'],
    ['exp', 'aud'],
    ['note', 'exp', 'level'],
    ['exp', 'ipk', 'note', 'note'],
    ['note', 'level', 'exp', 'third'],
  ]);
  const more = rarely(choose, ['', ...CLAIMS]);
  const members = [...names, ...(more === '' ? [] : [more])].map(
    (name) => `"${name}"${rarely(choose, [':', ' :', ': ', '\n:', ':\t'])}${rarely(choose, VALUES[name] ?? ['1', ...STRANGE])}`,
  );
  const pay = rarely(choose, [bound, bindingHash('other'), '', null]);
  if (pay !== null) members.push(rarely(choose, [`"pay":${JSON.stringify(pay)}`, '"pay":1', '"pay":null', '"p\\u0061y":"x"']));
  const whole = `{${members.join(rarely(choose, [',', ', ', ' ,', ',,']))}}`;
  return rarely(choose, [
    whole,
    ` ${whole}`,
    `${whole} `,
    `${whole}x`,
    `\ufeff${whole}`,
    `[${whole}]`,
    '5',
    'null',
    '"exp"',
    '',
    Buffer.from(`${whole.slice(0, -1)},"x":"\xff"}`, 'latin1'),
  ]);
}

function tokenText(choose: Choose, bound: string | null): string {
  const header = rarely(choose, [
    '{"alg":"HS256","typ":"JWT"}',
    '{"typ":"JWT","alg":"HS256"}',
    '{"alg":"HS256"}',
    '{"alg":"HS256","kid":"two","typ":"JWT"}',
    '{"alg":"HS256","typ":"JWT","kid":"two"}',
    '{"alg":"HS256","typ":"JWT","kid":"unknown"}',
    '{"alg": "HS256", "typ": "jwt"}',
    '{"alg":"HS512","typ":"JWT"}',
    '{"alg":"none"}',
    '{"alg":"HS256","crit":["x"]}',
    '{}',
  ]);
  const payload = segment(claimsText(choose, bound));
  const last = payload.slice(-1);
  const spelled = rarely(choose, [
    payload,
    `${payload}=`,
    `${payload}.`,
    `${payload} `,
    payload.slice(0, -1),
    payload.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1),
  ]);
  const secret = rarely(choose, [choose([first, second]), freshSecret().base64, '']);
  const token = signSegments(segment(header), spelled, (input) =>
    createHmac('sha256', Buffer.from(secret, 'base64')).update(input).digest(),
  );
  const other = token.slice(0, -1);
  return rarely(choose, [
    token,
    `${other}${choose(['A', 'E', 'I', 'B', '_'])}`,
    other,
    `${token}=`,
    `${token}A`,
    token.replace(/.{43}$/, ''),
    token.slice(0, -44) + token.slice(-43),
    `${token.slice(0, -43)}A${token.slice(-42)}`,
  ]);
}

/** The values with what is bound: some as no server sends them. */
const AUTHORIZATIONS = [
  'Bearer abc',
  'bearer abc',
  'Bearer  abc',
  'abc',
  'Bearer a,b',
  'Bearer \xe4',
  'Bearer \xc3\xa4',
  'Bearer',
  'Bearer a b',
  null,
];

/** A request as bytes: mostly ordinary, sometimes strange. */
export function request(choose: Choose): string {
  const authorization = rarely(choose, AUTHORIZATIONS as [string, ...string[]]);
  const user = choose([null, 'me']);
  const value = authorization?.replace(/^bearer +/i, '') ?? 'abc';
  const bound = choose([null, value, authorization ?? '', `${authorization}${user}`]);
  const token = tokenText(choose, bound === null ? null : bindingHash(bound));
  const path = choose([
    '/',
    '/pay',
    '/health',
    '/Health',
    '/health/',
    '/public/a',
    '/public/../pay',
    '/PUBLIC/a',
    '/strict/x',
    '/strict/%78',
    '//health',
    '/strict?x=/health',
    '/a.b/..c/.',
  ]);
  const lines = rarely(choose, [
    [`Approov-Token: ${token}`],
    [`approov-token:  ${token}  `],
    [`Approov-Token: ${token}`, `approov-token: ${token}`],
    [`Approov-Token: ${token}, ${token}`],
    [`Approov-Token: ${token}\t`],
    [`Approov-Token: Bearer ${token}`],
    [`Approov-Token: \xe4${token}`],
    ['Approov-Token: NO_NETWORK'],
    ['Approov-Token:'],
    [],
  ]);
  if (authorization !== null) lines.push(`Authorization: ${authorization}`);
  if (user !== null) lines.push(`X-User: ${user}`);
  return `${choose(['GET', 'GET', 'POST', 'OPTIONS'])} ${path} HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\nContent-Length: 0\r\n${lines.join('\r\n')}${lines.length > 0 ? '\r\n' : ''}\r\n`;
}

const keys = { secrets: [{ base64: { env: 'FIRST' } }, { base64: { env: 'SECOND' }, kid: 'two' }] };
/** Policies that proxies can enforce by themselves. */
export const POLICIES: { readonly [name: string]: PolicyDocument } = {
  'one secret': { keys: { secret: { base64: { env: 'FIRST' } } } },
  'two secrets, one with a name': { keys, environment: 'development', hints: false },
  'binding, observed': { keys, mode: 'observe', binding: { headers: ['Authorization', 'X-User'], missing: 'reject' } },
  'binding without the scheme': { keys, binding: { headers: ['Authorization'], value: 'without-bearer', missing: 'accept' } },
  'claims, a scheme, and problems': {
    keys,
    token: { audience: ['api.example.com'], issuer: 'account.example', maxLifetimeSeconds: 3600, clockToleranceSeconds: 5 },
    refusal: { format: 'problem' },
  },
  'routes and exemptions': {
    keys,
    mode: 'observe',
    exempt: ['/health', '/public/*'],
    routes: [
      { match: { path: '/strict/*', methods: ['GET'] }, mode: 'enforce', binding: { headers: ['Authorization'], missing: 'reject' } },
      { match: { path: '/pay' }, token: { audience: null } },
    ],
  },
};

/** What a place did: whether it passed the request, and what the server behind was told; where it did not, the status. */
export function done({ status }: Answer, received: Received | undefined): object {
  if (received === undefined) return { status };
  const told = IDENTITY_NAMES.filter((name) => name !== 'id').map((name) => [name, valuesOf(received, `x-attestation-${name}`).join()]);
  return { status, ...Object.fromEntries(told) };
}
