/** Token binding: which headers, which bytes of them, how often, and what a token without `pay` means. */

import { createHash } from 'node:crypto';
import { bindingHash } from '@approov-guard/testkit';
import type { Setup } from '../../adapters/adapter.ts';
import type { HeaderLine } from '../../run/wire.ts';
import type { Case, Expected, Family } from '../case.ts';
import { app, approovToken, bound, deadToken, token, utf8OnTheWire } from '../setups.ts';

const accepting = app('missing: accept', { binding: { headers: ['authorization'], missing: 'accept' } });
const withoutBearer = app('without-bearer', { binding: { headers: ['authorization'], value: 'without-bearer' } });
const several = app('two headers', { binding: { headers: ['Authorization', 'X-Device-Id'] } });
const bearerAndMore = app('without-bearer and another', {
  binding: { headers: ['Authorization', 'X-Device-Id'], value: 'without-bearer' },
});

const SESSION = 'Bearer example-user-session';
const authorization = (value: string): HeaderLine => ['Authorization', value];
const device = (value: string): HeaderLine => ['X-Device-Id', value];
const boundTo = (text: string): HeaderLine => approovToken(token({ bind: text }));
const unbound = approovToken(token());
const payOf = (pay: unknown): HeaderLine => approovToken(token({ claims: { pay } }));

interface Row {
  readonly headers: readonly HeaderLine[];
  readonly verdict: string;
  readonly joined?: string;
  readonly quirks?: NonNullable<Expected['quirks']>;
  readonly state?: 'verified' | 'absent';
}

function row(setup: Setup, name: string, { headers, verdict, joined, quirks, state = 'verified' }: Row): Case {
  const expected = {
    status: verdict === 'accepted' ? 200 : 401,
    verdict,
    ...(joined === undefined ? {} : { joined }),
    ...(quirks === undefined ? {} : { quirks }),
    echo: ({ binding }: { readonly binding: string | null }) => {
      if (binding !== state) throw new Error(`the handler saw binding ${binding}, expected ${state}`);
    },
  };
  return { name: `${setup.name}: ${name}`, setup, request: { headers }, expected };
}

const whole: readonly Case[] = [
  row(bound, 'the bound value', { headers: [boundTo(SESSION), authorization(SESSION)], verdict: 'accepted' }),
  row(bound, 'header order', { headers: [authorization(SESSION), boundTo(SESSION)], verdict: 'accepted' }),
  row(bound, 'another name’s case', { headers: [boundTo(SESSION), ['AUTHORIZATION', SESSION]], verdict: 'accepted' }),
  row(bound, 'white space around', { headers: [boundTo(SESSION), authorization(` \t${SESSION}\t `)], verdict: 'accepted' }),
  row(bound, 'white space within counts', {
    headers: [boundTo(SESSION), authorization(SESSION.replace(' ', '  '))],
    verdict: 'binding-mismatch',
  }),
  row(bound, 'the scheme’s case counts', {
    headers: [boundTo(SESSION), authorization(SESSION.toLowerCase())],
    verdict: 'binding-mismatch',
  }),
  row(bound, 'another value', { headers: [boundTo(SESSION), authorization('Bearer other')], verdict: 'binding-mismatch' }),
  row(bound, 'without the scheme', { headers: [boundTo('example-user-session'), authorization(SESSION)], verdict: 'binding-mismatch' }),
  row(bound, 'no header', { headers: [boundTo(SESSION)], verdict: 'binding-value-missing' }),
  row(bound, 'an empty header', { headers: [boundTo(SESSION), authorization('')], verdict: 'binding-value-missing' }),
  row(bound, 'bound to nothing, no header', { headers: [boundTo('')], verdict: 'binding-value-missing' }),
  row(bound, 'bound to nothing, an empty header', { headers: [boundTo(''), authorization('')], verdict: 'binding-value-missing' }),
  row(bound, 'a similar header', { headers: [boundTo(SESSION), ['Proxy-Authorization', SESSION]], verdict: 'binding-value-missing' }),
  row(bound, 'not bound', { headers: [unbound, authorization(SESSION)], verdict: 'binding-claim-missing' }),
  row(bound, 'not bound, no header', { headers: [unbound], verdict: 'binding-claim-missing' }),
  row(bound, 'expired comes first', { headers: [approovToken(deadToken({ bind: SESSION }))], verdict: 'token-expired' }),
  row(bound, '7 KB', { headers: [boundTo('a'.repeat(7168)), authorization('a'.repeat(7168))], verdict: 'accepted' }),
  row(bound, 'a comma within', { headers: [boundTo('Digest a="1", b="2"'), authorization('Digest a="1", b="2"')], verdict: 'accepted' }),
];

/** Where only the first line is kept, it alone is judged. */
const firstGood = { 'first-line': { status: 200, verdict: 'accepted' } };
const firstBad = { 'first-line': { status: 401, verdict: 'binding-mismatch' } };

// On platforms that join lines, a duplicate is seen only once the hash has failed.
const duplicates: readonly Case[] = [
  row(bound, 'twice the same', {
    headers: [boundTo(SESSION), authorization(SESSION), authorization(SESSION)],
    verdict: 'binding-value-duplicated',
    quirks: firstGood,
  }),
  row(bound, 'good, then bad', {
    headers: [boundTo(SESSION), authorization(SESSION), authorization('x')],
    verdict: 'binding-value-duplicated',
    quirks: firstGood,
  }),
  row(bound, 'bad, then good', {
    headers: [boundTo(SESSION), authorization('x'), authorization(SESSION)],
    verdict: 'binding-value-duplicated',
    quirks: firstBad,
  }),
  row(bound, 'other case', {
    headers: [boundTo(SESSION), ['AUTHORIZATION', SESSION], ['authorization', 'x']],
    verdict: 'binding-value-duplicated',
    quirks: firstGood,
  }),
  row(bound, 'good, then empty', {
    headers: [boundTo(SESSION), authorization(SESSION), authorization('')],
    verdict: 'binding-value-duplicated',
    quirks: firstGood,
  }),
  row(several, 'the second header twice', {
    headers: [boundTo('ab'), authorization('a'), device('b'), device('c')],
    verdict: 'binding-value-duplicated',
  }),
];

