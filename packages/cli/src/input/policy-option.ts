/** The option `--policy`: judge by a policy file, as the gateway would. */

import { resolve } from 'node:path';
import { type Policy, ReplayStores } from 'approov-guard/policy-file';
import type { Arguments } from '../command-line/arguments.ts';
import type { OptionTable } from '../command-line/option-tables.ts';
import type { Surroundings } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { variablesOfFile } from './secret-source.ts';

/** The option. */
export const POLICY_OPTION: OptionTable = {
  policy: { value: 'FILE', describe: 'judge by a policy file in JSON or YAML, which says what the other options say' },
};

/** What goes with it: how the answer looks, when, and which request. */
const BESIDE: ReadonlySet<string> = new Set(['policy', 'at', 'entry', 'json', 'help']);

/**
 * The policy that is named, or `null` if none is. Its replay memory is empty, and nothing is asked of Redis.
 * @param options - the command's options: those that the file says exclude it
 * @param now - the moment of judgement, milliseconds since the epoch
 * @throws ConfigurationError for a file that cannot be used, with its line
 */
export async function namedPolicy(given: Arguments, surroundings: Surroundings, options: OptionTable, now: number): Promise<Policy | null> {
  const file = given.text('policy');
  if (file === undefined) return null;
  const other = Object.keys(options).find((name) => !BESIDE.has(name) && given.flag(name));
  if (other !== undefined) throw new UsageError(`--policy and --${other} exclude each other: write it into the file`);
  // Imported only here: it reads YAML, and brings the proxy along.
  const { loadGatewayPolicy } = await import('@approov-guard/gateway');
  const env = { ...variablesOfFile(surroundings), ...surroundings.env };
  const stores = ReplayStores.unasked(() => now);
  // A test secret is what one checks test tokens with.
  return loadGatewayPolicy(resolve(surroundings.cwd, file), { env, stores, guard: { now: () => now, environment: 'development' } });
}
