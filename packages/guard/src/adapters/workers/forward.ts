/** Passes a request on to an origin, as a reverse proxy on a fetch platform. */
import { WebRequestView } from '../../http/view-web.ts';

/** A view over a request that goes on to an origin if it passes. */
export class ForwardedRequestView extends WebRequestView {
  readonly leadsOn = true;
}

/** Headers that say something about this hop, or about the client, which only this hop may say. */
const NOT_FORWARDED = ['host', 'forwarded', 'x-forwarded-host', 'x-forwarded-proto'];
/**
 * RFC 9110 §7.6.1: what concerns one hop. `Upgrade` stays, for WebSockets. What the client names in `Connection` stays, too: a client could
 * take out what the origin relies on.
 */
const ONE_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding'];

/**
 * The request for the origin: path and query as they came, the body as a stream, redirects for the client to follow.
 * @param request - the client's request
 * @param origin - where to, scheme and authority
 * @param without - headers that the origin does not get
 */
export function forwarded(request: Request, origin: string, without: readonly string[]): Request {
  const from = new URL(request.url);
  const to = new URL(origin);
  const headers = new Headers(request.headers);
  for (const name of [...NOT_FORWARDED, ...ONE_HOP, ...without]) headers.delete(name);
  headers.set('x-forwarded-host', from.host);
  headers.set('x-forwarded-proto', from.protocol.slice(0, -1));
  const { method, body, signal } = request;
  // Not by relative resolution: a path in `//host` would lead elsewhere.
  const url = `${to.protocol}//${to.host}${from.pathname}${from.search}`;
  // The cast holds: Node's types lack `duplex`, which the Fetch standard demands for streams.
  return new Request(url, {
    method,
    headers,
    signal,
    body,
    redirect: 'manual',
    ...(body === null ? {} : { duplex: 'half' }),
  } as RequestInit);
}
