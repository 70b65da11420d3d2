/**
 * Counts what a run of the library costs in steps, which a busy machine does not change: the blocks of its code that were executed (V8's
 * coverage), and the characters or elements at which built-in functions looked. Import it before the library: a function that was compiled
 * without coverage has no counts of its blocks.
 */
import assert from 'node:assert/strict';
import { Session } from 'node:inspector';
import { search } from './regex-steps.ts';

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

/** The library, and the samples of the test that holds this program to account. */
const COUNTED = /\/guard\/src\/|\/steps\.test\.ts/;

/** One place of the library and how often it was executed since the last look. */
export interface Place {
  readonly name: string;
  readonly count: number;
}

/** Functions whose blocks are not counted, since they were compiled too early. */
const early = new Set<string>();

/** What the library executed since the last look. */
function takeCoverage(): readonly Place[] {
  const places: Place[] = [];
  session.post('Profiler.takePreciseCoverage', (_, { result }) => {
    for (const { url, functions } of result) {
      if (!COUNTED.test(url)) continue;
      for (const { functionName, ranges, isBlockCoverage } of functions) {
        // What the engine and the loader make themselves, such as initialisers of members, has no blocks.
        if (!isBlockCoverage && !functionName.startsWith('<') && functionName !== '__name' && ranges.some(({ count }) => count > 0))
          early.add(`${functionName} in ${url}`);
        for (const { startOffset, endOffset, count } of ranges)
          if (count > 0) places.push({ name: `${url} ${functionName} ${startOffset}-${endOffset}`, count });
      }
    }
  });
  return places;
}

// Any function may stand in for another here: arguments and results pass through as they are.
// biome-ignore lint/suspicious/noExplicitAny: built-in functions of every type.
type Any = any;
type Cost = (self: Any, given: readonly Any[], result: Any) => number;

const whole: Cost = (self) => self.length;
const argument: Cost = (_, [first]) => first?.length ?? first?.byteLength ?? 0;
const answer: Cost = (_self, _given, result) => result.length;
const one: Cost = () => 1;
/** A search looks at what lies before what it finds. */
const until: Cost = (self, [, from = 0], result) => {
  const at = typeof result === 'number' ? result : -1;
  return at < 0 ? Math.max(0, self.length - from) : at - from;
};

const iterator = (of: Iterable<unknown>): object => Object.getPrototypeOf(of[Symbol.iterator]());
const typed = Object.getPrototypeOf(Uint8Array.prototype);
/** Built-in functions whose work is more than a step. `slice` and `substring` of a string share its characters. */
const COSTS: readonly (readonly [object, Cost, readonly string[]])[] = [
  [String.prototype, until, ['indexOf', 'includes']],
  [String.prototype, whole, ['lastIndexOf', 'split', 'replace', 'replaceAll', 'toLowerCase', 'toUpperCase', 'localeCompare', 'normalize']],
  [String.prototype, whole, ['toWellFormed', 'isWellFormed']],
  [String.prototype, argument, ['startsWith', 'endsWith']],
  [String.prototype, (self, _, result) => self.length - result.length, ['trim', 'trimStart', 'trimEnd']],
  [String.prototype, answer, ['repeat', 'padStart', 'padEnd']],
  [Array.prototype, until, ['indexOf', 'includes', 'findIndex']],
  [Array.prototype, whole, ['lastIndexOf', 'shift', 'unshift', 'splice', 'reverse', 'sort', 'fill', 'join', 'flat', 'map', 'filter']],
  [Array.prototype, answer, ['concat', 'slice', 'flatMap', 'toSorted']],
  [typed, until, ['indexOf', 'includes']],
  [typed, whole, ['slice', 'fill', 'join', 'reverse']],
  [typed, argument, ['set']],
  [iterator([]), one, ['next']],
  [iterator(''), one, ['next']],
  [iterator(new Map()), one, ['next']],
  [iterator(new Set()), one, ['next']],
  [Object, answer, ['keys', 'values', 'entries']],
  [JSON, argument, ['parse']],
  [JSON, (_self, _given, result) => result?.length ?? 0, ['stringify']],
  [TextEncoder.prototype, answer, ['encode']],
  [TextDecoder.prototype, argument, ['decode']],
  [Buffer, argument, ['from', 'byteLength']],
  [Buffer.prototype, answer, ['toString', 'latin1Slice', 'utf8Slice']],
  [globalThis, argument, ['atob', 'btoa', 'decodeURIComponent', 'encodeURIComponent']],
];

const exec = RegExp.prototype.exec;

/** Replaces built-in functions by ones that count; answers how to undo it, and the count. */
function watching(): { readonly undo: () => void; readonly count: () => number } {
  let total = 0;
  // What counting itself calls costs nothing.
  let free = false;
  const undos: (() => void)[] = [];
  const put = (owner: Any, name: string, made: (original: Any) => Any): void => {
    const former = Object.getOwnPropertyDescriptor(owner, name);
    if (former === undefined) return;
    Object.defineProperty(owner, name, { configurable: true, writable: true, value: made(owner[name]) });
    undos.push(() => Object.defineProperty(owner, name, former));
  };
  const counted =
    (cost: Cost) =>
    (original: Any): Any =>
      function (this: Any, ...given: Any[]): Any {
        const result = Reflect.apply(original, this, given);
        if (!free) total += 1 + cost(this, given, result);
        return result;
      };
  for (const [owner, cost, names] of COSTS) for (const name of names) put(owner, name, counted(cost));
  put(
    RegExp.prototype,
    'exec',
    () =>
      function (this: RegExp, text: string): RegExpExecArray | null {
        if (free) return Reflect.apply(exec, this, [text]);
        free = true;
        try {
          const { index, end, steps } = search(this, String(text));
          total += steps;
          const found = Reflect.apply(exec, this, [text]);
          assert.deepEqual([found?.index ?? -1, found === null ? -1 : found.index + found[0].length], [index, end], String(this));
          return found;
        } finally {
          free = false;
        }
      },
  );
  return { undo: () => undos.forEach((undo) => void undo()), count: () => total };
}

/** What one synchronous run cost. */
export interface Counted {
  /** Blocks of the library, and what built-in functions looked at. */
  readonly steps: number;
  /** Blocks alone. */
  readonly blocks: number;
  /** The places of the library that it reached. */
  readonly places: readonly Place[];
}

/** Counts a synchronous run. */
export function countedRun(run: () => unknown): Counted {
  takeCoverage();
  const watched = watching();
  try {
    run();
  } finally {
    watched.undo();
  }
  early.clear();
  const places = takeCoverage();
  assert.deepEqual([...early], [], 'import steps.ts before the library');
  const blocks = places.reduce((sum, { count }) => sum + count, 0);
  return { places, blocks, steps: blocks + watched.count() };
}

/** The steps of one synchronous run. */
export const stepsOf = (run: () => unknown): number => countedRun(run).steps;

/**
 * How fast the steps grow: 1 where twice the input takes twice the steps, 2 where it takes four times as many. The first input is the
 * smallest, and each run is repeated once, so that what is done only the first time is not counted.
 */
export function growth(inputs: readonly string[], run: (input: string) => unknown): number {
  const [least = '', most = ''] = [inputs[0], inputs.at(-1)];
  run(least);
  const [few, many] = [stepsOf(() => run(least)), stepsOf(() => run(most))];
  return Math.log(many / few) / Math.log(most.length / least.length);
}
