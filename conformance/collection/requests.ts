/** Requests that anybody can send with Postman or curl for decades: their tokens are minted far from today, in either direction. */

import { boundText, devSecret, exampleToken, lookalikeToken, misboundToken, requestView, tokenKinds } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';

/** The servers that the requests go to: examples of this repository, with the published development secret. */
export const SERVERS = {
  tokenCheck: { example: 'hello/express/token-check', port: 8002 },
  bindingCheck: { example: 'hello/express/token-binding-check', port: 8003 },
  shapes: { example: 'shapes-api/express/protected', port: 8004 },
} as const;

export interface CollectedRequest {
  readonly server: keyof typeof SERVERS;
  /** What is sent, in a few words. */
  readonly name: string;
  readonly status: number;
  /** `accepted`, `unguarded`, or the reason that the server's log shows. */
  readonly verdict: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Tokens of the first moment are alive for as long as this collection is of use, those of the second one have expired. */
const MINTED = [Date.UTC(2100, 0), Date.UTC(2020, 0)] as const;
const SENT = [Date.UTC(2026, 0), Date.UTC(2099, 0)] as const;

/** Made with a fresh key in each process, so that they are never the same twice. */
const FRESH: ReadonlySet<string> = new Set(['with-installation-key', 'key-confusion']);

/** A token of a kind whose verdict does not depend on when it is sent; `null` if the kind is about the present. */
async function lastingToken(kind: (typeof tokenKinds)[string]): Promise<string | null> {
  for (const now of MINTED) {
    const token = kind.mint({ secret: devSecret, now });
    const verdicts = await Promise.all(SENT.map((at) => verdictAt(token, at)));
    if (verdicts.every((verdict) => verdict === kind.expected)) return token;
  }
  return null;
}

async function verdictAt(token: string, at: number): Promise<string> {
  const guard = createGuard({ keys: { secret: devSecret }, now: () => at });
  const verdict = await guard.judge(requestView({ headers: { 'approov-token': token } }));
  return verdict.outcome === 'rejected' ? verdict.reason : verdict.outcome;
}

async function tokenRequests(): Promise<readonly CollectedRequest[]> {
  const missing = { server: 'tokenCheck', name: 'no token', status: 401, verdict: 'token-missing', path: '/', headers: [] } as const;
  const requests: CollectedRequest[] = [missing];
  for (const [name, kind] of Object.entries(tokenKinds)) {
    const token = FRESH.has(name) ? null : await lastingToken(kind);
    if (token === null) continue;
    const { describe, expected: verdict } = kind;
    const status = verdict === 'accepted' ? 200 : 401;
    requests.push({
      server: 'tokenCheck',
      name: `${name}: ${describe}`,
      status,
      verdict,
      path: '/',
      headers: [['Approov-Token', token]],
    });
  }
  return requests;
}

const issued = { secret: devSecret, now: MINTED[0] };
const unbound = ['Approov-Token', exampleToken(issued)] as const;
const bound = ['Approov-Token', exampleToken({ ...issued, bind: boundText })] as const;
const misbound = ['Approov-Token', misboundToken(issued)] as const;
const forged = ['Approov-Token', lookalikeToken(issued)] as const;
const session = ['Authorization', boundText] as const;
const apiKey = ['Api-Key', 'yXClypapWNHIifHUWmBIyPFAm'] as const;

type Row = readonly [name: string, status: number, verdict: string, path: string, ...headers: CollectedRequest['headers']];

const BINDING: readonly Row[] = [
  ['bound to this session', 200, 'accepted', '/', bound, session],
  ['bound to another session', 401, 'binding-mismatch', '/', misbound, session],
  ['another session', 401, 'binding-mismatch', '/', bound, ['Authorization', 'Bearer another-session']],
  ['no session', 401, 'binding-value-missing', '/', bound],
  ['not bound', 401, 'binding-claim-missing', '/', unbound, session],
  ['forged', 401, 'token-signature-invalid', '/', forged, session],
];

const SHAPES: readonly Row[] = [
  ['open', 200, 'unguarded', '/v1/shapes'],
  ['open beside protected routes', 200, 'unguarded', '/v2/hello'],
  ['a token', 200, 'accepted', '/v2/shapes', unbound],
  ['no token', 400, 'token-missing', '/v2/shapes'],
  ['forged', 401, 'token-signature-invalid', '/v2/shapes', forged],
  ['bound to this session', 200, 'accepted', '/v2/forms', bound, session],
  ['not bound', 400, 'binding-claim-missing', '/v2/forms', unbound, session],
  ['no session', 400, 'binding-value-missing', '/v2/forms', bound],
  ['bound to another session', 401, 'binding-mismatch', '/v2/forms', misbound, session],
  ['a token and the API key', 200, 'accepted', '/v3/shapes', unbound, apiKey],
  ['the API key, forged', 401, 'token-signature-invalid', '/v3/shapes', forged, apiKey],
];

function requestsOf(server: CollectedRequest['server'], rows: readonly Row[]): readonly CollectedRequest[] {
  return rows.map(([name, status, verdict, path, ...headers]) => ({ server, name, status, verdict, path, headers }));
}

/** All requests, server by server. */
export async function collectedRequests(): Promise<readonly CollectedRequest[]> {
  return [...(await tokenRequests()), ...requestsOf('bindingCheck', BINDING), ...requestsOf('shapes', SHAPES)];
}
