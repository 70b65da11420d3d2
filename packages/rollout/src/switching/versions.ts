/** Versions of apps, and ranges of them: what Semantic Versioning says, for one to four numbers. Linear in bounded texts. */
import { ConfigurationError, type RequestView } from 'approov-guard';
import { knownNames } from '../settings.ts';

/** For which versions of the app it is enforced. */
export interface VersionOptions {
  /** The header in which the app says its version. Nothing of it is proven. Default `x-app-version`. */
  readonly header?: string;
  /**
   * The versions, such as `>=3.2`, `^3.2 || >=4.1 <5`, `3.x`; or one such text for each platform: `{ ios: '>=3.2', android: '>=510' }`. Versions have one
   * to four numbers; builds in parentheses or after `+` do not count; `3.2.0-beta.1` comes before `3.2.0`.
   */
  readonly enforce: string | { readonly [platform: string]: string };
  /** The header in which the app says its platform. Default `x-app-platform`. */
  readonly platformHeader?: string;
}

interface Version {
  readonly numbers: readonly number[];
  /** What stands after `-`; `null` if nothing does. */
  readonly before: readonly string[] | null;
}

type Holds = (version: Version) => boolean;

const PARTS = 4;
const LONGEST_VERSION = 64;
const LONGEST_RANGE = 256;
const VERSION = /^v?(\d{1,9}(?:\.\d{1,9}){0,3})(?:-([0-9A-Za-z.-]{1,48}))?(?: ?\([^()]*\)|\+[^+]*)?$/;
const COMPARATOR = /^(>=|<=|>|<|=|\^|~)?v?(\d{1,9}(?:\.\d{1,9}){0,3})(?:\.[x*]){0,3}(?:-([0-9A-Za-z.-]{1,48}))?$/i;
/** Comes before every other of the same numbers. */
const FIRST: readonly string[] = [];

/** Tells whether a request names a version for which it is enforced. One that names none, or one that cannot be read, is not. */
export function compileVersions(options: VersionOptions, path: string): (request: RequestView) => boolean {
  knownNames(options, path, ['header', 'enforce', 'platformHeader']);
  const { enforce, header = 'x-app-version', platformHeader = 'x-app-platform' } = options;
  const [name, platformName] = [header.toLowerCase(), platformHeader.toLowerCase()];
  if (typeof enforce === 'string') {
    const holds = compileRange(enforce, `${path}.enforce`);
    return (request) => holds(oneLine(request, name));
  }
  if (typeof enforce !== 'object' || enforce === null)
    throw new ConfigurationError('option-missing', `${path}.enforce`, 'must be a range such as ">=3.2", or one for each platform');
  const ranges = new Map(
    Object.entries(enforce).map(([platform, range]) => [platform.toLowerCase(), compileRange(range, `${path}.enforce.${platform}`)]),
  );
  return (request) => ranges.get(oneLine(request, platformName).toLowerCase())?.(oneLine(request, name)) ?? false;
}

/**
 * Compiles a range of versions.
 * @returns tells whether a text is a version within the range; at most 64 characters of it are looked at
 * @throws ConfigurationError for a text that is not a range
 */
export function compileRange(text: unknown, path: string): (version: string) => boolean {
  if (typeof text !== 'string' || text.length > LONGEST_RANGE) return refuse(path);
  const alternatives = text.split('||').map((part) => {
    const words = part
      .trim()
      .replace(/([<>=^~]) +/g, '$1')
      .split(/ +/);
    return words.map((word) => compileComparator(word, path));
  });
  return (version) => {
    const parsed = parseVersion(version);
    return parsed !== null && alternatives.some((all) => all.every((holds) => holds(parsed)));
  };
}

function refuse(path: string): never {
  throw new ConfigurationError('option-invalid', path, 'must be a range of versions such as ">=3.2", "^3.2 || >=4.1 <5", or "*"');
}

function parseVersion(text: string): Version | null {
  const [, numbers, before] = text.length > LONGEST_VERSION ? [] : (VERSION.exec(text.trim()) ?? []);
  if (numbers === undefined) return null;
  return { numbers: numbers.split('.').map(Number), before: before === undefined ? null : before.split('.') };
}

function compileComparator(word: string, path: string): Holds {
  if (/^[x*]$/i.test(word)) return () => true;
  const [, operator = '=', text, before] = COMPARATOR.exec(word) ?? [];
  if (text === undefined) return refuse(path);
  const numbers = text.split('.').map(Number);
  const exact: Version = { numbers, before: before?.split('.') ?? null };
  // What is left out stands for all there are: `3.2` is every 3.2.*.
  const above: Version = before === undefined ? { numbers: raised(numbers, numbers.length - 1), before: FIRST } : exact;
  const below: Version = before === undefined ? { numbers, before: FIRST } : exact;
  switch (operator) {
    case '>=':
      return (version) => compare(version, exact) >= 0;
    case '>':
      return (version) => (before === undefined ? compare(version, above) >= 0 && version.before !== FIRST : compare(version, exact) > 0);
    case '<':
      return (version) => compare(version, below) < 0;
    case '<=':
      return (version) => (before === undefined ? compare(version, above) < 0 : compare(version, exact) <= 0);
    case '=':
      if (before !== undefined) return (version) => compare(version, exact) === 0;
      return (version) => compare(version, exact) >= 0 && compare(version, above) < 0;
    default: {
      const firstUsed = numbers.findIndex((number) => number > 0);
      const at = operator === '~' ? Math.min(1, numbers.length - 1) : firstUsed < 0 ? numbers.length - 1 : firstUsed;
      const end: Version = { numbers: raised(numbers, at), before: FIRST };
      return (version) => compare(version, exact) >= 0 && compare(version, end) < 0;
    }
  }
}

/** The first version after all that begin with these numbers up to a place. */
function raised(numbers: readonly number[], at: number): readonly number[] {
  return numbers.slice(0, at + 1).map((number, index) => (index === at ? number + 1 : number));
}

/** Semantic Versioning 2.0.0 §11. */
function compare(one: Version, other: Version): number {
  for (let index = 0; index < PARTS; index++) {
    const difference = (one.numbers[index] ?? 0) - (other.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (one.before === null || other.before === null) return Number(one.before === null) - Number(other.before === null);
  for (let index = 0; index < Math.max(one.before.length, other.before.length); index++) {
    const difference = compareWords(one.before[index], other.before[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareWords(one: string | undefined, other: string | undefined): number {
  if (one === undefined || other === undefined) return Number(other === undefined) - Number(one === undefined);
  const [first, second] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (first && second) return Number(one) - Number(other);
  if (first !== second) return first ? -1 : 1;
  return one < other ? -1 : Number(one > other);
}

function oneLine(request: RequestView, name: string): string {
  const lines = request.lines(name);
  return lines.length === 1 ? (lines[0] ?? '') : '';
}
