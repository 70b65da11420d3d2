/** Finds the account secret: named source, environment, `.env`. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { fileText } from 'approov-guard/keys-file';
import type { Arguments } from '../command-line/arguments.ts';
import { readStandardInput, type Surroundings } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { type FoundSecret, inferredEncoding, keyLine, secretOf, type UsableSecret, usableSecret } from './secret-text.ts';

const BASE64 = 'APPROOV_BASE64_SECRET';
const BASE64URL = 'APPROOV_BASE64URL_SECRET';

/** What to do where no secret was found. */
const REMEDY = `no secret found: put ${BASE64}=... into .env or the environment, or give --secret-file FILE or --secret - (standard input). For tests, make one with: approov-guard secret --generate`;

/** Whether an option names the source of the secret. */
export function namesSource(given: Arguments): boolean {
  return given.text('secret') !== undefined || given.text('secret-file') !== undefined;
}

/**
 * Finds the secret and asks the guard whether it would take it. Says on stderr if it is published, or visible to others.
 * @throws UsageError if there is none, or if it cannot be used
 */
export async function requiredSecret(given: Arguments, surroundings: Surroundings): Promise<UsableSecret> {
  const found = (await namedSecret(given, surroundings)) ?? secretFromEnvironment(surroundings);
  if (found === null) throw new UsageError(REMEDY);
  const usable = usableSecret(found);
  if (usable.published)
    surroundings.stderr.write(`warning: the secret from ${found.from} is published in samples: anybody can sign with it\n`);
  return usable;
}

async function namedSecret(given: Arguments, surroundings: Surroundings): Promise<FoundSecret | null> {
  const [value, file] = [given.text('secret'), given.text('secret-file')];
  if (value !== undefined && file !== undefined) throw new UsageError('--secret and --secret-file exclude each other');
  if (file !== undefined) return inferred(readText(file, '--secret-file', surroundings), file);
  if (value === undefined) return null;
  if (value === '-') return inferred(await readStandardInput(surroundings), 'standard input');
  surroundings.stderr.write(
    'warning: a secret on the command line is visible in the process list and in the shell history; use .env, --secret-file or --secret -\n',
  );
  return inferred(value, '--secret');
}

function inferred(output: string, from: string): FoundSecret {
  return { secret: inferredEncoding(secretOf(output, from)), from };
}

/** Reads a file that an option names. */
export function readText(file: string, option: string, surroundings: Surroundings): string {
  return fileText(readBytes(file, option, surroundings));
}

/** The same as bytes. */
export function readBytes(file: string, option: string, { cwd }: Surroundings): Buffer {
  try {
    return readFileSync(resolve(cwd, file));
  } catch {
    // A secret that was given in place of a name is not repeated.
    const shown = /^[\w+/=-]{32,}$/.test(file) ? '' : ` ${file}`;
    throw new UsageError(`${option}: the file${shown} cannot be read; check its name and permissions`);
  }
}

function secretFromEnvironment(surroundings: Surroundings): FoundSecret | null {
  return secretAmong(surroundings.env, 'the environment') ?? secretAmong(variablesOfFile(surroundings), '.env');
}

function secretAmong(variables: Surroundings['env'], place: string): FoundSecret | null {
  const [base64, base64url] = [variables[BASE64] ?? '', variables[BASE64URL] ?? ''];
  if (base64 !== '' && base64url !== '') throw new UsageError(`both ${BASE64} and ${BASE64URL} are set in ${place}; leave one`);
  if (base64 !== '') return { secret: { base64: keyLine(base64, BASE64) }, from: `${BASE64} in ${place}` };
  return base64url === '' ? null : { secret: { base64url: keyLine(base64url, BASE64URL) }, from: `${BASE64URL} in ${place}` };
}

/** The variables in `.env` of the current folder. */
export function variablesOfFile({ cwd }: Surroundings): Surroundings['env'] {
  let text: string;
  try {
    text = fileText(readFileSync(resolve(cwd, '.env')));
  } catch {
    return {};
  }
  // The cast holds: parseEnv answers one text for each name.
  return parseEnv(text) as Surroundings['env'];
}
