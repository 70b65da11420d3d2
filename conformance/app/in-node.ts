/** What adapters that run in this process share: the guard on either crypto port, a server on a free port, Node's bodies and answers. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Guard } from 'approov-guard';
import { crypto as webCrypto } from '../../packages/guard/src/crypto/web.ts';
import { createGuardOn } from '../../packages/guard/src/guard/create-guard.ts';
import type { Setup, Started, Traits } from '../adapters/adapter.ts';
import type { Answer } from './behaviours.ts';
import { type RecordedGuard, recordedGuard } from './guard-setup.ts';

export { routeOf } from './routes.ts';

/** The traits of a framework that hands out Node's own request. */
export const nodeTraits: Traits = { joinsLines: false, normalisesTargets: false, crypto: ['platform', 'web'] };

/** The traits of one whose adapter awaits every decision: there is one path, so one crypto port tells all. */
export const awaitingTraits: Traits = { ...nodeTraits, crypto: ['platform'] };

/**
 * Starts a server for a setup.
 * @param setup - what to start
 * @param serve - builds the app around the guard and answers a server that listens on no port yet
 */
export async function startServer(setup: Setup, serve: (guard: Guard) => Server | Promise<Server>): Promise<Started> {
  const recorded: RecordedGuard = recordedGuard(setup, setup.crypto === 'web' ? (options) => createGuardOn(webCrypto, options) : undefined);
  const server = await serve(recorded.guard);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // The cast holds: a server that listens on a port has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    verdicts: async () => recorded.takeVerdicts(),
    close: async () => {
      recorded.guard.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Reads the body of Node's request. */
export async function readBody(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** Writes an answer to Node's response. */
export function writeAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers);
  response.end(body);
}
