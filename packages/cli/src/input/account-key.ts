/** Finds the account's message-signing key: named source, environment, `.env`. */
import type { Arguments } from '../command-line/arguments.ts';
import type { OptionTable } from '../command-line/option-tables.ts';
import { readStandardInput, type Surroundings } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { readText, variablesOfFile } from './secret-source.ts';
import { inferredEncoding } from './secret-text.ts';

const BASE64URL = 'APPROOV_ACCOUNT_MESSAGE_SIGNING_SECRET_BASE64URL';
const BASE64 = 'APPROOV_ACCOUNT_MESSAGE_SIGNING_SECRET_BASE64';

/** The options of the commands that take the account's key. */
export const ACCOUNT_KEY_OPTIONS: OptionTable = {
  'account-key-file': { value: 'FILE', describe: `read the account's message-signing key from a file; else ${BASE64URL} or ${BASE64}` },
  'account-key': { value: '-', describe: 'read it from standard input, as `approov secret -messageSigningKey get-base64url` prints it' },
  'account-key-id': { value: 'ID', describe: 'its id, the claim mskid of tokens' },
};

/** The account's key and, if it was given, its id. */
export type FoundAccountKey = { readonly id?: string } & ({ readonly base64: string } | { readonly base64url: string });

/** @throws UsageError if there is none, or if it is too short */
export async function requiredAccountKey(given: Arguments, surroundings: Surroundings): Promise<FoundAccountKey> {
  const key = await foundKey(given, surroundings);
  if (key === null)
    throw new UsageError(`no account key found: put ${BASE64URL}=... into .env or the environment, or give --account-key-file`);
  const bytes = 'base64' in key ? Buffer.from(key.base64, 'base64') : Buffer.from(key.base64url, 'base64url');
  if (bytes.length < 32) throw new UsageError('the account key has fewer than 32 bytes; give the line that holds the key');
  const id = given.text('account-key-id');
  return id === undefined ? key : { id, ...key };
}

async function foundKey(given: Arguments, surroundings: Surroundings): Promise<FoundAccountKey | null> {
  const [file, word] = [given.text('account-key-file'), given.text('account-key')];
  if (file !== undefined && word !== undefined) throw new UsageError('--account-key-file and --account-key exclude each other');
  if (file !== undefined) return inferredEncoding(lastLine(readText(file, '--account-key-file', surroundings)));
  if (word === '-') return inferredEncoding(lastLine(await readStandardInput(surroundings)));
  if (word !== undefined) throw new UsageError('--account-key is - for standard input; a key on the command line could be seen by others');
  return among(surroundings.env) ?? among(variablesOfFile(surroundings));
}

/** The vendor's command line prints a banner, the key's id and its encoding before the key. */
function lastLine(output: string): string {
  return (
    output
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .at(-1) ?? ''
  );
}

function among(variables: Surroundings['env']): FoundAccountKey | null {
  const [base64url, base64] = [variables[BASE64URL] ?? '', variables[BASE64] ?? ''];
  if (base64url !== '') return { base64url };
  return base64 === '' ? null : { base64 };
}
