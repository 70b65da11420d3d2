/** What most proxies that ask do alike: GET with `X-Forwarded-*`, 2xx passes, any other answer is sent back. */
import { IDENTITY_NAMES } from '../../proxy/identity.ts';
import { wholeRefusal } from '../answer.ts';
import { type AskingPolicy, titled } from '../asking-policy.ts';
import { type Dialect, FORWARDED } from './dialect.ts';

export const forwardAuth: Dialect = {
  name: 'forward-auth',
  statedIn: FORWARDED,
  mayForwardBodies: true,
  partialIn: null,
  refuse: wholeRefusal,
  configuration: (policy) => [{ name: 'README', text: configuration(policy) }],
};

function configuration({ asks, asked, prefix, guarded }: AskingPolicy): string {
  return `# approov-guard: what a proxy has to do that asks the authoriser by forward authentication.
# Start the authoriser:  approov-guard authorizer --for forward-auth --policy FILE
#
# Ask http://${asks}/ about each request, with the client's header fields, and with these of the proxy's own in place of the client's:
#   X-Forwarded-Method, X-Forwarded-Proto, X-Forwarded-Host (host and port), X-Forwarded-Uri (path and query as they came, not normalised),
#   X-Original-Content-Length (the client's Content-Length, if the question does not keep it)
# Fields that must come along, repeated lines apart:
${asked.map((name) => `#   ${titled(name)}`).join('\n')}
# Only 200 lets the request pass. Then these fields of the answer replace those of the request; the client's own never pass:
${IDENTITY_NAMES.map((name) => `#   ${titled(prefix + name)}`).join('\n')}
# Any other answer is sent to the client as it is: status, header fields, body. No answer is a refusal, too.
# Names that servers behind read like one of these (X_Attestation_Verdict) are removed, and names that are read like
#   ${guarded.map(titled).join(', ')}
# Answers are never cached.
`;
}
