/**
 * How many steps a backtracking matcher takes for a regular expression: the engine of the platform tells nobody. It reads what the library's
 * expressions are made of, and each answer is compared with the platform's, so that a count of another search is never believed.
 */

type Instruction =
  | { readonly op: 'one'; readonly is: (code: string) => boolean }
  | { readonly op: 'at'; readonly is: (text: string, at: number) => boolean }
  | { readonly op: 'fork'; readonly first: number; readonly second: number }
  | { readonly op: 'jump'; readonly to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'again'; readonly slot: number }
  | { readonly op: 'look'; readonly program: Program; readonly wanted: boolean }
  | { readonly op: 'moved'; readonly slot: number };
type Program = Instruction[];

/** A search that takes more is given up: it has failed the test that counts, and would not end soon. */
const MOST_STEPS = 5e7;
/** What is repeated so often is not unrolled: no expression of the library does. */
const MOST_COPIES = 1000;

class Compiler {
  readonly #source: string;
  readonly #flags: string;
  #at = 0;
  #groups = 0;
  /** Slots of captures (two each), then those that tell whether a repetition moved. */
  slots = 0;

  constructor({ source, flags }: RegExp) {
    this.#source = source;
    this.#flags = flags.replace(/[gy]/g, '');
    this.slots = 2 * (1 + (source.match(/\((?!\?)/g) ?? []).length);
  }

  alternatives(): Program {
    const first = this.#sequence();
    if (this.#source[this.#at] !== '|') return first;
    this.#at++;
    const second = this.alternatives();
    return [{ op: 'fork', first: 1, second: first.length + 2 }, ...first, { op: 'jump', to: second.length + 1 }, ...second];
  }

  #sequence(): Program {
    const program: Program = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source.charAt(this.#at))) program.push(...this.#repeated(this.#atom()));
    return program;
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    const sticky = new RegExp(pattern, 'y');
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#source);
    this.#at += found?.[0].length ?? 0;
    return found;
  }

  #atom(): Program {
    const group = this.#take(/\((\?[:=!]|\?<[=!a-z])?/);
    if (group !== null) return this.#group(group[1]);
    const anchor = this.#take(/[$^]|\\[bB]/);
    if (anchor !== null) {
      const there = new RegExp(anchor[0], `y${this.#flags}`);
      const is = (text: string, at: number): boolean => {
        there.lastIndex = at;
        return there.test(text);
      };
      return [{ op: 'at', is }];
    }
    const again = this.#take(/\\([1-9])/);
    if (again !== null) return [{ op: 'again', slot: 2 * Number(again[1]) }];
    const one = this.#take(/\[\^?(?:\\.|[^\]\\])*\]|\\u\{[0-9a-f]+\}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\[pP]\{\w+\}|\\.|[\s\S]/i);
    if (one === null) throw new SyntaxError(`not understood: ${this.#source}`);
    const whole = new RegExp(`^${one[0]}$`, this.#flags.replace('m', ''));
    const known = new Map<string, boolean>();
    const is = (character: string): boolean => {
      const answer = known.get(character) ?? whole.test(character);
      known.set(character, answer);
      return answer;
    };
    return [{ op: 'one', is }];
  }

  #group(kind: string | undefined): Program {
    if (kind !== undefined && !['?:', '?=', '?!'].includes(kind)) throw new SyntaxError(`not understood: ${this.#source}`);
    const slot = kind === undefined ? 2 * ++this.#groups : 0;
    const inner = this.alternatives();
    this.#at++;
    if (kind === '?:') return inner;
    if (kind === undefined) return [{ op: 'save', slot }, ...inner, { op: 'save', slot: slot + 1 }];
    return [{ op: 'look', program: inner, wanted: kind === '?=' }];
  }

  #repeated(atom: Program): Program {
    const found = this.#take(/(?:[*+?]|\{(\d+)(,?)(\d*)\})(\?)?/);
    if (found === null) return atom;
    const [all, from, comma, to, lazy] = found;
    const sign = all.charAt(0);
    const least = from === undefined ? Number(sign === '+') : Number(from);
    const most = from === undefined ? (sign === '?' ? 1 : Infinity) : comma === '' ? least : to === '' ? Infinity : Number(to);
    if (Math.max(least, most === Infinity ? 0 : most) > MOST_COPIES) throw new SyntaxError(`not understood: ${this.#source}`);
    const program = Array.from({ length: least }, () => atom).flat();
    const fork = (skip: number): Instruction =>
      lazy === undefined ? { op: 'fork', first: 1, second: skip } : { op: 'fork', first: skip, second: 1 };
    if (most < Infinity) {
      const optional = Array.from({ length: most - least }, (_, index) => [fork((most - least - index) * (atom.length + 1)), ...atom]);
      return [...program, ...optional.flat()];
    }
    // What is one character always moves on.
    if (atom.length === 1 && atom[0]?.op === 'one') return [...program, fork(3), ...atom, { op: 'jump', to: -2 }];
    const slot = this.slots++;
    const body: Program = [{ op: 'save', slot }, ...atom, { op: 'moved', slot }];
    return [...program, fork(body.length + 2), ...body, { op: 'jump', to: -(body.length + 1) }];
  }
}

