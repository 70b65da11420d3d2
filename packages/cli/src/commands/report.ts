/** `approov-guard report`: what enforcing now would refuse, and who that is. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigurationError } from 'approov-guard';
import type { Arguments } from '../command-line/arguments.ts';
import type { Command } from '../command-line/command.ts';
import { COMMON_OPTIONS } from '../command-line/option-tables.ts';
import { EXIT } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** The command. */
export const report: Command = {
  name: 'report',
  summary: 'read decision logs: what would enforcing refuse, and is it safe?',
  usage: ['approov-guard report LOG... [OPTIONS]'],
  options: {
    html: { value: 'FILE', describe: 'write the report as a page that stands alone' },
    days: { value: 'NUMBER', describe: 'days in a row on which the thresholds must hold, default 7' },
    'most-genuine': { value: 'PERCENT', describe: 'of requests that look genuine and would be refused, default 0.5' },
    'most-old': { value: 'PERCENT', describe: 'of requests from old versions of the app, default 0.5' },
    'most-invalid': { value: 'PERCENT', describe: 'of tokens whose signature does not hold, default 2' },
    unsupported: { value: 'VERSION', describe: 'a version of the app that may break; may be repeated', repeatable: true },
    ...COMMON_OPTIONS,
  },
  examples: [
    'approov-guard report /var/log/api/decisions',
    'approov-guard report decisions-*.jsonl.gz --html report.html --unsupported 1.0',
  ],
  words: 10_000,
  run: async (given, surroundings) => {
    if (given.words.length === 0) throw new UsageError('name the logs: files, or folders of them');
    const { htmlReport, readDecisionLogs, spellReport } = await import('@approov-guard/rollout');
    const paths = given.words.map((word) => resolve(surroundings.cwd, word));
    try {
      const found = await readDecisionLogs(paths, { thresholds: thresholdsOf(given), unsupportedVersions: given.texts('unsupported') });
      surroundings.stdout.write(given.flag('json') ? `${JSON.stringify(found)}\n` : spellReport(found));
      const file = given.text('html');
      if (file !== undefined) writeFileSync(resolve(surroundings.cwd, file), htmlReport(found));
      return found.ready ? EXIT.accepted : EXIT.rejected;
    } catch (error) {
      const { code, path } = error as NodeJS.ErrnoException;
      if (error instanceof ConfigurationError || typeof code !== 'string') throw error;
      throw new UsageError(`${path ?? 'a log'} cannot be read or written: ${code}`);
    }
  },
};

function thresholdsOf(given: Arguments): { readonly [name: string]: number } {
  const rows = [
    ['days', 'days', 1],
    ['most-genuine', 'genuine', 100],
    ['most-old', 'oldApps', 100],
    ['most-invalid', 'signatureInvalid', 100],
  ] as const;
  const pairs = rows.flatMap(([option, name, divisor]) => {
    const text = given.text(option);
    return text === undefined ? [] : [[name, (/^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN) / divisor] as const];
  });
  return Object.fromEntries(pairs);
}
