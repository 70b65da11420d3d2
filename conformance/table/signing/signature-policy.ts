/** What an app or a route may demand of message signatures, where the origin comes from, and which targets can be signed. */
import type { HeaderLine, WireRequest } from '../../run/wire.ts';
import type { Case, Expected, Family } from '../case.ts';
import { approovToken, deadToken, NOW, token } from '../setups.ts';
import {
  accountSigned,
  call,
  DEMANDS,
  edited,
  expecting,
  numbered,
  row,
  SCHEME,
  sequence,
  signed,
  signedApp,
  signedRoutes,
  signingToken,
  withBody,
} from './signed.ts';

const accepted = expecting('accepted', { signature: 'verified' });
const unsigned = (value = signingToken(), target = '/shapes'): WireRequest => ({ target, headers: [approovToken(value)] });

const fixed = signedApp('origin fixed', {}, { origin: 'https://shapes.example.com' });
const listed = signedApp('hosts listed', {}, { origin: { hosts: ['api.example.com'] } });
const elsewhere = { origin: `${SCHEME}://other.example.com`, headers: [['Host', 'other.example.com'] as const] };
const forwarded: readonly HeaderLine[] = [
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Host', 'shapes.example.com'],
  ['Forwarded', 'proto=https;host=shapes.example.com'],
];
const origins: readonly Case[] = [
  row(fixed, 'the origin that the client saw', call({ origin: 'https://shapes.example.com' }), accepted),
  row(fixed, 'the origin at which it arrived', call(), expecting('signature-invalid')),
  row(listed, 'a host that is listed', call(), accepted),
  row(listed, 'a host that is not', call(elsewhere), expecting('signature-component-unresolvable')),
  row(signed, 'any host', call(elsewhere), accepted),
  row(
    signed,
    'forwarding fields are believed from nobody',
    call({ origin: 'https://shapes.example.com', headers: forwarded }),
    expecting('signature-invalid'),
  ),
];

const PLAIN_TARGETS = ['/shapes/%7Ea/%2F/%c3%a9', '/shapes//a', '/shapes;v=1', '/shapes?', '/shapes?a=%27&b=%5B+%5D', "/shapes/a'b"];
// Where the URL standard rewrites a target before anybody sees it, what the client signed is gone.
const REWRITTEN_TARGETS = ['/a/../shapes', '/a/%2e%2e/shapes', '/./shapes', '/shapes?a=\'b"', '/shapes?<>', '/shapes/^|{}`', '/shapes\\a'];

