/** The help texts, made from the commands' own tables. */

import { columns } from '../terminal/text.ts';
import type { Command } from './command.ts';
import type { OptionTable } from './option-tables.ts';

function optionColumns(options: OptionTable): string {
  return columns(Object.entries(options).map(([name, row]) => [`--${name}${row.value === null ? '' : ` ${row.value}`}`, row.describe]));
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}\n`).join('');
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const { summary, usage, options, examples } = command;
  return `${summary}\n\nUsage:\n${indented(usage)}\nOptions:\n${optionColumns(options)}\nExamples:\n${indented(examples)}`;
}

/** The help of the whole. */
export function globalHelp(commands: readonly Command[]): string {
  return `approov-guard: mint, check and inspect Approov tokens, sign requests, and explain refusals

Usage:
  approov-guard COMMAND [OPTIONS]

Commands:
${columns(commands.map(({ name, summary }) => [name, summary]))}
Options:
  --help     show this help; approov-guard COMMAND --help shows the command's
  --version  show the version

Secrets are looked for in this order:
  --secret-file FILE, or --secret - for standard input
  APPROOV_BASE64_SECRET or APPROOV_BASE64URL_SECRET in the environment
  the same names in .env in this folder

Examples:
  echo "APPROOV_BASE64_SECRET=$(approov-guard secret --generate)" > .env
  approov-guard token -genExample api.example.com
  approov-guard token -genExample api.example.com | approov-guard check -

Exit codes: 0 accepted or done, 1 rejected, 2 wrong usage or configuration, 3 could not tell.
`;
}