/** A byte that is no UTF-8 becomes a replacement character. */
const lost = { 'headers-as-utf8': { status: 401, verdict: 'binding-mismatch' } };

const bytes: readonly Case[] = [
  row(bound, 'UTF-8 bytes', { headers: [boundTo('Bearer é✓'), authorization(utf8OnTheWire('Bearer é✓'))], verdict: 'accepted' }),
  row(bound, 'UTF-8 bytes of a character that ISO-8859-1 has, too', {
    headers: [boundTo('Bearer é'), authorization(utf8OnTheWire('Bearer é'))],
    verdict: 'accepted',
  }),
  row(bound, 'one ISO-8859-1 byte', {
    headers: [payOf(createHash('sha256').update('Bearer \xe9', 'latin1').digest('base64')), authorization('Bearer \xe9')],
    verdict: 'accepted',
    quirks: lost,
  }),
  row(bound, 'one ISO-8859-1 byte is not its UTF-8', {
    headers: [boundTo('Bearer é'), authorization('Bearer \xe9')],
    verdict: 'binding-mismatch',
  }),
  row(bound, 'a no-break space is kept', {
    headers: [payOf(createHash('sha256').update('a\xa0', 'latin1').digest('base64')), authorization('a\xa0')],
    verdict: 'accepted',
    quirks: lost,
  }),
];

const claims: readonly Case[] = [
  ...[
    null,
    7,
    true,
    '',
    [bindingHash(SESSION)],
    {},
    'MismatchingBinding',
    `${bindingHash(SESSION)}\n`,
    bindingHash(SESSION).replace('=', ''),
  ].map((pay) => row(bound, `pay ${JSON.stringify(pay)}`, { headers: [payOf(pay), authorization(SESSION)], verdict: 'binding-mismatch' })),
  row(accepting, 'not bound', { headers: [unbound, authorization(SESSION)], verdict: 'accepted', state: 'absent' }),
  row(accepting, 'not bound, no header', { headers: [unbound], verdict: 'accepted', state: 'absent' }),
  row(accepting, 'bound', { headers: [boundTo(SESSION), authorization(SESSION)], verdict: 'accepted' }),
  row(accepting, 'bound to another', { headers: [boundTo('Bearer other'), authorization(SESSION)], verdict: 'binding-mismatch' }),
  row(accepting, 'bound, no header', { headers: [boundTo(SESSION)], verdict: 'binding-value-missing' }),
  row(accepting, 'pay null is not absent', { headers: [payOf(null), authorization(SESSION)], verdict: 'binding-mismatch' }),
  row(accepting, 'pay empty is not absent', { headers: [payOf(''), authorization(SESSION)], verdict: 'binding-mismatch' }),
];

const variants: readonly Case[] = [
  row(withoutBearer, 'the credential', { headers: [boundTo('example-user-session'), authorization(SESSION)], verdict: 'accepted' }),
  row(withoutBearer, 'scheme in another case', { headers: [boundTo('abc'), authorization('bEaReR   abc')], verdict: 'accepted' }),
  row(withoutBearer, 'the whole value', { headers: [boundTo(SESSION), authorization(SESSION)], verdict: 'binding-mismatch' }),
  row(withoutBearer, 'another scheme', { headers: [boundTo('abc'), authorization('Basic abc')], verdict: 'binding-value-missing' }),
  row(withoutBearer, 'no scheme', { headers: [boundTo('abc'), authorization('abc')], verdict: 'binding-value-missing' }),
  row(withoutBearer, 'a scheme alone', { headers: [boundTo(''), authorization('Bearer ')], verdict: 'binding-value-missing' }),
  row(several, 'both', { headers: [boundTo(`${SESSION}dev-1`), authorization(SESSION), device('dev-1')], verdict: 'accepted' }),
  row(several, 'order on the wire', {
    headers: [device('dev-1'), boundTo(`${SESSION}dev-1`), authorization(SESSION)],
    verdict: 'accepted',
  }),
  row(several, 'order of the values', {
    headers: [boundTo(`dev-1${SESSION}`), authorization(SESSION), device('dev-1')],
    verdict: 'binding-mismatch',
  }),
  row(several, 'the first alone', { headers: [boundTo(SESSION), authorization(SESSION)], verdict: 'binding-value-missing' }),
  row(several, 'all in the first', { headers: [boundTo('ab'), authorization('ab'), device('')], verdict: 'binding-value-missing' }),
  row(several, 'joined by a comma', { headers: [boundTo('a, b'), authorization('a'), device('b')], verdict: 'binding-mismatch' }),
  // The platform's rule has no separator, so the border may move: published as a limit.
  row(several, 'the border moved', { headers: [boundTo('abcd'), authorization('abc'), device('d')], verdict: 'accepted' }),
  row(bearerAndMore, 'both', { headers: [boundTo('abcdev-1'), authorization('Bearer abc'), device('dev-1')], verdict: 'accepted' }),
  row(bearerAndMore, 'the other keeps its Bearer', {
    headers: [boundTo('abcBearer d'), authorization('Bearer abc'), device('Bearer d')],
    verdict: 'accepted',
  }),
];

export const binding: Family = { name: 'binding', cases: [...whole, ...duplicates, ...bytes, ...claims, ...variants] };
