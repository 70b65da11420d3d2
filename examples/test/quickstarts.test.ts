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

/** Subpaths of the package that are not adapters. */
const NO_ADAPTERS = new Set([
  '.',
  './engine',
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
const CALLED = ['See it refuse', 'See it accept'];
const CHECKED = ['See it refuse and accept'];
const sectionsWith = (shown: readonly string[]): readonly string[] => [
  'Install',
  'Add it',
  'Start it',
  ...shown,
  'Bind and sign',
  'CORS',
  'Behind a proxy',
  'Common mistakes',
];
const OPTIONAL = ['Details', 'Next'];
const MOST_LINES = 180;

interface Block {
  readonly section: string;
  readonly language: string;
  readonly code: string;
}

interface Page {
  readonly name: string;
  readonly text: string;
  readonly sections: readonly string[];
  readonly blocks: readonly Block[];
}

const pages: readonly Page[] = readdirSync(join(root, 'docs/quickstart'))
  .map((file) => ({ name: basename(file, '.md'), text: read(`docs/quickstart/${file}`) }))
  // A page whose server is of another language has a mould of its own.
  .filter(({ text }) => /from 'approov-guard\//.test(text))
  .map(({ name, text }) => ({
    name,
    text,
    sections: [...text.matchAll(/^## (.*)$/gm)].map(([, title = '']) => title),
    blocks: blocksOf(text),
  }));

function blocksOf(text: string): readonly Block[] {
  return text.split(/^## /m).flatMap((part) => {
    const section = part.slice(0, part.indexOf('\n'));
    return [...part.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', code = '']) => ({ section, language, code }));
  });
}

const CODE = new Set(['js', 'ts']);
/** The servers of a page that curl calls: what the reader adds, and what binds and signs. */
function serversOf({ sections, blocks }: Page): readonly Block[] {
  if (!sections.includes('See it accept')) return [];
  return ['Add it', 'Bind and sign'].flatMap((title) => {
    const found = blocks.find(({ section, language }) => section === title && CODE.has(language));
    return found === undefined ? [] : [found];
  });
}

/** The answers that a block promises: the number in the comment at the end of a line. */
function promised(calls: string): readonly string[] {
  return [...calls.matchAll(/ {2}# (\d{3})$/gm)].map(([, status = '']) => status);
}

/** Whether an output is what a page shows of it: each line, in this order; an ellipsis stands for the rest of a line, or for any lines. */
function showsAs(output: string, shown: string): boolean {
  const lines = shown.trim().split('\n');
  const pattern = lines
    .map((line) => (line === '…' ? '(?:.*\\n)*?' : `${line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.*')} *\\n`))
    .join('');
  return new RegExp(`^${pattern}$`).test(`${output.replaceAll('\r', '').trim()}\n`);
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
  return pages.flatMap((page) =>
    serversOf(page).map(({ language, code }, index) => {
      const file = join(folder, `${page.name}-${index}.${language}`);
      writeFileSync(file, code);
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

/**
 * Runs a block with bash and answers what it prints: whole answers, or with `statuses` of `curl` and `approov-guard request` the status only. Tokens
 * are minted once for all pages.
 */
async function outputOf(calls: string, port: number, statuses: boolean): Promise<string> {
  const cli = `node ${join(root, 'packages/cli/bin/approov-guard.js')}`;
  const preamble = `
curl() { command curl -s ${statuses ? "-o /dev/null -w '%{http_code}\\n'" : ''} "$@"; }
npx() {
  shift
  if [ "$1" = request ]; then ${cli} "$@" | sed -n 's/^< HTTP[^ ]* \\([0-9]*\\).*/\\1/p'; return; fi
  local kept=minted-$(printf '%s' "$*" | cksum | cut -d' ' -f1)
  [ -f "$kept" ] || ${cli} "$@" > "$kept"
  cat "$kept"
}
`;
  const { stdout } = await run('bash', ['-c', preamble + calls.replaceAll('127.0.0.1:8002', `127.0.0.1:${port}`)], { cwd: folder, env });
  return stdout;
}

/** Runs the script that a page checks itself with. */
async function runScript({ name, blocks }: Page): Promise<string> {
  const script = blocks.find(({ section, language }) => CHECKED.includes(section) && language === 'ts');
  const file = join(folder, `${name}-check.mts`);
  writeFileSync(file, script?.code ?? '');
  const { stdout } = await run(process.execPath, [...(built ? ['--import=tsx'] : packageFlags), file], { cwd: root, env });
  return stdout;
}

describe('the quickstart pages', () => {
  const { child, ports } = startServers();
  before(() => ports);
  after(() => {
    // Some of the servers take their time when they are asked to stop.
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  test('all are listed in the index', () => {
    const index = read('docs/README.md');
    for (const file of readdirSync(join(root, 'docs/quickstart'))) ok(index.includes(`(quickstart/${file})`), file);
  });

  test('there is one for each adapter', () => {
    const subpaths = Object.keys(JSON.parse(read('packages/guard/package.json')).exports).filter((subpath) => !NO_ADAPTERS.has(subpath));
    const without = subpaths.filter((subpath) => !pages.some(({ name }) => name === (SHARED[subpath] ?? subpath.slice(2))));
    deepEqual(without, [], 'write docs/quickstart/<name>.md, or say in SHARED which page explains it');
  });

  for (const page of pages) {
    const { name, text, blocks, sections } = page;
    test(`${name}: at most ${MOST_LINES} lines, with every section`, () => {
      ok(text.split('\n').length - 1 <= MOST_LINES, `${text.split('\n').length - 1} lines`);
      deepEqual(
        sections.filter((title) => !OPTIONAL.includes(title)),
        sectionsWith(sections.includes('See it accept') ? CALLED : CHECKED),
      );
    });

    test(`${name}: what it shows of an example is the example`, () => {
      for (const [, path = '', code] of text.matchAll(/<!-- from (\S+) -->\n```\w+\n(.*?)^```$/gms))
        equal(code, read(path), `copy ${path} into the page`);
    });

    const shown = blocks.filter(({ language }) => language === 'text').map(({ code }) => code);
    if (serversOf(page).length === 0) {
      test(`${name}: its script prints what it shows, a refusal first`, async () => {
        const promised = blocks.find(({ section, language }) => CHECKED.includes(section) && language === 'text')?.code ?? '';
        equal(await runScript(page), promised);
        ok(/^(?:401|UNAUTHENTICATED)\n/.test(promised));
      });
      continue;
    }

    test(`${name}: its first server prints what it shows`, skipUnless(findProgram('curl'), 'curl'), async () => {
      const port = (await ports).get(`${name}-0.${serversOf(page)[0]?.language}`) ?? 0;
      const calls = blocks.filter(({ section, language }) => CALLED.includes(section) && language === 'sh');
      equal(calls.length, 2);
      equal(shown.length, 2);
      for (const [index, { code }] of calls.entries()) {
        const output = await outputOf(code, port, false);
        ok(showsAs(output, shown[index] ?? ''), `${code}\n${output}`);
      }
    });

    test(`${name}: its second server gives the answers that it promises`, skipUnless(findProgram('curl'), 'curl'), async () => {
      const port = (await ports).get(`${name}-1.${serversOf(page)[1]?.language}`) ?? 0;
      const calls = blocks.filter(({ section, language }) => section === 'Bind and sign' && language === 'sh');
      ok(calls.length > 0);
      for (const { code } of calls) {
        const statuses = (await outputOf(code, port, true)).trim().split('\n');
        deepEqual(statuses, promised(code), code);
        deepEqual(statuses, ['200', '401']);
      }
    });

    test(`${name}: it starts the file that it has the reader save`, () => {
      const file = /Save this as `(server\.m[jt]s)`/.exec(text)?.[1] ?? '';
      const start = blocks.find(({ section, language }) => section === 'Start it' && language === 'sh')?.code ?? '';
      const runners = [`${file.endsWith('.mts') ? 'npx tsx' : 'node'} --env-file=.env ${file}`, `bun ${file}`];
      ok(file !== '' && runners.some((runner) => start.includes(runner)), start);
    });
  }
});
