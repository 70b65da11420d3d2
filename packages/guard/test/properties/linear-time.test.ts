/** Parsers take steps in proportion to their input. */
import './steps.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBase64, encodeBase64, parseJsonObject, trimOptionalWhiteSpace } from '../../src/core/bytes.ts';
import { findToken } from '../../src/core/judge/token.ts';
import { parseUnverifiedCompact, parseUnverifiedHeader } from '../../src/core/jws/jws.ts';
import { plainPath } from '../../src/http/plain-path.ts';
import { PORTS } from '../both-ports.ts';
import { growth } from './steps.ts';

/** Ten times the input: 10 times the steps, and 100 where a parser is quadratic. */
const SIZES = [3_000, 30_000];
const LIMIT = 1.2;

const repeated =
  (pattern: string, before = '', after = '') =>
  (size: number): string =>
    before + pattern.repeat(Math.ceil(size / pattern.length)) + after;

const place = { header: 'approov-token', prefix: 'bearer', maxBytes: 65_536 };
const read = (value: string): unknown =>
  findToken({ method: '', scheme: null, authority: null, target: '', lines: () => [value] } as Parameters<typeof findToken>[0], place);
const json = (text: string): unknown => parseJsonObject(text, 32);

const SHAPES: readonly (readonly [string, (input: string) => unknown, (size: number) => string])[] = [
  ['compact: dots', parseUnverifiedCompact, repeated('.')],
  ['compact: one long segment', parseUnverifiedCompact, repeated('A', 'e30.', '.AAAA')],
  ['compact: wrong at the end', parseUnverifiedCompact, repeated('A', 'e30.', '=.AAAA')],
  ['header: letters', parseUnverifiedHeader, repeated('eyJh')],
  ['base64: letters', (text) => decodeBase64(text, 'base64'), repeated('AAAA')],
  ['base64: equals signs', (text) => decodeBase64(text, 'base64'), repeated('=')],
  ['base64: encoding', (text) => encodeBase64(Buffer.from(text), 'base64'), repeated('abc')],
  ['JSON: members', json, repeated('"aaaaaa":1,', '{', '"b":1}')],
  ['JSON: quotes in a string', json, repeated('\\"', '{"a":"', '"}')],
  ['JSON: backslashes in a string', json, repeated('\\\\', '{"a":"', '"}')],
  ['JSON: backslashes before quotes', json, repeated('\\\\\\"', '{"a":"', '"}')],
  ['JSON: strings of backslashes', json, repeated('"\\\\\\\\\\\\",', '{"a":[', '1]}')],
  ['JSON: an open string', json, repeated('a', '{"a":"')],
  ['JSON: opening brackets', json, repeated('[', '{"a":')],
  ['JSON: balanced brackets', json, repeated('[],', '{"a":[', '1]}')],
  ['JSON: colons in strings', json, repeated('":",', '{"a":[', '1]}')],
  ['JSON: white space', json, repeated(' ', '{', '}')],
  ['JSON: digits', json, repeated('9', '{"a":', '}')],
  ['header value: white space around', trimOptionalWhiteSpace, repeated(' ', 'a', 'a')],
  ['header value: white space', trimOptionalWhiteSpace, repeated(' \t')],
  ['token header: commas', read, repeated(',')],
  ['token header: prefixes', read, repeated('Bearer ')],
  ['token header: spaces after the prefix', read, repeated(' ', 'Bearer', 'a')],
  ['path: slashes', plainPath, repeated('/a')],
  ['path: dots', plainPath, repeated('.', '/')],
  ['path: percent signs', plainPath, repeated('%41', '/')],
  ['path: dot segments', plainPath, repeated('/.a')],
  ['path: what is plain but for its end', plainPath, repeated('/%41a', '', '//')],
  ['UTF-8, node', PORTS.node.decodeText, repeated('4oCL')],
  ['UTF-8, web', PORTS.web.decodeText, repeated('4oCL')],
];

for (const [name, run, shape] of SHAPES) {
  test(`${name}: linear`, () => {
    const exponent = growth(SIZES.map(shape), run);
    assert.ok(exponent <= LIMIT, `the growth exponent is ${exponent.toFixed(2)}`);
  });
}
