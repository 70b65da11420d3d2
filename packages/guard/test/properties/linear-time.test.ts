/** Parsers take time in proportion to their input: the growth exponent over sizes is fitted, and noise is answered with another try. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBase64, encodeBase64 } from '../../src/core/bytes/base64.ts';
import { parseJsonObject } from '../../src/core/bytes/json.ts';
import { parseUnverifiedCompact, parseUnverifiedHeader } from '../../src/core/jws/compact.ts';
import { trimOptionalWhiteSpace } from '../../src/core/request-view.ts';
import { readToken } from '../../src/core/token/read-token.ts';
import { unambiguousPath } from '../../src/http/exempt-paths.ts';
import { PORTS } from '../both-ports.ts';

const SIZES = [4_000, 8_000, 16_000, 32_000, 64_000];
const LIMIT = 1.6;
const TRIES = 5;

/** The shortest of some runs, in milliseconds: noise only ever adds. */
function shortest(run: () => unknown): number {
  let best = Infinity;
  for (let round = 0; round < 4; round++) {
    const started = performance.now();
    run();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

/** The slope of log time over log size (least squares). */
function growth(inputs: readonly string[], run: (input: string) => unknown): number {
  const points = inputs.map((input) => ({
    x: Math.log(input.length),
    y: Math.log(
      Math.max(
        shortest(() => run(input)),
        0.001,
      ),
    ),
  }));
  const mean = (pick: (point: { x: number; y: number }) => number): number =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const above = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0);
  return above / points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
}

const repeated =
  (pattern: string, before = '', after = '') =>
  (size: number): string =>
    before + pattern.repeat(Math.ceil(size / pattern.length)) + after;

const place = { header: 'approov-token', prefix: 'bearer', maxBytes: 65_536 };
const read = (value: string): unknown =>
  readToken({ method: '', scheme: null, authority: null, target: '', lines: () => [value] } as Parameters<typeof readToken>[0], place);
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
  ['path: slashes', unambiguousPath, repeated('/a')],
  ['path: dots', unambiguousPath, repeated('.', '/')],
  ['path: percent signs', unambiguousPath, repeated('%41', '/')],
  ['path: dot segments', unambiguousPath, repeated('/.a')],
  ['UTF-8, node', PORTS.node.decodeText, repeated('4oCL')],
  ['UTF-8, web', PORTS.web.decodeText, repeated('4oCL')],
];

for (const [name, run, shape] of SHAPES) {
  test(`${name}: linear`, () => {
    const inputs = SIZES.map(shape);
    run(inputs[0] ?? '');
    let least = Infinity;
    for (let attempt = 0; attempt < TRIES && least > LIMIT; attempt++) least = Math.min(least, growth(inputs, run));
    assert.ok(least <= LIMIT, `the growth exponent is ${least.toFixed(2)}`);
  });
}