interface Thread {
  readonly next: number;
  readonly at: number;
  readonly saved: readonly number[];
}

/** One search: where the match begins and ends (-1: there is none), and what it took. */
interface Search {
  readonly index: number;
  readonly end: number;
  readonly steps: number;
}

const compiled = new Map<string, { readonly program: Program; readonly slots: number }>();

function programOf(expression: RegExp): { readonly program: Program; readonly slots: number } {
  const known = compiled.get(String(expression));
  if (known !== undefined) return known;
  const compiler = new Compiler(expression);
  const made = { program: compiler.alternatives(), slots: compiler.slots };
  compiled.set(String(expression), made);
  return made;
}

/** Searches as `exec` does, from `lastIndex` on where the flags say so. */
export function search(expression: RegExp, text: string): Search {
  const { program, slots } = programOf(expression);
  const unicode = expression.unicode;
  let steps = 0;
  const run = (instructions: Program, start: number, given: readonly number[]): number => {
    const threads: Thread[] = [{ next: 0, at: start, saved: given }];
    for (let thread = threads.pop(); thread !== undefined; thread = threads.pop()) {
      let { next, at, saved } = thread;
      for (let alive = true; alive; ) {
        if (++steps > MOST_STEPS) throw new RangeError(`${expression} takes more than ${MOST_STEPS} steps`);
        const instruction = instructions[next];
        if (instruction === undefined) return at;
        next++;
        if (instruction.op === 'one') {
          const character = unicode && at < text.length ? String.fromCodePoint(text.codePointAt(at) ?? 0) : text.charAt(at);
          alive = at < text.length && instruction.is(character);
          at += character.length;
        } else if (instruction.op === 'fork') {
          threads.push({ next: next - 1 + instruction.second, at, saved });
          next += instruction.first - 1;
        } else if (instruction.op === 'jump') next += instruction.to - 1;
        else if (instruction.op === 'save') {
          const copy = saved.slice();
          copy[instruction.slot] = at;
          saved = copy;
        } else if (instruction.op === 'moved') alive = saved[instruction.slot] !== at;
        else if (instruction.op === 'at') alive = instruction.is(text, at);
        else if (instruction.op === 'look') alive = run(instruction.program, at, saved) >= 0 === instruction.wanted;
        else {
          const same = text.slice(saved[instruction.slot], saved[instruction.slot + 1]);
          alive = text.startsWith(same, at);
          at += same.length;
          steps += same.length;
        }
      }
    }
    return -1;
  };
  const from = expression.global || expression.sticky ? expression.lastIndex : 0;
  const nothing = new Array<number>(slots).fill(0);
  for (let index = from; index <= text.length; index += unicode && (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1) {
    const end = run(program, index, nothing);
    if (end >= 0) return { index, end, steps };
    if (expression.sticky) break;
  }
  return { index: -1, end: -1, steps };
}
