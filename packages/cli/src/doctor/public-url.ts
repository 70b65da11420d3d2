/** The API as clients reach it: what it refuses (items 1.2 to 1.5 of the go-live list), and what proxies do to headers. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { exampleToken, lookalikeToken, type SecretText } from '@approov-guard/testkit';
import { attempt, type Finding, finding, PATIENCE_MS } from './finding.ts';

async function statusOf(url: string, headers: { readonly [name: string]: string }): Promise<number> {
  const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) });
  await response.body?.cancel();
  return response.status;
}

/** Sends what must fail, and what must pass. */
export async function goLive(url: string, secret: SecretText, now: number): Promise<readonly Finding[]> {
  const options = { secret, now };
  const bad: readonly (readonly [name: string, headers: { readonly [name: string]: string }])[] = [
    ['1.2 no token', {}],
    ['1.3 algorithm', { 'approov-token': exampleToken({ ...options, header: { alg: 'none' } }) }],
    ['1.4 expired token', { 'approov-token': exampleToken({ ...options, lifetimeSeconds: -3600 }) }],
    ['1.4 no expiry', { 'approov-token': exampleToken({ ...options, claims: { exp: undefined } }) }],
    ['1.5 bad signature', { 'approov-token': lookalikeToken(options) }],
  ];
  const refused = bad.map(([name, headers]) =>
    attempt(name, async () => {
      const status = await statusOf(url, headers);
      if (status >= 400 && status < 500) return finding(name, 'ok', `refused with ${status}`);
      return finding(
        name,
        'problem',
        `answered ${status}: such a request must be refused. Is the guard in front of this path, and in mode enforce?`,
      );
    }),
  );
  const genuine = attempt('genuine token', async () => {
    const status = await statusOf(url, { 'approov-token': exampleToken(options) });
    if (status < 400) return finding('genuine token', 'ok', `passes with ${status}`);
    return finding(
      'genuine token',
      'warning',
      `answered ${status}: another secret, a token header that is lost on the way, or a path that asks for more`,
    );
  });
  return [
    ...(await Promise.all(refused)),
    await genuine,
    finding('1.6 bypass', 'skipped', 'cannot be seen from outside: see docs/go-live.md'),
  ];
}

const PROBES: { readonly [name: string]: string } = {
  'approov-token': 'doctor',
  authorization: 'Bearer doctor',
  signature: 'install=:ZG9jdG9y:',
  'signature-input': 'install=("@method" "@target-uri");created=1',
  'content-digest': 'sha-256=:ZG9jdG9y:',
};
const PATH = '/approov-guard-doctor/%7Ea?x=1%2F2';

/** Listens in the back end's place and looks at what arrives there of a request to the public URL. @param listen - host and port of the back end */
export function throughProxies(publicUrl: URL, listen: { readonly host: string; readonly port: number }): Promise<Finding> {
  return attempt('proxies', async () => {
    let seen: IncomingMessage | null = null;
    const server = createServer((request, response) => {
      if (request.url?.includes('approov-guard-doctor')) seen = request;
      response.end();
    });
    server.listen(listen.port, listen.host);
    await once(server, 'listening');
    try {
      await statusOf(new URL(PATH, publicUrl).href, PROBES);
    } finally {
      server.closeAllConnections();
      server.close();
    }
    return compared(publicUrl, seen);
  });
}

function compared(publicUrl: URL, seen: IncomingMessage | null): Finding {
  if (seen === null) return finding('proxies', 'problem', 'the request did not arrive: does the public URL lead to the address of --echo?');
  const { headersDistinct, url } = seen;
  const wrong = Object.entries(PROBES).flatMap(([name, sent]) => {
    const lines = headersDistinct[name] ?? [];
    if (lines.length === 1 && lines[0] === sent) return [];
    if (lines.length > 0) return [`${name} is ${lines.length > 1 ? 'repeated' : 'changed'}`];
    const renamed = Object.entries(headersDistinct).find(([, values]) => values?.includes(sent))?.[0];
    return [renamed === undefined ? `${name} is dropped` : `${name} is renamed to ${renamed}`];
  });
  if (url !== PATH) wrong.push('the path is rewritten');
  if (wrong.length > 0) return finding('proxies', 'problem', `${wrong.join('; ')}. Let the proxies pass them on as they are.`);
  const sameHost = seen.headers.host === publicUrl.host;
  if (sameHost && publicUrl.protocol === 'http:') return finding('proxies', 'ok', 'headers, path and host arrive as they were sent');
  return finding(
    'proxies',
    'warning',
    'headers and path arrive; the origin does not: set the option `origin` if you check message signatures',
  );
}
