/** Servers in Python behind the gateway, started as a reader would, with the requests that are printed and with the local cloud's tokens. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { startGateway } from '@approov-guard/gateway';
import { freshSecret } from '@approov-guard/testkit';
import { findProgram, findPythonWith, skipUnless } from '../../tools/optional.mjs';
import { freePort } from '../../tools/start/free-port.mjs';
import { until } from '../../tools/until.mjs';
import { type RunningExample, root, startExample, stopExamples } from './running-example.ts';

const run = promisify(execFile);
after(stopExamples);

const GREETING = '200 {"message":"Hello, World!"}';
const REFUSED = '401 {}';

interface Page {
  /** The framework it is about. */
  readonly about: 'flask' | 'fastapi' | 'any';
  /** What it says before the first request, the secret left out. */
  readonly commands: readonly string[];
  readonly bound: boolean;
  /** The command that makes the token, what `Authorization` says, and the answer that the page shows. */
  readonly calls: readonly (readonly [command: string | null, authorization: string | null, answer: string])[];
}

const VALID = 'approov token -genExample your.api.domain.com';
const INVALID = 'approov token -type invalid -genExample your.api.domain.com';
const BOUND = "approov token -setDataHashInToken 'Bearer authorizationtoken' -genExample your.api.domain.com";
const TOKENS: Page['calls'] = [
  [VALID, null, GREETING],
  [INVALID, null, REFUSED],
  [null, null, REFUSED],
];
const ADD = 'approov api -add your.api.domain.com';
const ROLE = 'eval `approov role admin`';

/** The vendor's documents about Python. */
const PAGES: { readonly [title: string]: Page } = {
  'the Flask walk-through': { about: 'flask', commands: [ADD], bound: false, calls: TOKENS },
  'the Flask token quickstart': { about: 'flask', commands: [ADD, ROLE], bound: false, calls: TOKENS },
  'the Flask token-binding quickstart': {
    about: 'flask',
    commands: [ADD, ROLE],
    bound: true,
    calls: [
      [BOUND, 'Bearer authorizationtoken', GREETING],
      [BOUND, null, REFUSED],
      [BOUND, 'Bearer anotherauthorizationtoken', REFUSED],
    ],
  },
  'the Python page': { about: 'any', commands: [ADD, ROLE], bound: false, calls: TOKENS },
  'the FastAPI quickstart': { about: 'fastapi', commands: [ADD, ROLE], bound: false, calls: TOKENS },
};

/** The vendor's command line, as the local cloud speaks it: runs lines in a shell, answers the last line of output. */
function cloudIn(folder: string): (script: string) => Promise<string> {
  const alias = `approov() { '${process.execPath}' '${join(root, 'packages/cli/bin/approov-guard.js')}' cloud "$@"; }`;
  const env = { PATH: process.env.PATH, APPROOV_CLOUD_STATE: join(folder, 'state.json') };
  return async (script) => {
    const { stdout } = await run('bash', ['-euc', `${alias}\n${script}`], { env, cwd: folder });
    return stdout.trim().split('\n').at(-1) ?? '';
  };
}

/** The printed lines, once the last one is there. */
async function printed({ lines }: RunningExample): Promise<readonly string[]> {
  await until(() => lines.some((line) => line.includes('docs/quickstart/python.md')));
  return lines;
}

/** Runs what was printed, and holds each answer against what the line before it says. */
async function tryPrinted(lines: readonly string[]): Promise<number> {
  const calls = lines.flatMap((line, index) => (line.startsWith('curl ') ? [[lines[index - 1] ?? '', line] as const] : []));
  for (const [announced, call] of calls) {
    const { stdout } = await run('bash', ['-c', call.replace('curl -i', "curl -s -w '\\n%{http_code}'")]);
    const [body = '', status = ''] = stdout.split(/\n(?=\d+$)/);
    const expected = /expect (\d+)( \{\})?$/.exec(announced);
    equal(status, expected?.[1], `${announced}\n${call}`);
    if (status === '401') equal(body, '{}');
    else deepEqual(JSON.parse(body), { message: 'Hello, World!' });
  }
  return calls.length;
}

