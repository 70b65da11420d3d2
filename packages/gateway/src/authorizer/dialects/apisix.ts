/** APISIX, `forward-auth`: a status below 300 passes; other answers are sent back with their body and the headers that are listed. */
import { IDENTITY_NAMES } from '../../proxy/identity.ts';
import { wholeRefusal } from '../answer.ts';
import { type AskingPolicy, titled } from '../asking-policy.ts';
import { type Dialect, FORWARDED } from './dialect.ts';

export const apisix: Dialect = {
  name: 'apisix',
  statedIn: { ...FORWARDED, length: null },
  mayForwardBodies: true,
  partialIn: null,
  refuse: wholeRefusal,
  configuration: (policy) => [{ name: 'apisix-route.json', text: configuration(policy) }],
};

/**
 * APISIX passes names with underscores on, and servers behind read `X_Attestation_Verdict` as `X-Attestation-Verdict`: no such name goes further.
 * 0: without it, only a hundred are seen. `true`: the names as they were sent.
 */
const WITHOUT_UNDERSCORES = `return function()
  for name in pairs(ngx.req.get_headers(0, true)) do
    if string.find(name, "_", 1, true) then ngx.req.clear_header(name) end
  end
end`;

/** The body of PUT /apisix/admin/routes/approov. JSON has no comments; the page says what stands behind each line. */
function configuration({ asks, to, asked, prefix, forwardsBodies, stripped }: AskingPolicy): string {
  // The proxy computes the length of the question itself.
  const sent = asked.filter((name) => name !== 'content-length');
  const route = {
    desc: 'approov-guard: APISIX asks the authoriser (approov-guard authorizer --for apisix --policy FILE) about each request',
    uri: '/*',
    plugins: {
      // Its priority is the higher one.
      'serverless-pre-function': { phase: 'rewrite', functions: [WITHOUT_UNDERSCORES] },
      'forward-auth': {
        uri: `http://${asks}/`,
        request_method: forwardsBodies ? 'POST' : 'GET',
        request_headers: sent.map(titled),
        // A header that is listed and not returned is removed.
        upstream_headers: [...IDENTITY_NAMES.map((name) => prefix + name), ...stripped].map(titled),
        client_headers: ['Content-Type', 'WWW-Authenticate', 'Cache-Control', 'Retry-After'],
        timeout: 1000,
        allow_degradation: false,
        status_on_error: 503,
      },
    },
    upstream: { type: 'roundrobin', nodes: { [to]: 1 }, pass_host: 'pass' },
  };
  return `${JSON.stringify(route, null, 2)}\n`;
}
