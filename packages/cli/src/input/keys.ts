/** The keys that `check` verifies with. */
import type { GuardOptions } from 'approov-guard';
import type { Arguments } from '../command-line/arguments.ts';
import type { OptionTable } from '../command-line/option-tables.ts';
import type { Surroundings } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { namesSource, readText, requiredSecret } from './secret-source.ts';

/** The options that name keys other than the account secret. */
export const KEY_OPTIONS: OptionTable = {
  jwks: { value: 'FILE', describe: 'verify with a JWK set instead of the secret' },
  pem: { value: 'FILE', describe: 'verify with a public key in PEM; needs --alg' },
  alg: {
    value: 'NAME',
    describe: 'the algorithm of the PEM key, of RSA keys without alg in the JWK set, or HS384 or HS512 for the secret',
  },
};

/**
 * Collects the keys.
 * @throws UsageError if none are found, or if two kinds are named
 */
export async function chosenKeys(given: Arguments, surroundings: Surroundings): Promise<GuardOptions['keys']> {
  const [jwks, pem] = [given.text('jwks'), given.text('pem')];
  const named = [jwks !== undefined, pem !== undefined, namesSource(given)].filter(Boolean);
  if (named.length > 1) throw new UsageError('--jwks, --pem and --secret or --secret-file exclude each other');
  const algorithm = given.text('alg');
  // The casts below hold once the guard has looked: it refuses an algorithm that it does not know, and a set that is none.
  const choice = (algorithm === undefined ? {} : { algorithm }) as { algorithm: never };
  if (jwks !== undefined) return { jwks: parsedJson(readText(jwks, '--jwks', surroundings)) as { keys: [] }, ...choice };
  if (pem !== undefined) return { pem: readText(pem, '--pem', surroundings), ...choice };
  const { secret } = await requiredSecret(given, surroundings);
  return { secret: { ...secret, ...choice } };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError('--jwks: the file holds no JSON; it must be a JWK set: { "keys": [ ... ] }');
  }
}
