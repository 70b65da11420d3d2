/** Caddy, `forward_auth`: 2xx passes with the headers that are copied; every other answer is sent back as it is. */
import { IDENTITY_NAMES } from '../../proxy/identity.ts';
import { wholeRefusal } from '../answer.ts';
import { type AskingPolicy, lookAlikes, titled } from '../asking-policy.ts';
import { type Dialect, FORWARDED } from './dialect.ts';

export const caddy: Dialect = {
  name: 'caddy',
  // Caddy writes targets again, `|` as `%7C` for instance: the client signed what it sent, and the server behind gets the other.
  statedIn: { ...FORWARDED, target: 'x-original-uri', currentTarget: 'x-forwarded-uri' },
  mayForwardBodies: false,
  partialIn: null,
  refuse: wholeRefusal,
  configuration: (policy) => [{ name: 'Caddyfile', text: configuration(policy) }],
};

function configuration(policy: AskingPolicy): string {
  const { asks, listen, to, prefix, guarded, stripped } = policy;
  const removed = [
    ...[prefix, ...lookAlikes(prefix.slice(0, -1)).flatMap((name) => [`${name}-`, `${name}_`]), `${prefix.slice(0, -1)}_`].map(
      (name) => `${name}*`,
    ),
    ...guarded.flatMap(lookAlikes),
  ];
  // An address with a host would be a site for that name alone.
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(listen) ?? [];
  const verdict = titled(`${prefix}verdict`);
  return `# approov-guard: Caddy asks the authoriser about each request. For a server with TLS write its name in place of \`http://:${port}\`.
# Start the authoriser:  approov-guard authorizer --for caddy --policy FILE
# If it does not answer, nothing passes: Caddy answers 502.
http://:${port} {
	@socket header_regexp Upgrade (?i)^websocket$
	@plain not header_regexp Upgrade (?i)^websocket$
${host === '*' ? '' : `	bind ${host}\n`}	route {
		# The client's own identity headers go first: Caddy before 2.11.2 leaves those in place that the answer lacks (GHSA-7r4p-vjf4-gxv4).
		# Servers behind read X_Attestation_Verdict as X-Attestation-Verdict.
${removed.map((name) => `		request_header -${name}`).join('\n')}
		request_header -X-Original-Content-Length
		request_header X-Original-Content-Length {http.request.header.Content-Length}
		request_header X-Original-URI {http.request.orig_uri}
		# What the client's Connection names would be taken away after it was judged. WebSockets pass, other upgrades do not: an upgrade to
		# HTTP/2 would carry requests that nobody judges.
		request_header @socket Connection Upgrade
		request_header @plain -Connection
		request_header @plain -Upgrade
		# What \`forward_auth\` stands for, and two things more.
		reverse_proxy ${asks} {
			method GET
			rewrite {uri}
			header_up X-Forwarded-Method {method}
			header_up X-Forwarded-Uri {uri}
			header_up -Connection
			header_up -Upgrade
			# Caddy before the fix of its issue 7859 may keep a connection to the server behind among those to the authoriser: so none is kept.
			transport http {
				keepalive off
			}
			# Whatever else answers does not let a request pass.
			@ours {
				status 200
				header ${verdict} *
			}
			handle_response @ours {
${IDENTITY_NAMES.map((name) => titled(prefix + name))
  .map((name) => `				request_header ${name} {http.reverse_proxy.header.${name}}`)
  .join('\n')}
			}
		}
		request_header -X-Original-Content-Length
		request_header -X-Original-URI
${stripped.map((name) => `		request_header -${titled(name)}\n`).join('')}		reverse_proxy ${to}
	}
}
`;
}
