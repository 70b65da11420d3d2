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

/** What several commands ask for alike. Each takes what it needs under the name that it has there. */
export const SHARED_OPTIONS: { readonly [name in 'at' | 'audience' | 'claim' | 'header' | 'prefix']: OptionRow } = {
  at: { value: 'TIME', describe: 'judge as of this time: seconds since 1970, or 2023-11-14T22:13:20Z' },
  audience: { value: 'TEXT', describe: 'demand this aud; may be repeated. Default: not checked', repeatable: true },
  claim: { value: 'NAME=VALUE', describe: 'add a claim of type text; NAME:=JSON for other types; may be repeated', repeatable: true },
  header: { value: 'NAME:VALUE', describe: 'a header of the app; may be repeated', repeatable: true },
  prefix: { value: 'WORD', describe: 'the scheme before the token, such as Bearer' },
};

/** Where a server of ours listens. @param place - if nothing is said */
export function listenOptions(place: string): { readonly listen: OptionRow } {
  return { listen: { value: 'ADDRESS', describe: `where to listen, default ${place}` } };
}

/** Where it tells how it is. @param place - if nothing is said */
export function adminOptions(place: string): { readonly admin: OptionRow } {
  return { admin: { value: 'ADDRESS|none', describe: `where to answer /live, /ready, /metrics and /policy, default ${place}` } };
}
