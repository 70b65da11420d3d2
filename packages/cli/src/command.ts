/** What a command is. */
import type { Arguments } from './arguments.ts';
import type { Surroundings } from './surroundings.ts';

/** One option of a command. */
export interface OptionRow {
  /** What stands for the value in the help, such as `TEXT`; `null` for a switch. */
  readonly value: string | null;
  readonly describe: string;
  /** Whether it may be given more than once. */
  readonly repeatable?: boolean;
}

/** A command's options by their names, without dashes. */
export type OptionTable = { readonly [name: string]: OptionRow };

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
}

/** The options of every command. */
export const COMMON_OPTIONS: OptionTable = {
  json: { value: null, describe: 'answer with one JSON object' },
  help: { value: null, describe: 'show this help' },
};

/** The options of the commands that need the account secret. */
export const SECRET_OPTIONS: OptionTable = {
  'secret-file': { value: 'FILE', describe: 'read the account secret from a file' },
  secret: { value: '-|VALUE', describe: 'read the account secret from standard input; a VALUE is visible to other users of this machine' },
};