/** What platforms make of a target, or do not let through. */
function quirksOf(target: string): NonNullable<Expected['quirks']> {
  return {
    ...(/["<>^`{|}]/.test(target) ? { 'strict-target': { status: 400, verdict: 'unguarded' } } : {}),
    ...(/\/\/|\\/.test(target) ? { 'redirects-targets': { status: 308, verdict: 'unguarded' } } : {}),
    ...(REWRITTEN_QUERY.test(target) ? { 'query-rewritten': { status: 401, verdict: 'signature-invalid' } } : {}),
  };
}
/** A lone `?`, or a character that forms write otherwise. */
const REWRITTEN_QUERY = /\?(?:$|.*[~'"<>])/;

const targets: readonly Case[] = [
  ...PLAIN_TARGETS.map((target) => row(signed, `target ${target}`, call({ target }), { ...accepted, quirks: quirksOf(target) })),
  ...REWRITTEN_TARGETS.map((target) =>
    row(
      signed,
      `target ${target}`,
      call({ target }),
      expecting('accepted', {
        signature: 'verified',
        normalised: { status: 401, verdict: 'signature-invalid' },
        frameworkMayRefuse: target.includes('\\'),
        quirks: quirksOf(target),
      }),
    ),
  ),
];

const missingKey = signedApp('missing key accepted', { missingKey: 'accept' });
const nonce = signedApp('a nonce', { nonce: 'required' });
const tag = signedApp('a tag', { tag: 'app' });
const strict = signedApp('strict', { tolerances: null });
const bearer = signedApp('another header', {}, { token: { header: 'authorization', prefix: 'Bearer' } });
const user = signedApp('authorization covered', { required: ['@target-uri', 'authorization'] });
const short = signedApp('short', { maxAgeSeconds: 10, clockToleranceSeconds: 0 });
const options: readonly Case[] = [
  row(missingKey, 'a fail-over token', unsigned(token()), expecting('accepted', { signature: 'absent', digest: 'absent' })),
  row(missingKey, 'a key and no signature', unsigned(), expecting('signature-missing')),
  row(missingKey, 'a key and a signature', call(), accepted),
  row(nonce, 'a nonce', call({ parameters: { nonce: '1' } }), accepted),
  row(nonce, 'no nonce', call(), expecting('signature-parameter-missing')),
  row(tag, 'the tag', call({ parameters: { tag: 'app' } }), accepted),
  row(tag, 'another tag', call({ parameters: { tag: 'web' } }), expecting('signature-parameter-invalid')),
  row(strict, 'a client without deviations', call(), accepted),
  row(strict, 'a String for the signature', call({ client: 'okhttp-3.5' }), expecting('signature-malformed')),
  row(strict, 'DER', call({ client: 'react-native-3.5.10' }), expecting('signature-invalid')),
  row(strict, 'no root path', call({ client: 'urlsession', target: numbered('') }), expecting('signature-invalid')),
  row(bearer, 'a prefix', call({ tokenHeader: 'Authorization', tokenPrefix: 'Bearer ' }), accepted),
  row(user, 'covered', call({ headers: [['Authorization', 'Bearer user-1']] }), accepted),
  row(user, 'not there', call(), expecting('signature-component-not-covered')),
  row(short, 'as old as may be', call({ at: NOW - 10_000 }), accepted),
  row(short, 'older', call({ at: NOW - 11_000 }), expecting('signature-too-old')),
];

const observed = signedApp('observed', {}, { mode: { signature: 'observe' } });
const pass = (verdict: string): ReturnType<typeof expecting> => expecting(verdict, { status: 200 });
const observe: readonly Case[] = [
  row(observed, 'signed', call(), accepted),
  row(observed, 'unsigned', unsigned(), pass('signature-missing')),
  row(observed, 'tampered', { ...call(), target: '/shapes?other' }, pass('signature-invalid')),
  row(observed, 'no key', unsigned(token()), pass('signature-key-missing')),
  row(observed, 'another body', withBody(call({ client: 'retrofit', method: 'POST', body: 'a' }), 'b'), pass('digest-mismatch')),
  row(observed, 'no token', {}, expecting('token-missing')),
  row(observed, 'a dead token', call({ token: deadToken() }), expecting('token-expired')),
];

const perRoute = signedRoutes('routes, signed', DEMANDS.install, {
  '/open': 'none',
  '/inherited': {},
  '/unsigned': { signature: null },
  '/account': DEMANDS.account,
  '/observed': { mode: { signature: 'observe' } },
  '/digest': { signature: { digest: 'required' } },
});
const someRoutes = signedRoutes('routes, some signed', {}, { '/token': {}, '/signed': DEMANDS.install });
const byRoute: readonly Case[] = [
  row(perRoute, '/open', { target: '/open' }, expecting('unguarded')),
  row(perRoute, '/inherited', call({ target: '/inherited' }), accepted),
  row(perRoute, '/inherited, unsigned', unsigned(undefined, '/inherited'), expecting('signature-missing')),
  row(perRoute, '/unsigned', unsigned(undefined, '/unsigned'), expecting('accepted', { signature: 'unchecked' })),
  row(perRoute, '/account', call({ target: '/account', sign: 'account' }), accepted),
  row(perRoute, '/account, signed by the installation', call({ target: '/account' }), expecting('signature-label-missing')),
  row(perRoute, '/observed', unsigned(undefined, '/observed'), pass('signature-missing')),
  row(perRoute, '/digest', call({ target: '/digest', method: 'POST', body: 'a', client: 'urlsession' }), {
    ...expecting('digest-missing'),
    quirks: { 'untyped-body-dropped': { status: 200, verdict: 'accepted' } },
  }),
  row(someRoutes, '/token', unsigned(undefined, '/token'), expecting('accepted', { signature: 'unchecked' })),
  row(someRoutes, '/signed', call({ target: '/signed' }), accepted),
  row(someRoutes, '/signed, unsigned', unsigned(undefined, '/signed'), expecting('signature-missing')),
];

const oneTime = signedRoutes(
  'one-time tokens',
  {},
  {
    '/pay': { token: { replay: 'memory' } },
    '/balance': {},
    '/transfer': { ...DEMANDS.install, token: { replay: 'memory' } },
  },
);
const inPay = unsigned(signingToken({ claims: { n: 1 } }), '/pay');
const inTransfer = signingToken({ claims: { n: 2 } });
const spent = expecting('token-replayed');
const once: readonly Case[] = [
  sequence(oneTime, 'a token is taken once', [
    [inPay, expecting('accepted')],
    [inPay, spent],
    [{ ...inPay, target: '/balance' }, expecting('accepted')],
    [{ ...inPay, target: '/balance' }, expecting('accepted')],
  ]),
  sequence(oneTime, 'another signature does not make a token new', [
    [call({ target: '/transfer', token: inTransfer }), accepted],
    [call({ target: '/transfer', token: inTransfer }), spent],
  ]),
  sequence(oneTime, 'a bad signature does not spend the token', [
    [edited(call({ target: '/transfer', token: signingToken({ claims: { n: 3 } }) }), 'signature-input', withoutExpiry), bad()],
    [call({ target: '/transfer', token: signingToken({ claims: { n: 3 } }) }), accepted],
  ]),
];

function withoutExpiry(input: string): string {
  return input.replace(/;expires=\d+/, '');
}

function bad(): ReturnType<typeof expecting> {
  return expecting('signature-invalid');
}

const replays: readonly Case[] = [
  ...[signed, accountSigned].map((setup) => {
    const request = call({ sign: setup === signed ? 'install' : 'account' });
    return sequence(setup, 'the same request again', [
      [request, accepted],
      [request, expecting('signature-replayed')],
      [request, expecting('signature-replayed')],
    ]);
  }),
  ...[call()].map((request) =>
    sequence(signedApp('replays accepted', { replay: null }), 'the same request again', [
      [request, accepted],
      [request, accepted],
    ]),
  ),
  ...[call()].map((request) =>
    sequence(signed, 'what was refused is not remembered', [
      [{ ...request, method: 'DELETE' }, expecting('signature-invalid')],
      [request, accepted],
    ]),
  ),
];

export const signaturePolicy: Family = {
  name: 'signature policy',
  cases: [...origins, ...targets, ...options, ...observe, ...byRoute, ...once, ...replays],
};
