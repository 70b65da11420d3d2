/** What clients see: requests sent to a real server behind the guard, and its answers as they came. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { tsImport } from 'tsx/esm/api';

const TOKEN = 'Approov-Token';
const PREFLIGHT = { origin: 'https://app.example.com', 'access-control-request-method': 'GET' };
/** Headers that any server adds, and those that only the test brings. */
const USUAL = /^(?:date|connection|keep-alive|transfer-encoding|content-length)$/;

/** @param {string} specifier */
const source = (specifier) => tsImport(`../../../../packages/${specifier}`, import.meta.url);

/** @returns {Promise<[path: string, text: string]>} */
export async function httpPage() {
  const [{ createGuard }, { approov }] = [await source('guard/src/index.ts'), await source('guard/src/adapters/node.ts')];
  const [{ mintToken }, { REASONS }] = [await source('testkit/src/index.ts'), await source('guard/src/core/reasons/reasons.ts')];
  const secret = { base64: randomBytes(32).toString('base64') };
  const genuine = { [TOKEN]: mintToken({ secret, now: Date.now(), lifetimeSeconds: 300 }) };
  const keys = { secret };
  /** @type {[situation: string, options: object, method: string, headers: object][]} */
  const rows = [
    ['a genuine request', {}, 'GET', genuine],
    ['any other, whatever the reason', {}, 'GET', {}],
    ['the same with `HEAD`: no body', {}, 'HEAD', {}],
    ['`OPTIONS` that is not a preflight: as any method', {}, 'OPTIONS', {}],
    ["a CORS preflight, `preflight: 'judge'`, the default: put your CORS middleware before the guard", {}, 'OPTIONS', PREFLIGHT],
    ["a CORS preflight, `preflight: 'pass'`", { preflight: 'pass' }, 'OPTIONS', PREFLIGHT],
    ["`exempt: '/'`", { exempt: '/' }, 'GET', {}],
    ["`mode: 'observe'`", { mode: 'observe' }, 'GET', {}],
    ['an outage on our side: no keys, no replay store', { keys: { current: () => null } }, 'GET', genuine],
    ['`refusal: { status: 400 }`', { refusal: { status: 400 } }, 'GET', {}],
    ["`refusal: { format: 'problem' }` (RFC 9457)", { refusal: { format: 'problem' } }, 'GET', {}],
  ];
  const answers = [];
  for (const [situation, options, method, headers] of rows)
    answers.push(`| ${situation} | ${await asked(approov(createGuard({ keys, hints: false, ...options }), handler), method, headers)} |`);
  const own = Object.entries(REASONS).filter(([, { status }]) => status !== undefined);
  const text = [
    '# Reference: HTTP behaviour',
    'What a client sees. Each row was sent to a server behind the guard; headers that every server adds are left out.',
    ['| request | status | headers | body |', '|---|---|---|---|', ...answers].join('\n'),
    'Headers that were set before the guard stay on its answer, those of your CORS middleware among them. No answer names a reason, holds a token, or may be cached.',
    '## Statuses of their own',
    'Some rejections have nothing to do with credentials, so that an app which fetches another token gains nothing. They keep their status under `refusal.status`.',
    ['| reason | status |', '|---|---|', ...own.map(([code, { status }]) => `| [\`${code}\`](../reasons.md#${code}) | ${status} |`)].join(
      '\n',
    ),
    'Every [fault](../reasons.md#faults) is 503 with `retry-after`.',
  ];
  return ['docs/reference/http.md', text.join('\n\n')];
}

/** @type {import('node:http').RequestListener} */
const handler = (_request, response) => response.end('your answer');

/** @param {import('node:http').RequestListener} listener @param {string} method @param {object} headers */
async function asked(listener, method, headers) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const [answer] = await once(request({ port, host: '127.0.0.1', method, headers: { ...headers, connection: 'close' } }).end(), 'response');
  const body = (await answer.setEncoding('utf8').toArray()).join('').replace(/uuid:[\da-f-]{36}/, 'uuid:…');
  server.close();
  const shown = Object.entries(answer.headers).filter(([name]) => !USUAL.test(name));
  return [answer.statusCode, shown.map(([name, value]) => `\`${name}: ${value}\``).join('<br>'), body && `\`${body}\``].join(' | ');
}
