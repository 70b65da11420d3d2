/** Every parser, fuzzed for a while; `fuzz.ts` does the same without an end. */
import './steps.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed, seededRandom } from '../both-ports.ts';
import { fuzz } from './mutation.ts';
import { TARGETS } from './parser-targets.ts';

const seed = runSeed();
const ROUNDS = 2000;

for (const [name, target] of Object.entries(TARGETS)) {
  test(`${name}: the texts to begin with keep the rules`, () => {
    for (const text of target.seeds) target.check(text);
  });

  for (const guided of [false, true]) {
    test(`${name}: mutated texts keep the rules${guided ? ', guided by coverage' : ''} (seed ${seed})`, () => {
      const { failure, rounds } = fuzz(target, {
        random: seededRandom(seed),
        go: (round) => round < (guided ? ROUNDS / 4 : ROUNDS),
        guided,
      });
      assert.equal(failure, null, `round ${rounds}: ${JSON.stringify(failure?.text)}: ${failure?.error}`);
    });
  }
}

test('a broken rule is found', () => {
  const broken = { seeds: ['{"a":1}'], check: (text: string) => assert.ok(!text.includes('\0')) };
  const { failure } = fuzz(broken, { random: seededRandom(1), go: (round) => round < 5000, guided: false });
  assert.ok(failure?.text.includes('\0'));
});

test('a text that takes too many steps is found', () => {
  // Quadratic in the number of spaces: nothing that takes long, but far more than it should.
  const slow = { seeds: [' '.repeat(400)], check: (text: string) => void `${text}${text}x`.replace(/\s+$/, '') };
  const { failure } = fuzz(slow, { random: seededRandom(1), go: (round) => round < 5000, guided: false });
  assert.match(String(failure?.error), /steps/);
});
