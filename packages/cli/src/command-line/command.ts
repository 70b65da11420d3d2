/** What a command is. */

import type { Surroundings } from '../terminal/surroundings.ts';
import type { Arguments } from './arguments.ts';
import type { OptionTable } from './option-tables.ts';

/** One command. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly usage: readonly string[];
  readonly options: OptionTable;
  readonly examples: readonly string[];
  /** How many words beside options it takes at most. */
  readonly words: number;
  /** Does it. Answers the exit code; throws `UsageError` where it cannot begin. */
  readonly run: (given: Arguments, surroundings: Surroundings) => Promise<number>;
  /** Takes a command line whose first word is not an option, as it is: one in the manner of another program. */
  readonly verb?: (argv: readonly string[], surroundings: Surroundings) => Promise<number>;
}
