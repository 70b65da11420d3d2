/** The gateway, before a server that knows nothing of attestation: over HTTP/1.1, TLS and HTTP/2. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from '@approov-guard/gateway';
import type { Decision } from 'approov-guard';
import { makeCertificate } from '../../packages/gateway/test/certificate.ts';
import { answer, errorAnswer } from '../app/behaviours.ts';
import { recordedOptions } from '../app/guard-setup.ts';
import { nodeTraits, readBody, routeOf, writeAnswer } from '../app/in-node.ts';
import type { AdapterUnderTest, Setup, Started } from './adapter.ts';

/** What a policy file can say: data only, and one policy for the whole app. */
export function canSay({ guard, scope }: Setup): boolean {
  const { keys, nowMs, refusal, preflight } = guard;
  const isData = keys !== 'failing' && keys !== 'empty' && !(refusal !== undefined && 'render' in refusal) && !Number.isNaN(nowMs);
  // Behind a gateway a preflight that nobody judged would reach the server: `cors` answers it instead.
  return scope === 'app' && isData && preflight !== 'pass';
}

/** The identity headers as a decision, and the claims from the token: the server behind may believe both. */
function decisionOf(request: IncomingMessage, setup: Setup): Decision {
  const said = (name: string): string => String(request.headers[`x-attestation-${name}`]);
  const outcome = said('verdict');
  if (outcome === 'exempt')
    return { action: 'pass', verdict: null, skipped: 'exempt', claims: null, mode: said('mode'), id: said('id') } as unknown as Decision;
  const token = String(request.headers[(setup.guard.token?.header ?? 'approov-token').toLowerCase()] ?? '');
  const claims = outcome === 'accepted' ? JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) : null;
  const attestation = {
    claims,
    binding: said('binding'),
    signature: said('signature'),
    digest: said('digest').replace('delegated', 'unchecked'),
  };
  const verdict =
    outcome === 'accepted'
      ? { outcome, attestation }
      : outcome === 'rejected'
        ? { outcome, reason: said('reason') }
        : { outcome, fault: said('reason') };
  // The cast holds as far as the echo reads: these are the members that it shows.
  return { action: 'pass', verdict, skipped: null, claims, mode: said('mode'), id: said('id') } as unknown as Decision;
}

/** The server behind. */
export async function startBehind(setup: Setup): Promise<{ readonly url: string; readonly close: () => void }> {
  if (setup.behind !== undefined) return { url: setup.behind, close: () => undefined };
  const server = createServer((request, response) => {
    const { behaviour } = routeOf(setup.routes, request.url ?? '');
    const asked = {
      decision: decisionOf(request, setup),
      method: request.method ?? '',
      target: request.url ?? '',
      readBody: () => readBody(request),
    };
    const fail = (error: unknown): void => writeAnswer(response, errorAnswer(error));
    try {
      answer(behaviour, asked).then((given) => writeAnswer(response, given), fail);
    } catch (error) {
      fail(error);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** How the gateway is spoken to. */
type Speech = 'http' | 'https' | 'http2';

async function start(speech: Speech, setup: Setup): Promise<Started> {
  const folder = speech === 'http' ? null : mkdtempSync(join(tmpdir(), 'conformance-'));
  const tls = folder === null ? {} : { tls: makeCertificate(folder, 'api.example.com') };
  const behind = await startBehind(setup);
  const { options, takeVerdicts } = recordedOptions(setup);
  const { now, onVerdict } = options;
  const gateway = await startGateway({
    policy: {
      ...documentOf(setup),
      gateway: { to: behind.url, ...tls, listen: '127.0.0.1:0', admin: null, log: null, timeouts: { drainSeconds: 0 } },
    },
    env: envOf(setup),
    guard: { ...(now === undefined ? {} : { now }), ...(onVerdict === undefined ? {} : { onVerdict }) },
  });
  return {
    origin: (gateway.urls[0] ?? '').replace(/^https?/, speech),
    verdicts: async () => takeVerdicts(),
    close: async () => {
      await gateway.drain();
      behind.close();
      if (folder !== null) rmSync(folder, { recursive: true });
    },
  };
}

const SECRET = 'SECRET';

export function envOf({ guard: { keys, signature } }: Setup): { readonly [name: string]: string } {
  const secret = typeof keys === 'object' && 'secret' in keys ? [[SECRET, keys.secret.base64]] : [];
  const accountKeys = typeof signature === 'object' && signature !== null && 'accountKeys' in signature ? signature.accountKeys : [];
  return Object.fromEntries([...secret, ...accountKeys.map((key, index) => [`ACCOUNT_${index}`, base64Of(key)])]);
}

/** The cast holds: the table writes its account keys in one of these. */
function base64Of(key: object): string {
  const { base64, base64url } = key as { readonly base64?: string; readonly base64url?: string };
  return base64 ?? Buffer.from(base64url ?? '', 'base64url').toString('base64');
}

/** The setup as a policy file. Keys that cannot be had are at an address where nobody listens. */
export function documentOf({ routes, guard: { keys, nowMs: _now, hook: _hook, signature, ...rest } }: Setup): {
  readonly [name: string]: unknown;
} {
  const named =
    typeof keys === 'object' ? ('secret' in keys ? { secret: { ...keys.secret, base64: { env: SECRET } } } : keys) : NO_KEYS[keys];
  const open = routes.filter(({ demands }) => demands === 'none').map(({ path }) => path);
  return {
    environment: 'development',
    ...rest,
    ...(open.length === 0 ? {} : { exempt: open }),
    keys: named,
    ...(signature === undefined ? {} : { signature: signatureOf(signature) }),
  };
}

const NO_KEYS: { readonly [word: string]: object } = {
  unavailable: { jwksUrl: 'http://127.0.0.1:9/keys', timeoutSeconds: 1 },
};

/** Account keys are secrets, too. */
function signatureOf(signature: Setup['guard']['signature']): unknown {
  if (typeof signature !== 'object' || signature === null || !('accountKeys' in signature)) return signature;
  const accountKeys = signature.accountKeys.map(({ id }, index) => ({
    ...(id === undefined ? {} : { id }),
    base64: { env: `ACCOUNT_${index}` },
  }));
  return { ...signature, accountKeys };
}

const traits = { ...nodeTraits, crypto: ['platform'], supports: canSay, quirks: ['contradiction-refused'] } as const;

export const gateway: AdapterUnderTest = { name: 'gateway', traits, start: (setup) => start('http', setup) };

export const gatewayOverTls: AdapterUnderTest = { name: 'gateway, TLS', traits, start: (setup) => start('https', setup) };

export const gatewayOverHttp2: AdapterUnderTest = { name: 'gateway, HTTP/2', traits, start: (setup) => start('http2', setup) };
