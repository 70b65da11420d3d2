/** Small checks of settings. Each throws a `ConfigurationError` that names the setting. */
import { ConfigurationError } from 'approov-guard';

/** Settings before anybody has looked at them. */
export type Unchecked = { readonly [name: string]: unknown };

/** Refuses what is not an object, and any member that is not in `names`. Absent is empty. */
export function checkedSection(value: unknown, path: string, names: readonly string[]): Unchecked {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return invalid(path, `must be an object; known here: ${names.join(', ')}`);
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown === undefined) return value as Unchecked;
  throw new ConfigurationError('option-unknown', `${path}.${unknown}`, `is not a setting; known here: ${names.join(', ')}`);
}

/** What a number may be, and what it is where it is left out. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
  readonly unit: string;
}

/** A number within bounds. */
export function checkedAmount(value: unknown, path: string, { min, max, fallback, unit }: Bounds): number {
  if (value === undefined) return fallback;
  return typeof value === 'number' && value >= min && value <= max
    ? value
    : invalid(path, `must be a number of ${unit} from ${min} to ${max}`);
}

/** A number within bounds, or `null` in writing for no limit. */
export function checkedLimit(
  value: unknown,
  path: string,
  bounds: Omit<Bounds, 'fallback'> & { readonly fallback: number | null },
): number | null {
  if (value === null) return null;
  return value === undefined ? bounds.fallback : checkedAmount(value, path, { ...bounds, fallback: 0 });
}

/** One or several texts as a list; `null` where there is none. */
export function checkedList(value: unknown, path: string): readonly string[] | null {
  if (value === undefined || value === null) return null;
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isText = (text: unknown): text is string => typeof text === 'string' && text !== '' && text.trim() === text;
  return texts.length > 0 && texts.every(isText) ? texts : invalid(path, 'must be a text or a list of texts, none empty');
}

/** A text that is not empty, or `fallback`. */
export function checkedText<F extends string | null>(value: unknown, path: string, fallback: F): string | F {
  if (value === undefined || value === null) return fallback;
  return typeof value === 'string' && value !== '' ? value : invalid(path, 'must be a text that is not empty');
}

/** True or false, or `fallback`. */
export function checkedFlag(value: unknown, path: string, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  return typeof value === 'boolean' ? value : invalid(path, 'must be true or false');
}

/** Refuses a setting. */
export function invalid(path: string, remedy: string): never {
  throw new ConfigurationError('option-invalid', path, remedy);
}
