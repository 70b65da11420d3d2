/** Properties of message signatures: nothing that is covered can change, and no text makes a parser throw, disagree or take long. */
import './steps.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type HeaderLine, requestView } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';
import fc from 'fast-check';
import * as oracle from 'structured-headers';
import { type BareItem, type Item, type Member, type Parameters, parseDictionary, parseItem, parseList } from '../../src/core/sfv/parse.ts';
import { serialiseDictionary, serialiseItem, serialiseList } from '../../src/core/sfv/serialise.ts';
import { KnownComponents, parseSignature } from '../../src/core/signature/parse-signature.ts';
import { normaliseAuthority, splitTarget } from '../../src/core/signature/target.ts';
import { compileOrigin } from '../../src/guard/compile/routes.ts';
import { originOf } from '../../src/http/origin.ts';
import { now, outcomeOf, runSeed, secret } from '../both-ports.ts';
import { COVERED, digestLine, headerOf, type Sent, signed, withHeader } from '../signed-requests.ts';
import { growth } from './steps.ts';

const seed = runSeed();
const runs = (numRuns: number): { seed: number; numRuns: number } => ({ seed, numRuns });

const BODY = 'amount=1&to=2';
const HEADERS: readonly HeaderLine[] = [['X-A', 'some value'], ['Content-Type', 'text/plain'], digestLine(BODY)];
const good: Sent = signed({ method: 'POST', headers: HEADERS, body: BODY, covered: [...COVERED, 'x-a', 'content-type', 'content-digest'] });
const guard = createGuard({ keys: { secret }, signature: { replay: null }, now: () => now });
const judged = async (sent: Sent): Promise<string> => outcomeOf(await guard.judge(requestView(sent)));

/** The parts of a request that the signature covers. */
const PARTS: { readonly [part: string]: { readonly text: string; readonly put: (text: string) => Sent } } = {
  method: { text: good.method, put: (method) => ({ ...good, method }) },
  target: { text: good.target, put: (target) => ({ ...good, target }) },
  body: { text: BODY, put: (body) => ({ ...good, body }) },
  ...Object.fromEntries(
    ['Approov-Token', 'X-A', 'Content-Type', 'Content-Digest', 'Signature'].map((name) => [
      name,
      { text: headerOf(good, name), put: (text: string): Sent => withHeader(good, name, text) },
    ]),
  ),
};

/** Spellings of the same signature that differ in a byte: bits that no base64 digit holds would be another text, which is refused. */
const sameValue = (left: string, right: string): boolean => {
  const [one, other] = [parseDictionary(left)?.get('install'), parseDictionary(right)?.get('install')];
  return one?.kind === 'item' && other?.kind === 'item' && JSON.stringify(bytesOf(one)) === JSON.stringify(bytesOf(other));
};
const bytesOf = ({ value }: Item): unknown =>
  value.type === 'bytes' ? [...value.value] : value.type === 'string' ? [...Buffer.from(value.value, 'base64')] : value;

describe('flipping any byte of what is covered is refused', () => {
  test('the request as it was is accepted', async () => assert.equal(await judged(good), 'accepted'));
  for (const [part, { text, put }] of Object.entries(PARTS)) {
    test(part, async () => {
      const change = fc.tuple(fc.nat(text.length - 1), fc.integer({ min: 1, max: 255 }));
      await fc.assert(
        fc.asyncProperty(change, async ([at, mask]) => {
          const altered = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ mask) + text.slice(at + 1);
          if (part !== 'method' && altered.trim() === text) return;
          if (part === 'Signature' && sameValue(altered, text)) return;
          assert.notEqual(await judged(put(altered)), 'accepted', JSON.stringify(altered));
        }),
        runs(150),
      );
    });
  }
  test('Signature-Input, unless it says the same', async () => {
    const text = headerOf(good, 'Signature-Input');
    const canonical = (given: string): string | null =>
      serialiseDictionary(new Map([...(parseDictionary(given) ?? [])].filter(([key]) => key === 'install')));
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const altered = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ mask) + text.slice(at + 1);
        if (canonical(altered) === canonical(text)) return;
        assert.notEqual(await judged(withHeader(good, 'Signature-Input', altered)), 'accepted', altered);
      }),
      runs(300),
    );
  });
});

