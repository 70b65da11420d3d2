/** Coverage-guided mutation: texts that reach code which no text reached before are kept and mutated further. */

import type { Target } from './parser-targets.ts';
import { countedRun } from './steps.ts';

const ALPHABET = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '.',
  '=',
  '-',
  '_',
  '+',
  '/',
  ' ',
  '\n',
  '\t',
  '\0',
  '\ufeff',
  '\ud800',
  'é',
  '0',
  '9',
  'e',
  'A',
  'Z',
  'u0061',
];
const WORDS = [
  '"exp":',
  '"alg":"HS256"',
  '"crit":[]',
  '1e400',
  '-0',
  'null',
  'true',
  '[[[[',
  '{"a":',
  '"__proto__":',
  'JWT',
  '==',
  '..',
  'NO_NETWORK',
  '-----BEGIN PUBLIC KEY-----',
  '\\u0065xp',
  '"d":"AA"',
];

/** Numbers in [0, 1). */
export type Random = () => number;

const indexBelow = (random: Random, length: number): number => Math.floor(random() * length);
const oneOf = <T>(random: Random, list: readonly T[]): T => list[indexBelow(random, list.length)] as T;

type Mutator = (text: string, random: Random, other: string) => string;
const MUTATORS: readonly Mutator[] = [
  (text, random) => replaced(text, random, 1, oneOf(random, ALPHABET)),
  (text, random) => replaced(text, random, 0, oneOf(random, ALPHABET)),
  (text, random) => replaced(text, random, 0, oneOf(random, WORDS)),
  (text, random) => replaced(text, random, 1 + indexBelow(random, 12), ''),
  (text, random) =>
    replaced(text, random, 1, String.fromCharCode(text.charCodeAt(indexBelow(random, text.length)) ^ (1 << indexBelow(random, 8)))),
  (text, random) => replaced(text, random, 0, text.slice(indexBelow(random, text.length)).slice(0, 40)),
  (text, random) => replaced(text, random, 0, oneOf(random, ALPHABET).repeat(1 + indexBelow(random, 200))),
  (text, random, other) => text.slice(0, indexBelow(random, text.length)) + other.slice(indexBelow(random, other.length)),
];

function replaced(text: string, random: Random, length: number, by: string): string {
  const at = indexBelow(random, text.length + 1);
  return text.slice(0, at) + by + text.slice(at + length);
}

function mutated(corpus: readonly string[], random: Random): string {
  let text = oneOf(random, corpus);
  for (let changes = 1 + indexBelow(random, 4); changes > 0; changes--) text = oneOf(random, MUTATORS)(text, random, oneOf(random, corpus));
  return text.slice(0, 4000);
}

/** How long to go on, and with which random numbers. */
export interface FuzzOptions {
  readonly random: Random;
  readonly go: (rounds: number) => boolean;
  /** Whether coverage guides the choice: slower, and reaches further. */
  readonly guided: boolean;
}

/** A text that broke a rule, and how. */
export interface Failure {
  readonly text: string;
  readonly error: unknown;
}

/** So many texts are counted together: counting costs more than parsing. */
const BATCH = 25;
/** What a text may cost: the fixed part is a guard made of it and its refusal. */
const STEPS_EACH = 20_000;
const STEPS_A_CHARACTER = 50;

const allowed = (texts: readonly string[]): number => texts.reduce((sum, { length }) => sum + STEPS_EACH + STEPS_A_CHARACTER * length, 0);

/** Fuzzes one target until `go` says no or a rule is broken. Texts are counted and judged in batches. */
export function fuzz(
  target: Target,
  { random, go, guided }: FuzzOptions,
): { readonly rounds: number; readonly kept: number; readonly failure: Failure | null } {
  const corpus = [...target.seeds];
  const seen = new Set<string>();
  let rounds = 0;
  for (; go(rounds); rounds += BATCH) {
    const batch = Array.from({ length: BATCH }, () => mutated(corpus, random));
    const { failure, places } = judged(target, batch);
    if (failure !== null) return { rounds, kept: corpus.length, failure };
    if (!guided) continue;
    const before = seen.size;
    for (const place of places) seen.add(place);
    if (seen.size > before) corpus.push(...batch);
    if (corpus.length > 2000) corpus.splice(target.seeds.length, 1000);
  }
  return { rounds, kept: corpus.length, failure: null };
}

/** Whether texts keep the rules, and the places in the library that they reached. */
function judged(target: Target, texts: readonly string[]): { readonly failure: Failure | null; readonly places: readonly string[] } {
  let current = '';
  try {
    const { steps, places } = countedRun(() => {
      for (const text of texts) {
        current = text;
        target.check(text);
      }
    });
    if (steps <= allowed(texts)) return { failure: null, places: places.map(({ name }) => name) };
    const costs = texts.map((text) => ({ text, cost: countedRun(() => target.check(text)).steps / allowed([text]) }));
    const [{ text } = { text: '' }] = costs.sort((one, other) => other.cost - one.cost);
    return { failure: { text, error: new Error(`took ${steps} steps with ${BATCH - 1} others`) }, places: [] };
  } catch (error) {
    return { failure: { text: current, error }, places: [] };
  }
}
