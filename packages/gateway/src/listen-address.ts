/** Where a listener listens, and how it begins and ends. */
import type { AddressInfo, Server } from 'node:net';
import { ConfigurationError } from 'approov-guard';
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

/**
 * Starts listening. Answers where: the port may have been 0.
 * @param server - any server of Node's; its later errors are those of single connections, and end nothing
 * @param path - the setting that names the address
 * @param remedy - what else may be set, for the operator
 */
export async function listenOn(server: Server, { where, shown }: ListenAddress, path: string, remedy = ''): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    const failed = ({ code }: NodeJS.ErrnoException): void =>
      reject(new ConfigurationError('option-invalid', path, `${shown} cannot be listened on (${code})${remedy}`));
    server.once('error', failed);
    server.listen({ ...where, backlog: 4096 }, () => {
      server.off('error', failed);
      server.on('error', () => undefined);
      resolve();
    });
  });
  const found = server.address();
  // The cast holds: what is not a path is an address.
  return typeof found === 'object' && found !== null ? shown.replace(/:\d+$/, `:${(found as AddressInfo).port}`) : shown;
}

/** Waits until what already waits to be taken was taken: it would be reset. @param accepted - how many connections were taken so far */
export async function allTaken(accepted: () => number): Promise<void> {
  let before = -1;
  for (let turn = 0; turn < 1000 && before !== accepted(); turn++) {
    before = accepted();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  }
}
