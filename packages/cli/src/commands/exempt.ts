/** `approov-guard exempt`: signs an exemption for a store's review, a device farm or a partner. */
import type { Arguments } from '../command-line/arguments.ts';
import type { Command } from '../command-line/command.ts';
import { COMMON_OPTIONS } from '../command-line/option-tables.ts';
import { variablesOf } from '../input/policy-source.ts';
import { readText } from '../input/secret-source.ts';
import { EXIT, type Surroundings } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';

const VARIABLE = 'APPROOV_EXEMPTION_KEY';

/** The command. */
export const exempt: Command = {
  name: 'exempt',
  summary: 'sign an exemption for a store review, a device farm or a partner: for some routes, until a day',
  usage: ['approov-guard exempt --id NAME --route NAME... --days NUMBER --by NAME [--key-file FILE]'],
  options: {
    id: { value: 'NAME', describe: 'its name in logs, by which it can be revoked' },
    route: { value: 'NAME', describe: 'a route of the policy, `default` for all others; may be repeated', repeatable: true },
    days: { value: 'NUMBER', describe: 'for how long, 1 to 365; a policy takes 90 unless it says otherwise' },
    by: { value: 'NAME', describe: 'who reviewed it' },
    'key-file': {
      value: 'FILE',
      describe: `a secret in base64, or an Ed25519 private key in PEM; default: ${VARIABLE} in the environment`,
    },
    ...COMMON_OPTIONS,
  },
  examples: [
    `${VARIABLE}="$(openssl rand -base64 32)" approov-guard exempt --id store-review --route default --days 14 --by anna`,
    'approov-guard exempt --id farm --route pay --days 30 --by anna --key-file exemptions.pem',
  ],
  words: 0,
  run: async (given, surroundings) => {
    const { signExemption } = await import('@approov-guard/rollout');
    const from = Math.floor(surroundings.now() / 1000);
    const days = Number(required(given, 'days'));
    if (!(days > 0 && days <= 365)) throw new UsageError('--days is a number from 1 to 365');
    const routes = given.texts('route');
    if (routes.length === 0) throw new UsageError('name the routes: --route NAME, or --route default');
    const exemption = { id: required(given, 'id'), routes, from, until: from + Math.round(days * 86_400), by: required(given, 'by') };
    const value = signExemption(exemption, keyOf(given, surroundings));
    surroundings.stdout.write(given.flag('json') ? `${JSON.stringify({ ...exemption, value })}\n` : `${value}\n`);
    if (!given.flag('json')) surroundings.stderr.write('note: whoever has it is exempt; send it as the header approov-exemption\n');
    return EXIT.accepted;
  },
};

function required(given: Arguments, name: string): string {
  const text = given.text(name);
  if (text !== undefined && text !== '') return text;
  throw new UsageError(`--${name} is missing`);
}

function keyOf(given: Arguments, surroundings: Surroundings): { readonly secret: string } | { readonly privateKey: string } {
  const text = keyText(given, surroundings).trim();
  if (text === '') throw new UsageError(`give the key: --key-file FILE, or ${VARIABLE} in the environment`);
  return text.includes('-----BEGIN') ? { privateKey: text } : { secret: text };
}

function keyText(given: Arguments, surroundings: Surroundings): string {
  const file = given.text('key-file');
  if (file === undefined) return variablesOf(surroundings)[VARIABLE] ?? '';
  return readText(file, '--key-file', surroundings);
}
