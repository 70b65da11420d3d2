/** The vendor's published requests: each gets its expected status from every adapter, configured as the request's own fields say. */
import { ok, strictEqual } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { devSecret } from '@approov-guard/testkit';
import { freePort, isOpen } from '../../packages/gateway/test/program.ts';
import { findProgram, findPythonWith, readVectors, skipUnless } from '../../tools/optional.mjs';
import type { AdapterUnderTest, GuardSetup, Setup } from '../adapters/adapter.ts';
import { gateway } from '../adapters/gateway.ts';
import { adapters } from '../adapters/index.ts';
import { proxies } from '../adapters/proxies.ts';
import { type HeaderLine, send } from '../run/wire.ts';

interface PublishedRequest {
  readonly suite: string;
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly HeaderLine[];
  readonly body: string | null;
  readonly secret_base64: string | null;
  readonly mode: 'none' | 'token' | 'binding';
  readonly token_header: string;
  readonly token_prefix: string;
  readonly binding_headers: readonly string[];
  readonly expect_status: number;
}

const vectors = readVectors<{ readonly generated_at: string; readonly requests: readonly PublishedRequest[] }>('approov/requests.json');
const nowMs = Date.parse(vectors?.generated_at ?? '');

function guardOf(request: PublishedRequest): GuardSetup {
  // The older rule of this suite: a token without `pay` is accepted, as fail-over tokens have none.
  const missing = request.suite === 'postman/docs-snippets' ? 'accept' : 'reject';
  return {
    keys: { secret: { base64: request.secret_base64 ?? devSecret.base64 } },
    nowMs,
    // Some published tokens name an audience, which their servers do not check.
    token: { header: request.token_header, prefix: request.token_prefix, audience: null },
    binding: request.mode === 'binding' ? { headers: request.binding_headers, missing } : null,
  };
}

/** The requests that share a configuration share an app; its routes are their paths. */
function appsOf(requests: readonly PublishedRequest[]): ReadonlyMap<Setup, readonly PublishedRequest[]> {
  const groups = new Map<string, PublishedRequest[]>();
  for (const request of requests) {
    const configuration = JSON.stringify([guardOf(request), request.mode === 'none']);
    groups.set(configuration, [...(groups.get(configuration) ?? []), request]);
  }
  return new Map(
    [...groups.values()].flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const demands = first.mode === 'none' ? ({ demands: 'none' } as const) : {};
      const routes = [...new Set(group.map(({ path }) => path))].map((path) => ({ path, behaviour: 'echo' as const, ...demands }));
      return [[{ name: first.name, guard: guardOf(first), routes, scope: 'routes', crypto: 'platform' }, group] as const];
    }),
  );
}

async function sendAll(adapter: AdapterUnderTest, setup: Setup, requests: readonly PublishedRequest[]): Promise<void> {
  const started = await adapter.start(setup);
  try {
    for (const { suite, name, method, path, headers, body, expect_status } of requests) {
      const content = body === null ? {} : { body: { chunks: [Buffer.from(body)], framing: 'length' } as const };
      const { status } = await send(started.origin, { method, target: path, headers, ...content });
      strictEqual(status, expect_status, `${suite}: ${name}: ${status}, expected ${expect_status}`);
    }
  } finally {
    await started.close();
  }
}

describe('the vendor’s published requests', skipUnless(vectors, 'shared vectors'), () => {
  const requests = vectors?.requests ?? [];
  for (const adapter of [...adapters, gateway, ...proxies.filter(({ program }) => findProgram(program) !== null)]) {
    it(`all ${requests.length} get their expected status from ${adapter.name}`, async () => {
      for (const [setup, group] of appsOf(requests)) await sendAll(adapter, setup, group);
    });
  }
});

/** The paths that the servers in Python have. */
const PYTHON = {
  hello: (path: string): boolean => path === '/',
  shapes: (path: string): boolean => /^\/v[12]\/(?:hello|shapes|forms)$/.test(path),
};

describe('servers in Python that know nothing of attestation', skipUnless(vectors, 'shared vectors'), () => {
  for (const framework of ['flask', 'fastapi'] as const) {
    const python = findPythonWith(framework);
    for (const name of ['hello', 'shapes'] as const) {
      it(`${framework}, ${name}: the published requests, behind each place`, skipUnless(python, framework), async () => {
        const server = await pythonServer(python ?? '', `examples/gateway/${framework}/${name}.py`);
        const requests = (vectors?.requests ?? []).filter(({ path }) => PYTHON[name](path));
        ok(requests.length >= 10, `${requests.length} requests`);
        try {
          for (const place of [gateway, ...proxies.filter(({ program }) => findProgram(program) !== null)])
            for (const [setup, group] of appsOf(requests)) await sendAll(place, { ...setup, behind: server.url }, group);
        } finally {
          await server.close();
        }
      });
    }
  }
});

async function pythonServer(python: string, file: string): Promise<{ readonly url: string; readonly close: () => Promise<unknown> }> {
  const port = await freePort();
  const child = spawn(python, [fileURLToPath(new URL(`../../${file}`, import.meta.url))], {
    env: { ...process.env, HTTP_PORT: String(port) },
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${port}`;
  while (!(await isOpen(port))) {
    strictEqual(child.exitCode, null, `${file} ended`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    url,
    close: () => {
      child.kill();
      return once(child, 'close');
    },
  };
}
