import { ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { frameworksWith, root } from './running-example.ts';

const linesOf = (example: string): string[] =>
  readFileSync(join(root, 'examples', `${example}.js`), 'utf8')
    .trimEnd()
    .split('\n');

/** The length of the longest common subsequence: the lines that a line diff leaves alone. */
function unchanged(before: readonly string[], after: readonly string[]): number {
  let row = new Array<number>(after.length + 1).fill(0);
  for (const line of before) {
    const next = [0];
    after.forEach((other, j) => {
      next.push(line === other ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0));
    });
    row = next;
  }
  return row[after.length] ?? 0;
}

/** How many lines a line diff shows: a changed line counts once, not as one removed and one added. */
function difference(before: readonly string[], after: readonly string[]): number {
  return Math.max(before.length, after.length) - unchanged(before, after);
}

function differsByAtMost(limit: number, from: string, to: string): void {
  const count = difference(linesOf(from), linesOf(to));
  ok(count >= 1 && count <= limit, `${from} and ${to} differ in ${count} lines, at most ${limit}`);
}

for (const framework of frameworksWith('hello', 'token-check')) {
  describe(`hello/${framework}`, () => {
    test('adding the token check takes at most 3 lines', () =>
      differsByAtMost(3, `hello/${framework}/unprotected`, `hello/${framework}/token-check`));
    test('adding token binding takes at most 1 line', () =>
      differsByAtMost(1, `hello/${framework}/token-check`, `hello/${framework}/token-binding-check`));
  });
}

for (const framework of frameworksWith('hello', 'message-signing-check')) {
  describe(`hello/${framework}`, () => {
    test('adding message signing takes at most 2 lines', () =>
      differsByAtMost(2, `hello/${framework}/token-check`, `hello/${framework}/message-signing-check`));
  });
}

// Two imports, three checks and what explains them, five protected routes, three status texts.
test('protecting the Shapes API takes at most 15 lines', () =>
  differsByAtMost(15, 'shapes-api/express/original', 'shapes-api/express/protected'));
