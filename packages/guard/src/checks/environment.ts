/** The one place where the library looks at its environment: is this production? */
import { checkedWord } from './option-checks.ts';

/**
 * Tells whether published test secrets, and tokens of emulators, are to be refused. The option decides; without it `NODE_ENV` does. Nothing else is ever
 * read from the environment.
 */
export function isProduction(environment: unknown): boolean {
  const fallback = nodeEnvironment() === 'production' ? 'production' : 'development';
  return checkedWord(environment, 'environment', ['production', 'development'], fallback) === 'production';
}

function nodeEnvironment(): string | undefined {
  return globalThis.process?.env?.NODE_ENV;
}
