/** `approov-guard compile`: the configuration of a proxy that enforces a policy by itself, or asks the authoriser. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigurationError } from 'approov-guard';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../option-tables.ts';
import { EXIT } from '../surroundings.ts';
import { UsageError } from '../usage-error.ts';
import { POLICY_OPTIONS, policyOf, variablesOf } from './policy-source.ts';

/** The command. */
export const compile: Command = {
  name: 'compile',
  summary: 'print the configuration of a proxy that enforces a policy: by itself, or by asking the authoriser',
  usage: ['approov-guard compile TARGET [--policy FILE] [--to HOST:PORT] [--listen HOST:PORT] [--out FOLDER]'],
  options: {
    to: { value: 'HOST:PORT', describe: 'the server behind, default 127.0.0.1:5000' },
    listen: { value: 'HOST:PORT', describe: 'where the proxy listens, default 127.0.0.1:8002' },
    out: { value: 'FOLDER', describe: 'write the files there, instead of printing them' },
    ...POLICY_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    'approov-guard compile haproxy --policy policy.yaml --to 127.0.0.1:5000 > haproxy.cfg',
    'approov-guard compile nginx --out /etc/nginx/approov',
    'approov-guard compile nginx > /etc/nginx/conf.d/approov.conf',
  ],
  words: 1,
  run: async (given, surroundings) => {
    const policy = policyOf(given, surroundings);
    const { compileFor } = await import('@approov-guard/gateway');
    const places = { to: given.text('to') ?? '127.0.0.1:5000', listen: given.text('listen') ?? '127.0.0.1:8002' };
    const files = told(() => compileFor(given.words[0] ?? '', policy, places, variablesOf(surroundings)));
    const out = given.text('out');
    if (out === undefined) {
      for (const { name, text } of files) surroundings.stdout.write(files.length > 1 ? `# ---- ${name}\n${text}\n` : text);
      return EXIT.accepted;
    }
    const folder = resolve(surroundings.cwd, out);
    mkdirSync(folder, { recursive: true });
    for (const { name, text } of files) {
      writeFileSync(join(folder, name), text);
      surroundings.stdout.write(`${join(folder, name)}\n`);
    }
    return EXIT.accepted;
  },
};

function told<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UsageError(error.message);
    throw error;
  }
}
