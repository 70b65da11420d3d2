/** Says a mistake in the guard's options in the words of the command line. */
import { ConfigurationError } from 'approov-guard';
import { UsageError } from '../terminal/usage-error.ts';
import { withoutPath } from './secret-text.ts';

/** How the paths of the guard's options begin, and what the command line calls them. */
export type ArgumentNames = readonly (readonly [path: RegExp, argument: string])[];

const OF_KEYS_AND_TOKEN: ArgumentNames = [
  [/^keys\.jwks/, '--jwks'],
  [/^keys$/, '--jwks'],
  [/^keys(?:\.secret)?\.algorithm$/, '--alg'],
  [/^keys\.pem$/, '--pem'],
  [/^token\.prefix$/, '--prefix'],
];

/**
 * Tells the user which argument the guard refuses. Anything but a {@link ConfigurationError} is thrown as it is.
 * @param names - the command's own arguments, beside those that name keys and the prefix
 */
export function blameArgument(error: unknown, names: ArgumentNames): never {
  if (!(error instanceof ConfigurationError)) throw error;
  const argument = [...OF_KEYS_AND_TOKEN, ...names].reduce((path, [option, name]) => path.replace(option, name), error.path);
  throw new UsageError(`${argument}: ${withoutPath(error)}`);
}
