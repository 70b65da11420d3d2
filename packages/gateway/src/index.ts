/** `@approov-guard/gateway`: lets only requests of genuine, untampered apps through, as a reverse proxy or for the proxy that stands there. */
export { type Authorizer, type AuthorizerOptions, startAuthorizer } from './authorizer/authorizer.ts';
export type { CompiledFile } from './authorizer/dialects/dialect.ts';
export { DIALECTS, type DialectName } from './authorizer/dialects/dialect.ts';
export { type ProxyPlaces, runAuthorizer } from './authorizer/run.ts';
export { compileFor, TARGETS } from './native/compile.ts';
export { type PolicyKey, policyKeys, withKey, withoutKey } from './policy/edit-keys.ts';
export { parseYamlText } from './policy/yaml-text.ts';
export { IDENTITY_NAMES, type Identity, identityOf, writeIdentity } from './proxy/identity.ts';
export { type Gateway, type GatewayOptions, loadGatewayPolicy, startGateway } from './service/gateway.ts';
export { type RunSurroundings, runGateway } from './service/run.ts';
