/** The dialects by their names. */
import { apisix } from './apisix.ts';
import { caddy } from './caddy.ts';
import type { Dialect, DialectName } from './dialect.ts';
import { envoy, envoyGrpc } from './envoy.ts';
import { forwardAuth } from './forward-auth.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { traefik } from './traefik.ts';

const BY_NAME: { readonly [Name in DialectName]: Dialect } = {
  nginx,
  traefik,
  caddy,
  envoy,
  'envoy-grpc': envoyGrpc,
  haproxy,
  apisix,
  'forward-auth': forwardAuth,
};

/** The dialect of a proxy. */
export function dialectOf(name: DialectName): Dialect {
  return BY_NAME[name];
}