const curl = findProgram('curl');
for (const framework of ['flask', 'fastapi']) {
  const python = findPythonWith(framework);
  describe(`gateway/${framework}`, skipUnless(python && curl, `python3 with ${framework}, and curl`), () => {
    test('the requests that it prints are answered as it says, with a secret of its own', async () => {
      const example = await startExample(`gateway/${framework}`, { PYTHON: python ?? '' });
      const lines = await printed(example);
      equal(await tryPrinted(lines), 4);
      match(lines.join('\n'), /npx approov-guard gateway --to http:\/\/127\.0\.0\.1:5000/);
    });

    for (const [place, program] of [
      ['nginx-njs', 'nginx'],
      ['nginx', 'nginx'],
      ['haproxy', 'haproxy'],
    ] as const) {
      test(`the same behind ${place}`, skipUnless(findProgram(program), program), async () => {
        const environment = { PYTHON: python ?? '', PLACE: place, APPROOV_TOKEN_BINDING_HEADER_NAME: 'Authorization' };
        const example = await startExample(`gateway/${framework}`, environment);
        equal(await tryPrinted(await printed(example)), 5);
      });
    }

    test('the same where tokens are bound', async () => {
      const environment = { PYTHON: python ?? '', APPROOV_TOKEN_BINDING_HEADER_NAME: 'Authorization' };
      const example = await startExample(`gateway/${framework}`, environment);
      equal(await tryPrinted(await printed(example)), 5);
    });

    const pages = Object.entries(PAGES).filter(([, { about }]) => about === framework || about === 'any');
    for (const [title, { commands, bound, calls }] of pages)
      test(`${title}: its commands, against the local cloud, get the answers that it shows`, async () => {
        const folder = mkdtempSync(join(tmpdir(), 'pages-'));
        try {
          const approov = cloudIn(folder);
          const secret = await approov([...commands, 'approov secret -get base64'].join('\n'));
          const settings = bound ? { APPROOV_TOKEN_BINDING_HEADER_NAME: 'Authorization' } : {};
          const { url } = await startExample(`gateway/${framework}`, {
            PYTHON: python ?? '',
            APPROOV_BASE64_SECRET: secret,
            ...settings,
          });
          for (const [command, authorization, expected] of calls) {
            const headers = authorization === null ? {} : { authorization };
            const token = command === null ? {} : { 'approov-token': await approov(command) };
            const answer = await fetch(url, { headers: { ...headers, ...token } });
            equal(`${answer.status} ${await answer.text().then((text) => JSON.stringify(JSON.parse(text)))}`, expected, String(command));
          }
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      });
  });
}

const gunicorn = findPythonWith('flask, gunicorn');
test(
  'gunicorn goes by the path that was judged, whatever SCRIPT_NAME says',
  skipUnless(gunicorn, 'python3 with flask and gunicorn'),
  async () => {
    const port = await freePort();
    const words = ['-m', 'gunicorn', '--chdir', join(root, 'examples/gateway/flask'), '--bind', `127.0.0.1:${port}`, 'shapes:app'];
    const server = spawn(gunicorn ?? '', words, { stdio: 'ignore' });
    const to = `http://127.0.0.1:${port}`;
    const gateway = await startGateway({
      policy: {
        keys: { secret: { base64: { env: 'SECRET' } } },
        exempt: ['/v1/*'],
        gateway: { to, listen: '127.0.0.1:0', admin: null, log: null },
      },
      env: { SECRET: freshSecret().base64 },
    });
    try {
      await until(() =>
        fetch(`${to}/v1/hello`).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
      const asked = (url: string, headers: { readonly [name: string]: string }) =>
        fetch(`${url}/v1/v2/shapes`, { headers }).then(({ status }) => status);
      // The server by itself serves /v2/shapes here.
      equal(await asked(to, { SCRIPT_NAME: '/v1' }), 200);
      equal(await asked(gateway.urls[0] ?? '', { SCRIPT_NAME: '/v1' }), 404);
      equal(await asked(gateway.urls[0] ?? '', { 'Script-Name': '/v1', 'SCRIPT-NAME': '/v1' }), 404);
    } finally {
      await gateway.drain();
      server.kill();
      await once(server, 'exit');
    }
  },
);
