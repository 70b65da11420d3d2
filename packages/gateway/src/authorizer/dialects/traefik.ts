/** Traefik, `forwardAuth`: any 2xx passes; every other answer is sent back as it is. Headers that we do not return are removed. */
import { IDENTITY_NAMES } from '../../proxy/identity.ts';
import { wholeRefusal } from '../answer.ts';
import { type AskingPolicy, lookAlikes, titled } from '../asking-policy.ts';
import { type Dialect, FORWARDED } from './dialect.ts';

export const traefik: Dialect = {
  name: 'traefik',
  statedIn: { ...FORWARDED, length: null },
  mayForwardBodies: true,
  partialIn: null,
  refuse: wholeRefusal,
  configuration: (policy) => [{ name: 'approov.yaml', text: configuration(policy) }],
};

function configuration(policy: AskingPolicy): string {
  const { asks, to, prefix, forwardsBodies, maxBodyBytes, guarded, stripped } = policy;
  const removed = [...IDENTITY_NAMES.flatMap((name) => lookAlikes(prefix + name)), ...guarded.flatMap(lookAlikes)];
  return `# approov-guard: Traefik (v3, file provider) asks the authoriser about each request.
# Start the authoriser:  approov-guard authorizer --for traefik --policy FILE
# If it does not answer, nothing passes: Traefik answers 500.
# trustForwardHeader stays off: what the client writes into X-Forwarded-* must not count.
http:
  routers:
    approov:
      rule: PathPrefix(\`/\`)
      entryPoints: [web]
      service: approov-behind
      # In this order: the names that are only read like ours are removed, the authoriser is asked, and what was for it alone is removed.
      middlewares: [approov-names, approov-authorizer, approov-strip]
  middlewares:
    approov-names:
      headers:
        # Servers behind read X_Attestation_Verdict as X-Attestation-Verdict.
        customRequestHeaders:
${removed.map((name) => `          ${titled(name)}: ""`).join('\n')}
    approov-authorizer:
      forwardAuth:
        address: http://${asks}/
        # authRequestHeaders is left out: all request headers are needed, and all are sent.
        authResponseHeaders:
${IDENTITY_NAMES.map((name) => `          - ${titled(prefix + name)}`).join('\n')}
        forwardBody: ${forwardsBodies}
${forwardsBodies ? `        maxBodySize: ${maxBodyBytes}\n` : ''}    approov-strip:
      headers:
        customRequestHeaders:
${stripped.map((name) => `          ${titled(name)}: ""`).join('\n')}
  services:
    approov-behind:
      loadBalancer:
        servers:
          - url: http://${to}
`;
}
