/** Caddy, `forward_auth`: 2xx passes with the headers that are copied; every other answer is sent back as it is. */
import { IDENTITY_NAMES } from '../proxy/identity.ts';
import { wholeRefusal } from './answer.ts';
import { type AskingPolicy, lookAlikes, titled } from './asking-policy.ts';
import { type Dialect, FORWARDED } from './dialect.ts';

export const caddy: Dialect = {
  name: 'caddy',
  statedIn: FORWARDED,
  mayForwardBodies: false,
  partialIn: null,
  refuse: wholeRefusal,
  configuration: (policy) => [{ name: 'Caddyfile', text: configuration(policy) }],
};

function configuration(policy: AskingPolicy): string {
  const { asks, listen, to, prefix, guarded, stripToken, tokenHeaders } = policy;
  const removed = [
    ...[prefix, ...lookAlikes(prefix.slice(0, -1)).flatMap((name) => [`${name}-`, `${name}_`]), `${prefix.slice(0, -1)}_`].map(
      (name) => `${name}*`,
    ),
    ...guarded.flatMap(lookAlikes),
  ];
  return `# approov-guard: Caddy asks the authoriser about each request. For a server with TLS write its name in place of the address.
# Start the authoriser:  approov-guard authorizer --for caddy --policy FILE
# If it does not answer, nothing passes: Caddy answers 502.
http://${listen} {
	route {
		# The client's own identity headers go first: Caddy before 2.11.2 leaves those in place that the answer lacks (GHSA-7r4p-vjf4-gxv4).
		# Servers behind read X_Attestation_Verdict as X-Attestation-Verdict.
${removed.map((name) => `		request_header -${name}`).join('\n')}
		request_header -X-Original-Content-Length
		request_header X-Original-Content-Length {http.request.header.Content-Length}
		forward_auth ${asks} {
			uri {uri}
			copy_headers ${IDENTITY_NAMES.map((name) => titled(prefix + name)).join(' ')}
		}
		request_header -X-Original-Content-Length
${stripToken ? tokenHeaders.map((name) => `		request_header -${titled(name)}\n`).join('') : ''}		reverse_proxy ${to}
	}
}
`;
}
