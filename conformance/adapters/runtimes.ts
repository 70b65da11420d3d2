/** Fetch handlers on the servers of other runtimes, each in a process of its own: `Bun.serve`, `Deno.serve`, workerd. And Elysia on Bun. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleProgram, bundleWorker } from '../../packages/guard/test/runtimes/bundle.ts';
import { end, endsWithUs } from '../../packages/guard/test/runtimes/ends-with-us.ts';
import { startWorker } from '../../packages/guard/test/runtimes/workerd.ts';
import { findRuntime } from '../../tools/runtimes.mjs';
import type { AppKind } from '../app/programs/hosted.ts';
import type { AdapterUnderTest, Setup, Started, Traits } from './adapter.ts';

const fetchTraits: Traits = { joinsLines: true, normalisesTargets: true, crypto: ['platform'] };
/** Deno and workerd show targets as they were sent. */
const denoTraits: Traits = { ...fetchTraits, normalisesTargets: false, quirks: ['absolute-form', 'preflights-may-have-bodies'] };
const workerdTraits: Traits = {
  ...denoTraits,
  quirks: ['absolute-form', 'fragment-dropped', 'headers-as-utf8', 'strict-target'],
};
const programs = fileURLToPath(new URL('../app/programs/', import.meta.url));
const DENO = ['run', '--quiet', '--no-config', '--node-modules-dir=manual', '--allow-net', '--allow-read', '--allow-env'];

/** A folder that goes when the process does. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'approov-guard-conformance-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function bundledServers(): Promise<string> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "dependencies": { "approov-guard": "*" } }');
  return bundleProgram(join(programs, 'servers.ts'), folder);
}

/** A process that hosts many apps. It ends with its last app. */
class Servers {
  readonly #program: string;
  readonly #parameters: readonly string[];
  readonly #module: () => Promise<string>;
  #running: Promise<{ readonly child: ChildProcess; readonly control: string }> | null = null;
  #apps = 0;

  constructor(program: string, parameters: readonly string[], module: () => Promise<string> = bundledServers) {
    this.#program = program;
    this.#parameters = parameters;
    this.#module = module;
  }

  async start(kind: AppKind, setup: Setup): Promise<Started> {
    this.#apps += 1;
    this.#running ??= this.#spawn();
    const { control, child } = await this.#running;
    const ask = async (path: string, body = ''): Promise<unknown> => {
      const response = await fetch(`${control}${path}`, { method: 'POST', body });
      if (response.status !== 200) throw new Error(await response.text());
      return response.json();
    };
    const port = await ask('/start', JSON.stringify({ kind, setup }));
    return {
      origin: `http://127.0.0.1:${port}`,
      // The cast holds: that is what the program answers.
      verdicts: async () => (await ask(`/verdicts?${port}`)) as Awaited<ReturnType<Started['verdicts']>>,
      close: async () => {
        this.#apps -= 1;
        if (this.#apps > 0) return;
        this.#running = null;
        await end(child);
      },
    };
  }

  async #spawn(): Promise<{ readonly child: ChildProcess; readonly control: string }> {
    const module = await this.#module();
    const cwd = dirname(module);
    const child = endsWithUs(spawn(this.#program, [...this.#parameters, module], { cwd, stdio: ['ignore', 'pipe', 'ignore'] }));
    const [line] = await once(child.stdout, 'data');
    return { child, control: `http://127.0.0.1:${JSON.parse(String(line)).port}` };
  }
}

let worker: Promise<string> | null = null;

async function startOnWorkerd(program: string, kind: AppKind, setup: Setup): Promise<Started> {
  worker ??= bundleWorker(join(programs, 'worker.ts'), temporaryFolder());
  const module = await worker;
  const folder = `${module}.${crypto.randomUUID()}`;
  mkdirSync(folder);
  const { origin, close } = await startWorker({ program, folder, module, bindings: { HOSTING: JSON.stringify({ kind, setup }) } });
  return { origin, verdicts: async () => (await fetch(`${origin}/--verdicts`)).json(), close };
}

function onRuntime(
  runtime: string,
  server: string,
  traits: Traits,
  start: (program: string) => (kind: AppKind, setup: Setup) => Promise<Started>,
): readonly AdapterUnderTest[] {
  const program = findRuntime(runtime);
  if (program === null) return [];
  const startApp = start(program);
  return [
    { name: `fetch, ${server}`, traits, start: (setup) => startApp('fetch', setup) },
    { name: `hono 4, ${server}`, traits, start: (setup) => startApp('hono', setup) },
  ];
}

/** Elysia on Bun, whose targets it sees as `Bun.serve` shows them. */
function elysiaOnBun(): readonly AdapterUnderTest[] {
  const program = findRuntime('bun');
  if (program === null) return [];
  const servers = new Servers(program, ['run'], async () => join(programs, 'elysia-servers.ts'));
  return [{ name: 'elysia 1, Bun', traits: fetchTraits, start: (setup) => servers.start('elysia', setup) }];
}

/** Those whose runtime is there. */
export const onRuntimes: readonly AdapterUnderTest[] = [
  ...onRuntime('bun', 'Bun.serve', fetchTraits, (program) => {
    const servers = new Servers(program, ['run']);
    return (kind, setup) => servers.start(kind, setup);
  }),
  ...onRuntime('deno', 'Deno.serve', denoTraits, (program) => {
    const servers = new Servers(program, DENO);
    return (kind, setup) => servers.start(kind, setup);
  }),
  ...onRuntime('workerd', 'workerd', workerdTraits, (program) => (kind, setup) => startOnWorkerd(program, kind, setup)),
  ...elysiaOnBun(),
];
