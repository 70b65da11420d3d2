/** Keys at a URL on workerd, where what a request started belongs to that request. */
import { deepStrictEqual, rejects, strictEqual } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freshSigningKey, mintToken, publicKeySet } from '@approov-guard/testkit';
import { skipUnless } from '../../../../tools/optional.mjs';
import { findRuntime } from '../../../../tools/runtimes.mjs';
import { bundleWorker } from './bundle.ts';
import { startWorker } from './workerd.ts';

const program = findRuntime('workerd');
const key = freshSigningKey('ES256');
const ANSWERS_AFTER_MS = 300;

/** Calls with the address of a Worker whose key server is slow, and with what counts the fetches. */
async function withWorker(use: (origin: string, fetches: () => number) => Promise<void>): Promise<void> {
  let fetches = 0;
  const server = createServer((_request, response) => {
    fetches++;
    setTimeout(() => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(publicKeySet([key])));
    }, ANSWERS_AFTER_MS);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'approov-guard-worker-'));
  const module = await bundleWorker(fileURLToPath(new URL('entry-keys.ts', import.meta.url)), folder);
  // The cast holds: a server that listens on a port has an address with a port.
  const KEYS = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const worker = await startWorker({ program: program ?? '', folder, module, bindings: { KEYS } });
  try {
    await use(worker.origin, () => fetches);
  } finally {
    await worker.close();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

function send(origin: string, signal?: AbortSignal): Promise<number> {
  const token = mintToken({ key: key.privateKey, algorithm: 'ES256', kid: key.kid, now: Date.now() });
  const given = signal === undefined ? {} : { signal };
  return fetch(origin, { headers: { 'approov-token': token }, ...given }).then(({ status }) => status);
}

test('workerd: requests that come together share one fetch of the keys', skipUnless(program, 'workerd'), () =>
  withWorker(async (origin, fetches) => {
    deepStrictEqual(await Promise.all([send(origin), send(origin), send(origin)]), [200, 200, 200]);
    strictEqual(await send(origin), 200);
    strictEqual(fetches(), 1);
  }),
);

test('workerd: the request that began the fetch goes away, and the next one is answered', skipUnless(program, 'workerd'), () =>
  withWorker(async (origin) => {
    const first = rejects(send(origin, AbortSignal.timeout(ANSWERS_AFTER_MS / 3)));
    await new Promise((resolve) => setTimeout(resolve, ANSWERS_AFTER_MS / 6));
    strictEqual(await send(origin), 200);
    await first;
  }),
);
