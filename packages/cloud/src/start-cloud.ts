/** Starts a cloud: a state, an address, and the lock that keeps a second one off the state. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Cloud } from './cloud.ts';
import { CloudError } from './cloud-error.ts';
import { cloudServer, type Served } from './http/serve.ts';
import { takeLock } from './state/lock.ts';
import { freshState } from './state/state.ts';
import { fileStore, memoryStore, stateFileName } from './state/state-file.ts';

/** What {@link startCloud} takes. */
export interface StartOptions {
  /** The state file; made if it is not there. Default `null`: in memory, gone with the process. */
  readonly state?: string | null;
  /** Where to listen: `127.0.0.1:8004`, `[::1]:8004`, or a port alone. 0: a free port. Default `127.0.0.1:0`. */
  readonly listen?: string | number;
  /** Host names by which it may be reached, beside addresses and `localhost`. Needed by containers that call each other by name. */
  readonly hostNames?: readonly string[];
  /** The first account of a new state. Default `local`. */
  readonly account?: string;
  /** The clock, milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

/** A cloud that runs. */
export interface RunningCloud {
  readonly cloud: Cloud;
  /** Such as `http://127.0.0.1:8004`. */
  readonly url: string;
  /** Whether others than this machine may reach it: anybody there can then have tokens. */
  readonly exposed: boolean;
  readonly close: () => Promise<void>;
}

/**
 * Starts a cloud that listens on loopback, unless told otherwise. Anybody who reaches it gets tokens: that is its purpose, and why a guard in
 * production refuses them.
 * @throws CloudError `state-in-use`, `state-damaged`, `state-newer`, `state-unwritable`, `listen-failed`
 * @example
 * ```ts
 * import { startCloud } from '@approov-guard/cloud';
 *
 * const { cloud, url, close } = await startCloud();
 * cloud.addDomain('api.example.com');
 * console.log(await (await fetch(`${url}/.well-known/jwks.json`)).text()); // {"keys":[]}
 * await close();
 * ```
 */
export async function startCloud(options: StartOptions = {}): Promise<RunningCloud> {
  const { state = null, listen = 0, hostNames = [], account = 'local', now = Date.now } = options;
  const address = addressOf(listen);
  const ending = new AbortController();
  let [cloud, url]: [Cloud | null, string] = [null, 'http://127.0.0.1'];
  const names = hostNames.map((name) => name.toLowerCase());
  const served: Served = { cloud: () => cloud, url: () => url, hostNames: names, closing: ending.signal };
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    ending.abort();
    await Promise.all(servers.map(closed));
  };
  try {
    if (state === null) cloud = new Cloud(memoryStore(freshState(account)), now);
    else {
      const file = stateFileName(state);
      const control = cloudServer(served);
      await takeLock(control, file);
      servers.push(control);
      cloud = new Cloud(fileStore(file, account), now);
    }
    const server = cloudServer(served);
    await listening(server, address);
    servers.push(server);
    url = urlOf(server.address() as AddressInfo, address.host);
    return { cloud, url, exposed: !/^(127\.|::1$|localhost$)/.test(address.host), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`, `[v6]:port` or a port. */
function addressOf(listen: string | number): Address {
  const [, v6, host, digits] = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):)?(\d{1,5})$/.exec(String(listen)) ?? [];
  const port = Number(digits);
  if (digits !== undefined && port <= 65_535) return { host: v6 ?? host ?? '127.0.0.1', port };
  throw new CloudError('input-malformed', 'listen is an address and a port, such as 127.0.0.1:8004, or a port alone');
}

function urlOf({ port, family }: AddressInfo, host: string): string {
  return `http://${family === 'IPv6' && host.includes(':') ? `[${host}]` : host}:${port}`;
}

function listening(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'something listens there already' : (cause.code ?? 'unknown');
      fail(new CloudError('listen-failed', `cannot listen on ${host}:${port}: ${why}. Name another address with --listen.`, { cause }));
    });
    server.listen(port, host, () => done());
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}
