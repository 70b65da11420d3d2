/** `approov-guard gateway`: a reverse proxy that lets only requests of genuine, untampered apps through. */
import { resolve } from 'node:path';
import { ConfigurationError } from 'approov-guard';
import type { Arguments } from '../arguments.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../option-tables.ts';
import { variablesOfFile } from '../secret-source.ts';
import { EXIT, type Surroundings } from '../surroundings.ts';
import { UsageError } from '../usage-error.ts';

/** The command. */
export const gateway: Command = {
  name: 'gateway',
  summary: 'stand in front of a server in any language, and let only genuine requests through',
  usage: ['approov-guard gateway --to URL [--listen ADDRESS] [OPTIONS]', 'approov-guard gateway --policy FILE'],
  options: {
    to: { value: 'URL', describe: 'the server behind, such as http://127.0.0.1:5000; may be repeated', repeatable: true },
    listen: { value: 'ADDRESS', describe: 'where to listen, default 127.0.0.1:8002' },
    admin: { value: 'ADDRESS|none', describe: 'where to answer /live, /ready, /metrics and /policy, default 127.0.0.1:8003' },
    bind: { value: 'HEADER', describe: 'the header to which tokens are bound, such as Authorization; may be repeated', repeatable: true },
    observe: { value: null, describe: 'refuse nothing; the server behind is told what would have been refused' },
    development: { value: null, describe: 'take secrets that are published in samples' },
    policy: { value: 'FILE', describe: 'a policy file in JSON or YAML, which says all of this and more' },
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
    const env = { ...variablesOfFile(surroundings), ...surroundings.env };
    // Imported only here: the other commands start without a proxy.
    const { runGateway } = await import('@approov-guard/gateway');
    try {
      await runGateway(policy, { env, stdout: surroundings.stdout, stderr: surroundings.stderr });
      return EXIT.accepted;
    } catch (error) {
      if (error instanceof ConfigurationError) throw new UsageError(error.message);
      throw error;
    }
  },
};

const WITH_TO = ['listen', 'admin', 'bind', 'observe', 'development'] as const;

function policyFrom(given: Arguments, surroundings: Surroundings): string | { readonly [name: string]: unknown } {
  const [file, to] = [given.text('policy'), given.texts('to')];
  if (file !== undefined) {
    const other = ['to', ...WITH_TO].find((name) => given.flag(name));
    if (other === undefined) return resolve(surroundings.cwd, file);
    throw new UsageError(`--policy and --${other} exclude each other: write it into the file`);
  }
  if (to.length === 0) throw new UsageError('say where requests go: --to http://127.0.0.1:5000, or --policy FILE');
  const [listen, admin, bind] = [given.text('listen'), given.text('admin'), given.texts('bind')];
  const variables = { ...variablesOfFile(surroundings), ...surroundings.env };
  const isUrlSafe = (variables.APPROOV_BASE64_SECRET ?? '') === '' && (variables.APPROOV_BASE64URL_SECRET ?? '') !== '';
  const secret = isUrlSafe ? { base64url: { env: 'APPROOV_BASE64URL_SECRET' } } : { base64: { env: 'APPROOV_BASE64_SECRET' } };
  return {
    keys: { secret },
    ...(bind.length === 0 ? {} : { binding: { headers: bind } }),
    ...(given.flag('observe') ? { mode: 'observe' } : {}),
    ...(given.flag('development') ? { environment: 'development' } : {}),
    gateway: {
      to,
      ...(listen === undefined ? {} : { listen }),
      ...(admin === undefined ? {} : { admin: admin === 'none' ? null : admin }),
    },
  };
}
