/**
 * Envoy, `ext_authz` over HTTP: exactly 200 passes; of other answers status and body are sent back. A 5xx of the guard is an error to Envoy, and passes
 * where `failure_mode_allow` is on: what we cannot judge is answered 403 here, with the client's status in a header. Over gRPC a refusal is one
 * whatever its status, and the answer says which headers go no further.
 */
import { IDENTITY_NAMES } from '../../proxy/identity.ts';
import { foldedRefusal, wholeRefusal } from '../answer.ts';
import { PARTIAL } from '../asked-view.ts';
import type { AskingPolicy } from '../asking-policy.ts';
import type { Dialect } from './dialect.ts';

export const envoy: Dialect = {
  name: 'envoy',
  statedIn: { method: null, target: null, authority: null, scheme: 'x-forwarded-proto', length: null },
  mayForwardBodies: true,
  partialIn: PARTIAL,
  refuse: (refusal) => (refusal.status >= 500 ? foldedRefusal(refusal, 403) : wholeRefusal(refusal)),
  configuration: (policy) => [{ name: 'envoy.yaml', text: configuration(policy, 'HTTP') }],
};

export const envoyGrpc: Dialect = {
  name: 'envoy-grpc',
  statedIn: { method: null, target: null, authority: null, scheme: 'x-forwarded-proto', length: 'own' },
  mayForwardBodies: true,
  partialIn: PARTIAL,
  overGrpc: true,
  refuse: wholeRefusal,
  configuration: (policy) => [{ name: 'envoy.yaml', text: configuration(policy, 'gRPC') }],
};

function configuration(policy: AskingPolicy, over: 'HTTP' | 'gRPC'): string {
  const { asks, listen, to, prefix, stripped } = policy;
  return `# approov-guard: Envoy asks the authoriser about each request, over ${over}. Complete: envoy -c envoy.yaml
# Start the authoriser:  approov-guard authorizer --for ${over === 'gRPC' ? 'envoy-grpc' : 'envoy'} --policy FILE
static_resources:
  listeners:
    - name: approov
      address: ${address(listen)}
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: approov
                # The peer of this listener is the client: its X-Forwarded-* do not count. Behind another proxy see xff_num_trusted_hops.
                use_remote_address: true
                # What is judged is what goes on: the path as it came.
                normalize_path: false
                merge_slashes: false
                path_with_escaped_slashes_action: KEEP_UNCHANGED
                common_http_protocol_options:
                  # Servers behind read X_Attestation_Verdict as X-Attestation-Verdict.
                  headers_with_underscores_action: DROP_HEADER
                early_header_mutation_extensions:
                  - name: envoy.http.early_header_mutation.header_mutation
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation
                      mutations:
${[...IDENTITY_NAMES.map((name) => prefix + name), PARTIAL, 'x-envoy-auth-failure-mode-allowed']
  .map((name) => `                        - remove: ${name}`)
  .join('\n')}
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes:
                        - match: { prefix: / }
                          route: { cluster: behind }
                      request_headers_to_remove: [${stripped.join(', ')}]
                http_filters:
${filter(policy, over)}                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
    - name: authoriser
      connect_timeout: 1s
      type: STRICT_DNS
${over === 'gRPC' ? HTTP2 : ''}${policy.asksOverTls ? TLS : ''}      load_assignment: ${endpoint('authoriser', asks)}
    - name: behind
      connect_timeout: 5s
      type: STRICT_DNS
      load_assignment: ${endpoint('behind', to)}
`;
}

/** The filter that asks. */
function filter(policy: AskingPolicy, over: 'HTTP' | 'gRPC'): string {
  const { asked, forwardsBodies, maxBodyBytes } = policy;
  return `                  - name: envoy.filters.http.ext_authz
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
                      # If the authoriser does not answer, nothing passes.
                      failure_mode_allow: false
                      status_on_error: { code: ServiceUnavailable }
${
  over === 'HTTP'
    ? httpService(policy)
    : `                      # allowed_headers is left out: every header is sent, and the authoriser says which go no further. It looks at
                      # ${asked.join(', ')}.
                      transport_api_version: V3
                      grpc_service: { envoy_grpc: { cluster_name: authoriser }, timeout: 1s }
`
}${forwardsBodies ? bodies(maxBodyBytes) : ''}`;
}

const HTTP2 = `      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config: { http2_protocol_options: {} }
`;

const TLS = `      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
          # The name in the authoriser's certificate, if Envoy asks by another one.
          # sni: authoriser.internal
          common_tls_context:
            alpn_protocols: [h2]
            # Who vouches for the authoriser's certificate. Without it Envoy would talk to anybody.
            validation_context: { trusted_ca: { filename: /etc/envoy/authoriser-ca.pem } }
`;

function httpService({ asks, asked, prefix }: AskingPolicy): string {
  const identity = IDENTITY_NAMES.map((name) => prefix + name);
  const exact = (names: readonly string[], indent: string): string => names.map((name) => `${indent}- exact: ${name}`).join('\n');
  return `                      # Every header is sent that is looked at: Envoy sends few by itself.
                      allowed_headers:
                        patterns:
${exact([...asked, 'x-forwarded-proto'], '                          ')}
                      http_service:
                        server_uri: { uri: "http://${asks}", cluster: authoriser, timeout: 1s }
                        authorization_response:
                          # They replace what the client sent.
                          allowed_upstream_headers:
                            patterns:
${exact(identity, '                              ')}
                          allowed_client_headers:
                            patterns:
${exact(['content-type', 'www-authenticate', 'cache-control', 'retry-after'], '                              ')}
`;
}

function bodies(maxBodyBytes: number): string {
  return `                      # A body that is longer is refused with 413: a digest over its beginning proves nothing.
                      with_request_body: { max_request_bytes: ${maxBodyBytes}, allow_partial_message: false, pack_as_bytes: true }
`;
}

function address(text: string): string {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(text) ?? [];
  return `{ socket_address: { address: "${host}", port_value: ${port} } }`;
}

function endpoint(name: string, text: string): string {
  return `{ cluster_name: ${name}, endpoints: [{ lb_endpoints: [{ endpoint: { address: ${address(text)} } }] }] }`;
}