/** Texts that look like structured fields, and what becomes of them when a few characters change. */
const PIECES = [
  'a',
  'b=1',
  'sig1',
  '=',
  '(',
  ')',
  ' ',
  ', ',
  ';',
  '"x"',
  '"',
  '\\',
  ':AA==:',
  ':',
  '?1',
  '?',
  '@1',
  '%"a%c3%96"',
  '-',
  '1.5',
  '1',
  '.',
  '*',
  '__proto__',
  '\t',
  'A',
  '9'.repeat(15),
  'é',
  '\n',
];
const pieces = fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((found) => found.join(''));
const wellFormed = fc.constantFrom(
  'a=1, b;x=2',
  'sig1=("@method" "x";sf);created=1;alg="a"',
  'a=:AAAA:, b=(1 2.5 t);p=?0',
  '1;a=@5',
  '"a\\"b", (c d)',
  '%"%c3%96";x',
);
const mutated = fc
  .tuple(wellFormed, fc.nat(40), fc.constantFrom(...PIECES))
  .map(([text, at, piece]) => text.slice(0, at) + piece + text.slice(at + 1));
const texts = fc.oneof(pieces, mutated, fc.string({ maxLength: 30 }));

type Parser = (text: string) => unknown;
const attempt = (parser: Parser, text: string): { readonly value: unknown } | null => {
  try {
    return { value: parser(text) };
  } catch {
    return null;
  }
};

/** Our values in the oracle's form, as text. */
const bareText = (item: BareItem): string =>
  item.type === 'bytes'
    ? `b${Buffer.from(item.value).toString('hex')}`
    : item.type === 'decimal'
      ? `n${item.value}`
      : item.type === 'integer'
        ? `n${item.value}`
        : `${item.type} ${item.value}`;
const parametersText = (parameters: Parameters): string => [...parameters].map(([key, value]) => `;${key}=${bareText(value)}`).join('');
const memberText = (member: Member): string =>
  (member.kind === 'item' ? bareText(member.value) : `(${member.items.map(memberText).join(' ')})`) + parametersText(member.parameters);

