/**
 * The one look at the environment: is this production, and does `DEBUG` name this package? Nothing else is ever read from it. It may be absent
 * (Workers), or closed (Deno without `--allow-env`).
 */
import { checkedWord } from './option-checks.ts';

/**
 * Tells whether published test secrets, and tokens of emulators, are to be refused, and hints to be kept back. The option decides; without it
 * `NODE_ENV` does: that of the process, or the one for which a bundle was built.
 */
export function isProduction(environment: unknown): boolean {
  const fallback = isBuiltForProduction() || variable('NODE_ENV') === 'production' ? 'production' : 'development';
  return checkedWord(environment, 'environment', ['production', 'development'], fallback) === 'production';
}

/** Tells whether `DEBUG` names a thing, as the package `debug` reads it: names between commas or spaces, `*` for anything, `-` before what is left out. */
export function isDebugged(name: string): boolean {
  const patterns = (variable('DEBUG') ?? '').split(/[\s,]+/);
  const names = (pattern: string): boolean => covers(pattern, name);
  return patterns.some(names) && !patterns.some((pattern) => pattern.startsWith('-') && names(pattern.slice(1)));
}

/** Bundlers replace the name that stands here by a text, and platforms without `process` have it from nowhere else. */
function isBuiltForProduction(): boolean {
  try {
    return process.env.NODE_ENV === 'production';
  } catch {
    return false;
  }
}

function variable(name: 'NODE_ENV' | 'DEBUG'): string | undefined {
  try {
    const value: unknown = globalThis.process?.env?.[name];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a pattern with `*` covers the whole name. */
function covers(pattern: string, name: string): boolean {
  const [start = '', ...parts] = pattern.split('*');
  const end = parts.pop();
  if (end === undefined) return start === name;
  if (!name.startsWith(start)) return false;
  let from = start.length;
  for (const part of parts) {
    const found = name.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return name.length - end.length >= from && name.endsWith(end);
}
