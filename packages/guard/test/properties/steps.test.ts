/** The counting of steps tells linear work from quadratic, wherever the work is done. */
import './steps.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { search } from './regex-steps.ts';
import { growth, stepsOf } from './steps.ts';

const spaces = (size: number): string => `a${' '.repeat(size)}b`;
const INPUTS = [spaces(300), spaces(3000)];

const LINEAR: { readonly [name: string]: (text: string) => unknown } = {
  'a loop': (text) => {
    let sum = 0;
    for (let at = 0; at < text.length; at++) sum += text.charCodeAt(at);
    return sum;
  },
  'an anchored expression': (text) => /^a *b$/.test(text),
  'a replacement': (text) => text.replace(/ /g, '.'),
  'built-in functions': (text) => text.split('').join('').toUpperCase().indexOf('B'),
};
const QUADRATIC: { readonly [name: string]: (text: string) => unknown } = {
  'a loop in a loop': (text) => {
    let same = 0;
    for (let at = 0; at < text.length; at++) for (let other = 0; other < at; other++) if (text[at] === text[other]) same++;
    return same;
  },
  'a search at each place': (text) => {
    let found = 0;
    for (let at = 0; at < text.length; at++) found += text.indexOf('b', at);
    return found;
  },
  'an expression that begins anywhere': (text) => text.replace(/\s+$/, ''),
  'two repetitions side by side': (text) => /^a *[ ]*c/.test(text),
  'an element taken from the front, again and again': (text) => {
    const all = [...text];
    while (all.length > 0) all.shift();
  },
};

describe('steps', () => {
  for (const [name, run] of Object.entries(LINEAR))
    test(`${name}: linear`, () => {
      const exponent = growth(INPUTS, run);
      assert.ok(exponent > 0.8 && exponent < 1.1, exponent.toFixed(2));
    });
  for (const [name, run] of Object.entries(QUADRATIC))
    test(`${name}: quadratic`, () => {
      const exponent = growth(INPUTS, run);
      assert.ok(exponent > 1.8, exponent.toFixed(2));
    });
  test('the same run costs the same steps', () => {
    const run = (): unknown => LINEAR['a replacement']?.(spaces(1000));
    run();
    assert.equal(stepsOf(run), stepsOf(run));
  });
});

test('expressions are searched as the platform searches them', () => {
  const expressions = [
    /a+b?c{2,3}/,
    /^(?:a|ab)(c|bcd)(d*)$/,
    /(["']).*\1$/s,
    /[^a-c\]]+?[\]a]/g,
    /%(?![0-9a-f]{2})|[?#]|[^\x21-\x7e]+/gi,
    /"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/y,
    /^(.*?)(?::([0-9]{0,5}))?$/,
    /\bb|\p{Surrogate}/u,
    /(?:a*)*b|(?=c)/,
  ];
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '"', "'", '\\', ':', '1', ' ', '%', ']', '\ud800', '😀'), maxLength: 12 });
  fc.assert(
    fc.property(fc.constantFrom(...expressions), text, fc.nat(12), (expression, given, from) => {
      expression.lastIndex = from;
      const { index, end } = search(expression, given);
      const found = expression.exec(given);
      assert.deepEqual([index, end], found === null ? [-1, -1] : [found.index, found.index + found[0].length]);
    }),
    { numRuns: 5000 },
  );
});
