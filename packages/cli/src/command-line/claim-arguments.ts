/** Reads `--claim NAME=VALUE` and `--claim NAME:=JSON`. */
import { UsageError } from '../terminal/usage-error.ts';

/** The claims that the arguments name, in order. */
export function claimsFrom(given: readonly string[]): { readonly [claim: string]: unknown } {
  return Object.fromEntries(given.map(claimFrom));
}

function claimFrom(text: string): readonly [name: string, value: unknown] {
  const [, name, json, value = ''] = /^([^=:]+)(:?)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new UsageError('--claim: write NAME=TEXT, or NAME:=JSON for a number, list or object');
  if (json === '') return [name, value];
  try {
    return [name, JSON.parse(value)];
  } catch {
    throw new UsageError(`--claim: the value of ${name} is not JSON; write ${name}=TEXT for a text`);
  }
}
