/** `approov-guard authorizer`: answers the proxy that stands there whether a request comes from a genuine, untampered app. */
import type { Command } from '../command-line/command.ts';
import { adminOptions, COMMON_OPTIONS, listenOptions } from '../command-line/option-tables.ts';
import { POLICY_OPTIONS, policyOf, variablesOf } from '../input/policy-source.ts';
import { EXIT } from '../terminal/surroundings.ts';

/** The command. */
export const authorizer: Command = {
  name: 'authorizer',
  summary: 'let the proxy that stands there ask whether a request is genuine: nginx, Envoy, Traefik, Caddy, HAProxy, APISIX',
  usage: ['approov-guard authorizer --for PROXY [--listen ADDRESS] [OPTIONS]', 'approov-guard authorizer --for PROXY --policy FILE'],
  options: {
    for: { value: 'PROXY', describe: 'who asks: nginx, traefik, caddy, envoy, envoy-grpc, haproxy, apisix or forward-auth' },
    ...listenOptions('127.0.0.1:8004'),
    ...adminOptions('127.0.0.1:8005'),
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
    await runAuthorizer(policy, settings, { env: variablesOf(surroundings), stdout: surroundings.stdout, stderr: surroundings.stderr });
    return EXIT.accepted;
  },
};
