/** `approov-guard compile`: the configuration of a proxy that enforces a policy by itself, or asks the authoriser. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from '../command-line/command.ts';
import { COMMON_OPTIONS } from '../command-line/option-tables.ts';
import { POLICY_OPTIONS, policyOf, variablesOf } from '../input/policy-source.ts';
import { EXIT } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** The command. */
export const compile: Command = {
  name: 'compile',
  summary: 'print the configuration of a proxy that enforces a policy: by itself, or by asking the authoriser',
  usage: ['approov-guard compile TARGET [--policy FILE] [--to HOST:PORT] [--listen HOST:PORT] [--out FOLDER]'],
  options: {
    to: { value: 'HOST:PORT', describe: 'the server behind, default 127.0.0.1:5000' },
    listen: { value: 'HOST:PORT', describe: 'where the proxy listens, default 127.0.0.1:8002' },
    out: { value: 'FOLDER', describe: 'write the files there; what is one file is else printed' },
    ...POLICY_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    'approov-guard compile haproxy --policy policy.yaml --to 127.0.0.1:5000 > haproxy.cfg',
    'approov-guard compile nginx-njs --policy policy.yaml --to 127.0.0.1:5000 --out nginx',
    'approov-guard compile nginx > /etc/nginx/conf.d/approov.conf',
  ],
  words: 1,
  run: async (given, surroundings) => {
    const policy = policyOf(given, surroundings);
    const { compileFor } = await import('@approov-guard/gateway');
    const [target = ''] = given.words;
    const places = { to: placeOf(given.text('to') ?? '127.0.0.1:5000'), listen: given.text('listen') ?? '127.0.0.1:8002' };
    const files = compileFor(target, policy, places, variablesOf(surroundings));
    const out = given.text('out');
    if (out !== undefined) {
      for (const path of written(resolve(surroundings.cwd, out), files)) surroundings.stdout.write(`${path}\n`);
      return EXIT.accepted;
    }
    const [file, ...more] = files;
    if (more.length > 0)
      throw new UsageError(`${target} takes ${files.length} files (${files.map(({ name }) => name).join(', ')}); say where: --out FOLDER`);
    surroundings.stdout.write(file?.text ?? '');
    return EXIT.accepted;
  },
};

/** `http://127.0.0.1:5000` is said of the gateway, so it may be said here. */
function placeOf(text: string): string {
  return text.replace(/^http:\/\/([^/]+)\/?$/, '$1');
}

function written(folder: string, files: readonly { readonly name: string; readonly text: string }[]): readonly string[] {
  try {
    mkdirSync(folder, { recursive: true });
    return files.map(({ name, text }) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    });
  } catch (error) {
    throw new UsageError(`${folder} cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
}
