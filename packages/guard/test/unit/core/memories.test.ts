/** Modules of the core keep nothing between calls: what is remembered belongs to an object that a guard owns. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const CORE = join(import.meta.dirname, '../../../src/core');

/** At the top of a module: what can be assigned anew, and what is made empty and is not read-only. */
const MEMORY =
  /^(?:export )?(?:let|var) |^(?:export )?const \w+(?:: (?!readonly |Readonly)[^=]*)? = (?:new (?:\w*Map|\w*Set|\w*Table|Array)(?:<[^(]*>)?\(\)|\[\]|\{\});/gm;

test('the pattern finds memories, and only those', () => {
  const memories = [
    'let latest = 0;',
    'const KNOWN: Map<string, Item[]> = new Map();',
    'export const SEEN = new WeakSet();',
    'const LIST: string[] = [];',
    'const TABLE = new RecentTable<string, Item>();',
  ];
  for (const line of memories) assert.match(line, new RegExp(MEMORY.source, 'm'), line);
  for (const line of [
    'const NONE: ReadonlyMap<string, Item> = new Map();',
    '  let at = 0;',
    "const NAMES: ReadonlySet<string> = new Set(['a']);",
  ])
    assert.doesNotMatch(line, new RegExp(MEMORY.source, 'm'), line);
});

for (const file of readdirSync(CORE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
  test(`core/${file} keeps nothing`, () => assert.deepEqual(readFileSync(join(CORE, file), 'utf8').match(MEMORY) ?? [], []));
}
