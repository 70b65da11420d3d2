/** Where a listener listens. */
import { invalid } from './checks.ts';

/** An address, and the certificate shown there. */
export interface ListenAddress {
  /** For messages, such as `http://127.0.0.1:8002`. */
  readonly shown: string;
  readonly where: { readonly host: string; readonly port: number } | { readonly path: string };
  /** PEM files, re-read when they change, and the setting that names them; `null` for plain text. */
  readonly tls: { readonly cert: string; readonly key: string; readonly path: string } | null;
}

/** Reads `host:port`, `[v6]:port`, `:port` (every address), `port` (this machine) or `unix:/path`. */
export function addressFrom(text: string, path: string, tls: ListenAddress['tls']): ListenAddress {
  if (text.startsWith('unix:/')) return { shown: text, where: { path: text.slice('unix:'.length) }, tls };
  const [, bracketed, plain, digits] = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]*)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535)
    return invalid(path, 'must be an address and a port, such as 127.0.0.1:8002, or unix:/run/gateway.sock');
  const host = bracketed ?? (plain === undefined ? '127.0.0.1' : plain || '0.0.0.0');
  const scheme = tls === null ? 'http' : 'https';
  return { shown: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`, where: { host, port }, tls };
}