const oracleBare = (value: unknown): string => {
  if (typeof value === 'number') return `n${value + 0}`;
  if (typeof value === 'string') return `string ${value}`;
  if (typeof value === 'boolean') return `boolean ${value}`;
  if (value instanceof ArrayBuffer) return `b${Buffer.from(value).toString('hex')}`;
  if (ArrayBuffer.isView(value)) return `b${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  if (value instanceof Date) return `date ${value.getTime() / 1000}`;
  if (value instanceof oracle.Token) return `token ${value.toString()}`;
  if (value instanceof oracle.DisplayString) return `display-string ${value.toString()}`;
  return String(value);
};
const oracleMember = ([value, parameters]: readonly [unknown, ReadonlyMap<string, unknown>]): string => {
  const text = Array.isArray(value) ? `(${value.map((item) => oracleMember(item as never)).join(' ')})` : oracleBare(value);
  return text + [...parameters].map(([key, given]) => `;${key}=${oracleBare(given)}`).join('');
};

describe('structured fields: an independent parser agrees on what is one, and on its value', () => {
  /**
   * structured-headers 2.1.0 refuses a Date that anything follows, and has no value for one that `Date` cannot hold. It takes base64 that
   * leaves bits over or is padded wrongly, where RFC 9651 §4.2.7 lets either answer stand and we refuse.
   */
  const known = (text: string): boolean =>
    /@-?[0-9]/.test(text) || [...text.matchAll(/:(?=([A-Za-z0-9+/=]*):)/g)].some(([, base64 = '']) => isLax(base64));
  const isLax = (base64: string): boolean => {
    const written = Buffer.from(base64, 'base64').toString('base64');
    return base64 !== written && base64 !== written.replaceAll('=', '');
  };
  const agree = (
    name: string,
    text: string,
    ours: string | null,
    theirs: { readonly value: unknown } | null,
    write: (value: never) => string,
  ): void => {
    if (known(text)) return;
    assert.equal(ours, theirs === null ? null : write(theirs.value as never), `${name} ${JSON.stringify(text)}`);
  };
  const dictionaryText = (text: string): string | null => {
    const parsed = parseDictionary(text);
    return parsed === null ? null : [...parsed].map(([key, member]) => `${key}=${memberText(member)}`).join(', ');
  };
  test('dictionaries', () => {
    fc.assert(
      fc.property(texts, (text) =>
        agree('dictionary', text, dictionaryText(text), attempt(oracle.parseDictionary, text), (found: ReadonlyMap<string, never>) =>
          [...found].map(([key, member]) => `${key}=${oracleMember(member)}`).join(', '),
        ),
      ),
      runs(4000),
    );
  });
  test('lists', () => {
    fc.assert(
      fc.property(texts, (text) =>
        agree(
          'list',
          text,
          parseList(text)?.map(memberText).join(', ') ?? null,
          attempt(oracle.parseList, text),
          (found: readonly never[]) => found.map(oracleMember).join(', '),
        ),
      ),
      runs(4000),
    );
  });
  test('items', () => {
    const ours = (text: string): string | null => {
      const parsed = parseItem(text);
      return parsed === null ? null : memberText(parsed);
    };
    fc.assert(
      fc.property(texts, (text) => agree('item', text, ours(text), attempt(oracle.parseItem, text), (found: never) => oracleMember(found))),
      runs(4000),
    );
  });
});

describe('parsers are total, and what is written back is read as the same', () => {
  const any = fc.oneof(texts, fc.string({ unit: 'binary', maxLength: 60 }));
  test('structured fields', () => {
    const stable = (text: string, parse: (text: string) => unknown, write: (value: never) => string | null): void => {
      const parsed = parse(text);
      const written = parsed === null ? null : write(parsed as never);
      if (written !== null) assert.equal(write(parse(written) as never), written);
    };
    fc.assert(
      fc.property(any, (text) => {
        stable(text, parseDictionary, serialiseDictionary);
        stable(text, parseList, serialiseList);
        stable(text, parseItem, serialiseItem);
      }),
      runs(2000),
    );
  });
  const POLICY = {
    label: 'install',
    maxBytes: 8192,
    maxAgeSeconds: 300,
    clockToleranceSeconds: 60,
    nonce: 'optional',
    tag: null,
    form: { stringSignature: true, derSignature: true, signatureBytes: 64 },
  } as const;
  test('signatures, forwarding fields, hosts and targets', () => {
    const origin = compileOrigin({ trustedProxies: ['loopback'] });
    fc.assert(
      fc.property(any, any, (left, right) => {
        const headers: readonly HeaderLine[] = [
          ['Signature-Input', left],
          ['Signature', right],
          ['Forwarded', left],
          ['X-Forwarded-Host', right],
        ];
        const request = requestView({ headers, target: left, authority: right, peer: '127.0.0.1' });
        parseSignature(request, POLICY, new KnownComponents());
        originOf(request, origin);
        const normal = normaliseAuthority(left, 'https');
        if (normal !== null) assert.equal(normaliseAuthority(normal, 'https'), normal);
        splitTarget(left);
      }),
      runs(2000),
    );
  });
  test('a verdict is given for any fields, and none of them is our failure', async () => {
    await fc.assert(
      fc.asyncProperty(any, any, any, async (input, value, digest) => {
        const sent = withHeader(withHeader(withHeader(good, 'Signature-Input', input), 'Signature', value), 'Content-Digest', digest);
        assert.match(await judged(sent), /^(?:signature|digest)-/);
      }),
      runs(500),
    );
  });
});

describe('steps grow with the length, not faster', () => {
  const HEAVY: { readonly [name: string]: (size: number) => string } = {
    'many members': (size) => 'a=1, '.repeat(size / 5),
    'many parameters': (size) => `a${';b=1'.repeat(size / 4)}`,
    'an open inner list': (size) => `a=(${'"x" '.repeat(size / 4)}`,
    'many parentheses': (size) => 'a=('.repeat(size / 3),
    'an open string': (size) => `a="${'\\"'.repeat(size / 2)}`,
    'open bytes': (size) => `a=:${'A'.repeat(size)}`,
    'many spaces': (size) => `a${' '.repeat(size)}b`,
    digits: (size) => '1'.repeat(size),
    'an open display string': (size) => `a=%"${'%c3'.repeat(size / 3)}`,
    semicolons: (size) => ';'.repeat(size),
    colons: (size) => 'h:'.repeat(size / 2),
    'a forwarded field': (size) => `${'a=b;'.repeat(size / 4)}=`,
  };
  const origin = compileOrigin({ trustedProxies: ['loopback'] });
  const readers: { readonly [name: string]: (text: string) => unknown } = {
    parseDictionary,
    parseList,
    parseItem,
    host: (text) => normaliseAuthority(text, 'https'),
    target: splitTarget,
    forwarded: (text) =>
      originOf(
        requestView({
          peer: '::1',
          headers: [
            ['Forwarded', text],
            ['X-Forwarded-Host', text],
          ],
        }),
        origin,
      ),
    parseSignature: (text) =>
      parseSignature(
        requestView({
          headers: [
            ['Signature-Input', text],
            ['Signature', text],
          ],
        }),
        {
          label: 'install',
          maxBytes: 1e9,
          maxAgeSeconds: 1,
          clockToleranceSeconds: 1,
          nonce: 'optional',
          tag: null,
          form: { stringSignature: true, derSignature: true, signatureBytes: 64 },
        },
      ),
  };
  for (const [reader, read] of Object.entries(readers)) {
    test(reader, () => {
      for (const [name, make] of Object.entries(HEAVY)) {
        const exponent = growth([make(2_000), make(20_000)], read);
        assert.ok(exponent < 1.2, `${name}: exponent ${exponent.toFixed(2)}`);
      }
    });
  }
});

test(`the seed of this run is ${seed}`, () => undefined);
