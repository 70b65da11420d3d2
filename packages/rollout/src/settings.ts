/** Small checks of settings. Each throws a `ConfigurationError` that names the setting. */
import { ConfigurationError } from 'approov-guard';

/** A number within bounds, or `fallback` where it is absent. */
export function numberWithin(value: number | undefined, path: string, [min, max]: readonly [number, number], fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new ConfigurationError('option-invalid', path, `must be a number from ${min} to ${max}`);
}

/** A key of at least 16 characters. */
export function keyText(value: unknown, path: string): string {
  if (typeof value === 'string' && value.length >= 16) return value;
  throw new ConfigurationError(
    'option-invalid',
    path,
    'must be a text of at least 16 characters, the same on every instance, such as `openssl rand -hex 32` makes',
  );
}

/** Refuses names that nobody reads. */
export function knownNames(value: unknown, path: string, names: readonly string[]): void {
  if (typeof value !== 'object' || value === null) throw new ConfigurationError('option-invalid', path, 'must be an object');
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new ConfigurationError('option-unknown', `${path}.${unknown}`, `is not known; known are ${names.join(', ')}`);
}
