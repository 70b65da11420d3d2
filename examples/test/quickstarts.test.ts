/** The quickstart pages: what they show is what the examples hold, runs, and gets the answers that they promise. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { freshSecret } from '@approov-guard/testkit';
import { findProgram, skipUnless } from '../../tools/optional.mjs';
import { built, packageFlags } from '../../tools/ready.mjs';
import { root } from './running-example.ts';

const run = promisify(execFile);
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Subpaths of the package that are no adapters. */
const NO_ADAPTERS = new Set([
  '.',
  './explain',
  './keys-file',
  './package.json',
  './order',
  './policy-file',
  './policy-file.schema.json',
  './views',
  './diagnostics',
  './logging',
  './opentelemetry',
  './prometheus',
]);
/** Adapters that are explained on the page of another. */
const SHARED: { readonly [subpath: string]: string } = {
  './socket-io': 'websocket',
  './sse': 'websocket',
  './lambda-authorizer': 'lambda',
  './lambda-edge': 'lambda',
  './azure-functions': 'functions',
  './google-cloud-functions': 'functions',
};
/** Pages that start their servers themselves: test/python-pages.test.ts runs them. */
const WHOLE = new Set(['python']);
const SECTIONS = ['Add it', 'See it refuse, see it accept', 'Bind it, sign it, read the claims', 'Roll it out', 'What is special here'];

interface Page {
  readonly name: string;
  readonly text: string;
  /** The servers of the page, each with the lines that call it. */
  readonly steps: readonly { readonly language: string; readonly server: string; readonly calls: string }[];
}

const pages: readonly Page[] = readdirSync(join(root, 'docs/quickstart'))
  .map((file) => ({ name: basename(file, '.md'), text: read(`docs/quickstart/${file}`) }))
  .map((page) => ({ ...page, steps: WHOLE.has(page.name) ? [] : stepsOf(page.text) }));

/** Each server is the last block of code before a block of curl lines. */
function stepsOf(text: string): Page['steps'] {
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', code = '']) => ({ language, code }));
  return blocks.flatMap(({ language, code: calls }, index) => {
    const server = blocks[index - 1];
    return language === 'sh' && server !== undefined && server.language !== 'sh'
      ? [{ language: server.language, server: server.code, calls }]
      : [];
  });
}

/** The answers that a block promises: the number in the comment at the end of a line. */
function promised(calls: string): readonly string[] {
  return [...calls.matchAll(/ {2}# (\d{3})\b/g)].map(([, status = '']) => status);
}

const folder = join(root, `node_modules/.cache/quickstarts-${process.pid}`);
const env = { ...process.env, APPROOV_BASE64_SECRET: freshSecret().base64, NODE_ENV: 'test' };

interface Told {
  readonly file: string;
  readonly port: number;
  readonly error: string | null;
}

/** Writes the servers of all pages into files. */
function writeServers(): readonly string[] {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { experimentalDecorators: true, target: 'es2022' } }));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  return pages.flatMap(({ name, steps }) =>
    steps.map(({ language, server }, index) => {
      const file = join(folder, `${name}-${index}.${language}`);
      writeFileSync(file, server);
      return file;
    }),
  );
}

/** Starts them in one process, whose TypeScript knows decorators. */
function startServers(): { readonly child: ChildProcess; readonly ports: Promise<ReadonlyMap<string, number>> } {
  const files = writeServers();
  const child = fork(join(root, 'examples/test/serve-blocks.mjs'), files, {
    cwd: root,
    env: { ...env, TSX_TSCONFIG_PATH: join(folder, 'tsconfig.json') },
    execArgv: built ? ['--import=tsx'] : packageFlags,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const started = new Map<string, number>();
  const ports = new Promise<ReadonlyMap<string, number>>((resolve, reject) => {
    child.on('exit', () => reject(new Error('the servers ended early')));
    child.on('message', ({ file, port, error }: Told) => {
      if (error !== null) reject(new Error(`${basename(file)}: ${error}`));
      if (started.set(basename(file), port).size === files.length) resolve(started);
    });
  });
  return { child, ports };
}

/** Runs a block with bash. `curl` and `approov-guard request` print the status only; tokens are minted once for all pages. */
async function statusesOf(calls: string, port: number): Promise<readonly string[]> {
  const cli = `node ${join(root, 'packages/cli/bin/approov-guard.js')}`;
  const preamble = `
curl() { command curl -s -o /dev/null -w '%{http_code}\\n' "$@"; }
npx() {
  shift
  if [ "$1" = request ]; then ${cli} "$@" | sed -n 's/^< HTTP[^ ]* \\([0-9]*\\).*/\\1/p'; return; fi
  local kept=minted-$(printf '%s' "$*" | cksum | cut -d' ' -f1)
  [ -f "$kept" ] || ${cli} "$@" > "$kept"
  cat "$kept"
}
`;
  const { stdout } = await run('bash', ['-c', preamble + calls.replaceAll('127.0.0.1:8002', `127.0.0.1:${port}`)], { cwd: folder, env });
  return stdout.trim().split('\n');
}

describe('the quickstart pages', () => {
  const { child, ports } = startServers();
  before(() => ports);
  after(() => {
    // Some of the servers take their time when they are asked to stop.
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  test('there is one for each adapter', () => {
    const subpaths = Object.keys(JSON.parse(read('packages/guard/package.json')).exports).filter((subpath) => !NO_ADAPTERS.has(subpath));
    const without = subpaths.filter((subpath) => !pages.some(({ name }) => name === (SHARED[subpath] ?? subpath.slice(2))));
    deepEqual(without, [], 'write docs/quickstart/<name>.md, or say in SHARED which page explains it');
  });

  for (const { name, text, steps } of pages) {
    test(`${name}: at most 90 lines, with every section, listed in the index`, () => {
      ok(text.split('\n').length - 1 <= 90, `${text.split('\n').length - 1} lines`);
      deepEqual(
        [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title),
        SECTIONS,
      );
      ok(read('docs/README.md').includes(`(quickstart/${name}.md)`));
    });

    test(`${name}: what it shows of an example is the example`, () => {
      for (const [, path = '', code] of text.matchAll(/<!-- from (\S+) -->\n```\w+\n(.*?)^```$/gms))
        equal(code, read(path), `copy ${path} into the page`);
    });

    // Where curl cannot call, the page checks itself: tools/check-docs.mjs runs its blocks.
    if (WHOLE.has(name)) continue;
    if (steps.length === 0) {
      test(`${name}: it shows a refusal that it checks itself`, () => {
        ok(/^ *assert\.equal\(.*(?:401|UNAUTHENTICATED)\);$/m.test(text));
      });
      continue;
    }

    test(`${name}: its servers give the answers that it promises`, skipUnless(findProgram('curl'), 'curl'), async () => {
      equal(steps.length, 2);
      for (const [index, { language, calls }] of steps.entries()) {
        const statuses = await statusesOf(calls, (await ports).get(`${name}-${index}.${language}`) ?? 0);
        deepEqual(statuses, promised(calls), calls);
        ok(statuses.includes('200') && statuses.includes('401'));
      }
    });
  }
});
