/** Coverage-guided mutation: texts that reach code which no text reached before are kept and mutated further. */
import { Session } from 'node:inspector';
import type { Target } from './parser-targets.ts';

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

/** What the library's sources executed since the last look, as places. */
class Coverage {
  readonly #session: Session = new Session();
  readonly #seen: Set<string> = new Set();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  }

  /** Tells whether anything ran that had not run before. */
  grew(): boolean {
    const before = this.#seen.size;
    this.#session.post('Profiler.takePreciseCoverage', (_, { result }) => {
      for (const { url, functions } of result) {
        if (!url.includes('/guard/src/')) continue;
        for (const { functionName, ranges } of functions) {
          const run = ranges.filter(({ count }) => count > 0).length;
          for (const { startOffset, endOffset, count } of ranges)
            this.#seen.add(`${url} ${functionName} ${startOffset}-${endOffset} ${count > 0 ? run : 0}`);
        }
      }
    });
    return this.#seen.size > before;
  }

  stop(): void {
    this.#session.disconnect();
  }
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

const SLOWEST_MS = 500;
/** Coverage is read after as many texts: reading it costs more than parsing. */
const BATCH = 25;

/** Fuzzes one target until `go` says no or a rule is broken. */
export function fuzz(
  target: Target,
  { random, go, guided }: FuzzOptions,
): { readonly rounds: number; readonly kept: number; readonly failure: Failure | null } {
  const corpus = [...target.seeds];
  const coverage = guided ? new Coverage() : null;
  let batch: string[] = [];
  let rounds = 0;
  try {
    for (; go(rounds); rounds++) {
      const text = mutated(corpus, random);
      const failure = failureOf(target, text);
      if (failure !== null) return { rounds, kept: corpus.length, failure };
      batch.push(text);
      if (batch.length < BATCH) continue;
      if (coverage?.grew() === true) corpus.push(...batch);
      if (corpus.length > 2000) corpus.splice(target.seeds.length, 1000);
      batch = [];
    }
  } finally {
    coverage?.stop();
  }
  return { rounds, kept: corpus.length, failure: null };
}

function failureOf(target: Target, text: string): Failure | null {
  const started = performance.now();
  try {
    target.check(text);
  } catch (error) {
    return { text, error };
  }
  const took = performance.now() - started;
  return took < SLOWEST_MS ? null : { text, error: new Error(`took ${took.toFixed(0)} ms`) };
}
