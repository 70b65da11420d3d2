/** What a verb of the vendor's command line is, and what goes in and out. Calls and answers are plain data: a running server may do the work. */
import type { Cloud } from '../cloud.ts';
import type { AccountState } from '../state/state.ts';

/** An option of a verb. */
export interface VerbOption {
  /** What stands for the value in the help; `null`: a switch. */
  readonly value: string | null;
  readonly describe: string;
  /** The value names a file that is read before the call, or written after it. */
  readonly file?: 'in' | 'out';
}

/** A command line that was read. */
export interface VerbCall {
  readonly verb: string;
  /** By the option's name as the table has it; `true` for a switch. */
  readonly options: { readonly [name: string]: string | true };
  readonly words: readonly string[];
  /** The content of files that options name, base64. */
  readonly files: { readonly [option: string]: string };
  /** `APPROOV_ROLE`, such as `admin:local`; `null`: not set. */
  readonly role: string | null;
}

/** What came of it. */
export interface VerbAnswer {
  /** Lines for standard output: what a script reads stands alone on the last one. */
  readonly out: readonly string[];
  /** Lines for standard error. */
  readonly notes: readonly string[];
  /** Files to write. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** 0 done; 1 the answer is no. */
  readonly code: 0 | 1;
}

/** What a verb works with. */
export interface VerbContext {
  readonly cloud: Cloud;
  /** The account that the role names. */
  readonly account: string;
  /** Where the cloud is, or would be, reached. */
  readonly url: string;
  /** Whether a server runs on the state, so that what is only in memory lasts. */
  readonly running: boolean;
  readonly words: readonly string[];
  /** Whether an option was given. */
  readonly has: (name: string) => boolean;
  /** The value of an option, or `undefined`. */
  readonly text: (name: string) => string | undefined;
  /** The value of an option that takes `on` or `off`. */
  readonly onOff: (name: string) => boolean | undefined;
  /** The content of the file that an option names. */
  readonly file: (name: string) => Uint8Array;
  readonly change: <T>(change: (account: AccountState) => T) => T;
  /** The account as it is now. */
  readonly state: () => Readonly<AccountState>;
}

/** A verb. */
export interface Verb {
  readonly name: string;
  readonly summary: string;
  /** Whether the vendor asks for an administration role. */
  readonly admin: boolean;
  readonly options: { readonly [name: string]: VerbOption };
  /** How many words beside options it takes. */
  readonly words: number;
  readonly run: (context: VerbContext) => Partial<VerbAnswer> | Promise<Partial<VerbAnswer>>;
}

/** An option with a value. */
export function valued(value: string, describe: string, file?: 'in' | 'out'): VerbOption {
  return { value, describe, ...(file === undefined ? {} : { file }) };
}

/** A switch. */
export function flag(describe: string): VerbOption {
  return { value: null, describe };
}

/** An option that takes `on` or `off`. */
export function onOff(describe: string): VerbOption {
  return valued('on|off', describe);
}
