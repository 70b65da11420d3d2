/** `approov-guard authorizer`: answers the proxy that stands there whether a request comes from a genuine, untampered app. */
import { ConfigurationError } from 'approov-guard';
import type { Command } from '../command-line/command.ts';
import { COMMON_OPTIONS } from '../command-line/option-tables.ts';
import { POLICY_OPTIONS, policyOf, variablesOf } from '../input/policy-source.ts';
import { EXIT } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** The command. */
export const authorizer: Command = {
  name: 'authorizer',
  summary: 'let the proxy that stands there ask whether a request is genuine: nginx, Envoy, Traefik, Caddy, HAProxy, APISIX',
  usage: ['approov-guard authorizer --for PROXY [--listen ADDRESS] [OPTIONS]', 'approov-guard authorizer --for PROXY --policy FILE'],
  options: {
    for: { value: 'PROXY', describe: 'who asks: nginx, traefik, caddy, envoy, envoy-grpc, haproxy, apisix or forward-auth' },
    listen: { value: 'ADDRESS', describe: 'where to listen, default 127.0.0.1:8004' },
    admin: { value: 'ADDRESS|none', describe: 'where to answer /live, /ready, /metrics and /policy, default 127.0.0.1:8005' },
    ...POLICY_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: ['approov-guard authorizer --for nginx', 'approov-guard authorizer --for caddy --policy policy.yaml'],
  words: 0,
  run: async (given, surroundings) => {
    const policy = policyOf(given, surroundings);
    const [proxy, listen, admin] = [given.text('for'), given.text('listen'), given.text('admin')];
    const settings = {
      ...(proxy === undefined ? {} : { for: proxy }),
      ...(listen === undefined ? {} : { listen }),
      ...(admin === undefined ? {} : { admin: admin === 'none' ? null : admin }),
    };
    // Imported only here: the other commands start without a proxy.
    const { runAuthorizer } = await import('@approov-guard/gateway');
    try {
      await runAuthorizer(policy, settings, { env: variablesOf(surroundings), stdout: surroundings.stdout, stderr: surroundings.stderr });
      return EXIT.accepted;
    } catch (error) {
      if (error instanceof ConfigurationError) throw new UsageError(error.message);
      throw error;
    }
  },
};
