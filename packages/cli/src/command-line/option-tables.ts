/** The options of commands, as tables: the parser and the help read them. */

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
