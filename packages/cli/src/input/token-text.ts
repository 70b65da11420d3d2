/** Reads the token argument, and the parts of a token without trusting them. */
import type { Arguments } from '../command-line/arguments.ts';
import { readStandardInput, type Surroundings } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** The word TOKEN, or the standard input for `-`, without the white space around it. */
export async function tokenArgument(given: Arguments, surroundings: Surroundings): Promise<string> {
  const [word] = given.words;
  if (word === undefined) throw new UsageError('give the token, or - to read it from standard input');
  if (word !== '-') return word.trim();
  if (given.flag('secret') && given.text('secret') === '-')
    throw new UsageError('the token and the secret cannot both come from standard input');
  return (await readStandardInput(surroundings)).trim();
}

/** A segment decoded without trust: the JSON object in it, or `null`. */
export function unverifiedObject(segment: string | undefined): { readonly [member: string]: unknown } | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment ?? '', 'base64url').toString('utf8'));
    // The cast holds: what is not a primitive, not null and not an array is an object with text keys.
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { readonly [member: string]: unknown }) : null;
  } catch {
    return null;
  }
}
