/** `approov-guard gateway`: a reverse proxy that lets only requests of genuine, untampered apps through. */
import type { Arguments } from '../command-line/arguments.ts';
import type { Command } from '../command-line/command.ts';
import { adminOptions, COMMON_OPTIONS, listenOptions } from '../command-line/option-tables.ts';
import { POLICY_OPTIONS, policyOf, variablesOf } from '../input/policy-source.ts';
import { EXIT, type Surroundings } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** The command. */
export const gateway: Command = {
  name: 'gateway',
  summary: 'stand in front of a server in any language, and let only genuine requests through',
  usage: ['approov-guard gateway --to URL [--listen ADDRESS] [OPTIONS]', 'approov-guard gateway --policy FILE'],
  options: {
    to: { value: 'URL', describe: 'the server behind, such as http://127.0.0.1:5000; may be repeated', repeatable: true },
    ...listenOptions('127.0.0.1:8002'),
    ...adminOptions('127.0.0.1:8003'),
    ...POLICY_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    'approov-guard gateway --to http://127.0.0.1:5000',
    'approov-guard gateway --to http://127.0.0.1:5000 --bind Authorization --listen 0.0.0.0:8002',
    'approov-guard gateway --policy policy.yaml',
  ],
  words: 0,
  run: async (given, surroundings) => {
    const policy = policyFrom(given, surroundings);
    const env = variablesOf(surroundings);
    // Imported only here: the other commands start without a proxy.
    const { runGateway } = await import('@approov-guard/gateway');
    await runGateway(policy, { env, stdout: surroundings.stdout, stderr: surroundings.stderr });
    return EXIT.accepted;
  },
};

function policyFrom(given: Arguments, surroundings: Surroundings): string | { readonly [name: string]: unknown } {
  const policy = policyOf(given, surroundings);
  const to = given.texts('to');
  if (typeof policy === 'string') {
    const other = ['to', 'listen', 'admin'].find((name) => given.flag(name));
    if (other === undefined) return policy;
    throw new UsageError(`--policy and --${other} exclude each other: write it into the file`);
  }
  if (to.length === 0) throw new UsageError('say where requests go: --to http://127.0.0.1:5000, or --policy FILE');
  const [listen, admin] = [given.text('listen'), given.text('admin')];
  return {
    ...policy,
    gateway: {
      to,
      ...(listen === undefined ? {} : { listen }),
      ...(admin === undefined ? {} : { admin: admin === 'none' ? null : admin }),
    },
  };
}
