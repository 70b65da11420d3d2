/** Where a command that enforces a policy takes it from: a file, or the few options that most policies need. */
import { resolve } from 'node:path';
import type { Arguments } from '../command-line/arguments.ts';
import type { OptionTable } from '../command-line/option-tables.ts';
import type { Surroundings } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { variablesOfFile } from './secret-source.ts';

/** The options by which a policy is given. */
export const POLICY_OPTIONS: OptionTable = {
  bind: { value: 'HEADER', describe: 'the header to which tokens are bound, such as Authorization; may be repeated', repeatable: true },
  observe: { value: null, describe: 'refuse nothing; the server behind is told what would have been refused' },
  development: { value: null, describe: 'take secrets that are published in samples' },
  policy: { value: 'FILE', describe: 'a policy file in JSON or YAML, which says all of this and more' },
};

/** The environment, with what `.env` in this folder adds. */
export function variablesOf(surroundings: Surroundings): { readonly [name: string]: string | undefined } {
  return { ...variablesOfFile(surroundings), ...surroundings.env };
}

/** The policy that is given: a path, or a document. */
export function policyOf(given: Arguments, surroundings: Surroundings): string | { readonly [name: string]: unknown } {
  const file = given.text('policy');
  if (file !== undefined) {
    const other = ['bind', 'observe', 'development'].find((name) => given.flag(name));
    if (other === undefined) return resolve(surroundings.cwd, file);
    throw new UsageError(`--policy and --${other} exclude each other: write it into the file`);
  }
  const bind = given.texts('bind');
  const variables = variablesOf(surroundings);
  const isUrlSafe = (variables.APPROOV_BASE64_SECRET ?? '') === '' && (variables.APPROOV_BASE64URL_SECRET ?? '') !== '';
  const secret = isUrlSafe ? { base64url: { env: 'APPROOV_BASE64URL_SECRET' } } : { base64: { env: 'APPROOV_BASE64_SECRET' } };
  return {
    keys: { secret },
    ...(bind.length === 0 ? {} : { binding: { headers: bind } }),
    ...(given.flag('observe') ? { mode: 'observe' } : {}),
    ...(given.flag('development') ? { environment: 'development' } : {}),
  };
}
