/** `@approov-guard/gateway`: a reverse proxy that lets only requests of genuine, untampered apps through. */
export { readYamlText } from './policy/yaml-text.ts';
export { IDENTITY_NAMES, type Identity, identityOf, writeIdentity } from './proxy/identity.ts';
export { type Gateway, type GatewayOptions, loadGatewayPolicy, startGateway } from './service/gateway.ts';
export { type RunSurroundings, runGateway } from './service/run.ts';
