/** Finds the command, runs it, and turns mistakes into exit codes. */
import { readFileSync } from 'node:fs';
import { ConfigurationError } from 'approov-guard';
import { parseArguments } from './command-line/arguments.ts';
import type { Command } from './command-line/command.ts';
import { commandHelp, globalHelp } from './command-line/help.ts';
import { suggestion } from './command-line/nearest.ts';
import { app } from './commands/app.ts';
import { authorizer } from './commands/authorizer.ts';
import { check } from './commands/check.ts';
import { cloud } from './commands/cloud.ts';
import { compile } from './commands/compile.ts';
import { doctor } from './commands/doctor.ts';
import { exempt } from './commands/exempt.ts';
import { explain } from './commands/explain.ts';
import { gateway } from './commands/gateway.ts';
import { inspect } from './commands/inspect.ts';
import { report } from './commands/report.ts';
import { request } from './commands/request.ts';
import { rotate } from './commands/rotate.ts';
import { secret } from './commands/secret.ts';
import { token } from './commands/token.ts';
import { EXIT, type Surroundings } from './terminal/surroundings.ts';
import { UsageError } from './terminal/usage-error.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  ...[token, check, inspect, secret, request, explain],
  ...[gateway, authorizer, compile],
  ...[cloud, app, report, doctor],
  ...[rotate, exempt],
];

/**
 * Runs one command line. Reads nothing but its argument and the files that it names; never throws.
 * @param surroundings - words, environment, streams, clock and folder
 * @returns the exit code: 0 accepted or done, 1 rejected, 2 wrong usage or configuration, 3 could not tell
 * @example
 * ```ts
 * import { run } from '@approov-guard/cli';
 *
 * let answer = '';
 * const stdout = { write: (text: string) => { answer += text; } };
 * const stdin = (async function* () { yield ''; })();
 * const code = await run({ argv: ['--version'], env: {}, stdin, stdout, stderr: stdout, now: Date.now, cwd: '.' });
 * console.log(code, answer); // 0 0.1.0
 * ```
 */
export async function run(surroundings: Surroundings): Promise<number> {
  try {
    return await dispatch(surroundings);
  } catch (error) {
    const { message, code } = told(error);
    if (surroundings.argv.includes('--json')) surroundings.stdout.write(`${JSON.stringify({ error: message })}\n`);
    else surroundings.stderr.write(`error: ${message}\n`);
    return code;
  }
}

function told(error: unknown): { readonly message: string; readonly code: number } {
  // What the library says of options is said of a command's, too; commands that know better names for them say it themselves.
  if (error instanceof UsageError || error instanceof ConfigurationError) return { message: error.message, code: EXIT.usage };
  // The message is left out: it may hold what was typed.
  return {
    message: `approov-guard itself failed (${error instanceof Error ? error.name : 'unknown'}); please report it`,
    code: EXIT.unknown,
  };
}

async function dispatch(surroundings: Surroundings): Promise<number> {
  const [name, ...rest] = surroundings.argv;
  if (name === '--version' || name === '-version') return answer(surroundings, `${version()}\n`);
  if (name === undefined) throw new UsageError(`name a command: ${COMMANDS.map((row) => row.name).join(', ')}; see approov-guard --help`);
  if (name === '--help' || name === '-h' || name === '-help') return answer(surroundings, globalHelp(COMMANDS));
  if (name === 'help') return answer(surroundings, rest[0] === undefined ? globalHelp(COMMANDS) : commandHelp(commandNamed(rest[0])));
  const command = commandNamed(name);
  if (command.verb !== undefined && isVerbLine(rest)) return command.verb(rest, surroundings);
  const given = parseArguments(rest, command.options, command.words);
  return given.flag('help') ? answer(surroundings, commandHelp(command)) : await command.run(given, surroundings);
}

/** Whether a line begins with a word, except for `--state FILE`, which may stand before it. */
function isVerbLine([first = '', second = '', third = '']: readonly string[]): boolean {
  const word = /^--?state$/.test(first) ? third : /^--?state=/.test(first) ? second : first;
  return word !== '' && !word.startsWith('-');
}

function commandNamed(name: string): Command {
  const found = COMMANDS.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = COMMANDS.map((command) => command.name);
  throw new UsageError(`there is no such command${suggestion(name, names)}; the commands are ${names.join(', ')}`);
}

function answer({ stdout }: Surroundings, text: string): number {
  stdout.write(text);
  return EXIT.accepted;
}

function version(): string {
  const manifest: { readonly version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return manifest.version;
}
