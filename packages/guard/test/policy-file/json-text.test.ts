import assert from 'node:assert/strict';
import test from 'node:test';
import { parseJsonText, TextMistake } from 'approov-guard/policy-file';
import fc from 'fast-check';

test('every JSON value is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      assert.deepEqual(parseJsonText(text).value, JSON.parse(text));
    }),
  );
});

test('what JSON.parse refuses is refused, whatever is cut or changed', () => {
  const text = '{ "a": [1, -2.5e3, "x\\u00e4\\n", true, null], "b": { "c": {} } }';
  const accepts = (read: () => unknown): boolean => {
    try {
      read();
      return true;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(3), fc.string({ maxLength: 2 }), (at, cut, put) => {
      const changed = text.slice(0, at) + put + text.slice(at + cut);
      const repeats = /"b".*"b"|"a".*"a"/.test(changed);
      if (!repeats)
        assert.equal(
          accepts(() => parseJsonText(changed)),
          accepts(() => JSON.parse(changed)),
          changed,
        );
    }),
    { numRuns: 2000 },
  );
});

test('each option has its line', () => {
  const { lines } = parseJsonText('{\n  "a": [\n    1,\n    { "b":\n      2 }\n  ],\n  "c": null\n}');
  assert.deepEqual(Object.fromEntries(lines), { '': 1, a: 2, 'a[0]': 3, 'a[1]': 4, 'a[1].b': 5, c: 7 });
});

test('a mistake names its line and what is expected', () => {
  const mistakes: readonly (readonly [text: string, line: number, message: RegExp])[] = [
    ['', 1, /a value is expected/],
    ['{\n "a": 1,\n}', 3, /a name in double quotes.*no comma before/],
    ['{\n // no\n "a": 1 }', 2, /no comments/],
    ['{\n "a": 1\n "b": 2 }', 3, /`,` is expected/],
    ['{\n "a": 1,\n "b": 2,\n "a": 3 }', 4, /`a` is named twice/],
    ['{ "a": 1 }\n\n}', 3, /goes on after its end/],
    ["{ 'a': 1 }", 1, /double quotes/],
    ['[\n"a\nb"]', 2, /a value is expected/],
    ['['.repeat(64), 1, /nests deeper/],
  ];
  for (const [text, line, message] of mistakes) {
    assert.throws(
      () => parseJsonText(text),
      (error) => error instanceof TextMistake && error.line === line && message.test(error.message),
      text,
    );
  }
});

test('`__proto__` is a member like any other', () => {
  const { value } = parseJsonText('{ "__proto__": { "keys": 1 } }');
  assert.deepEqual(Object.keys(value as object), ['__proto__']);
  assert.equal((value as { keys?: unknown }).keys, undefined);
});
