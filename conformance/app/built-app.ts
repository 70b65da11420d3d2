/** Apps that their framework builds: in a temporary folder beside the installed framework, with the library as its users get it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { endsWithUs } from '../../packages/guard/test/runtimes/ends-with-us.ts';
import { frameworksDirectory } from '../../tools/frameworks.mjs';
import { freePort } from '../../tools/start/free-port.mjs';

const run = promisify(execFile);
const library = fileURLToPath(new URL('../../packages/guard/', import.meta.url));
const START_MS = 120_000;

/** What is built, and how. Paths within the app are relative to its folder. */
export interface BuildPlan {
  /** Files and folders of the app, by what is copied there. */
  readonly copied?: { readonly [path: string]: string };
  /** Modules of the app, by the TypeScript file that each is bundled from; the library and the framework stay outside. */
  readonly bundled?: { readonly [path: string]: string };
  /** A script with the library in it, by the TypeScript file that it is bundled from, under these conditions. */
  readonly whole?: { readonly path: string; readonly entry: string; readonly conditions: readonly string[] };
  /** Modules of the app, by their text. */
  readonly written?: { readonly [path: string]: string };
  /** The framework's commands: a script of its packages, or one of the app (`./…`), and its parameters. */
  readonly build?: readonly string[];
  readonly start: (port: number) => readonly string[];
  readonly environment?: (port: number) => { readonly [name: string]: string };
}

/** A server that runs. */
export interface RunningApp {
  readonly port: number;
  readonly child: ChildProcess;
}

const SETTINGS = { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production', HOST: '127.0.0.1' };

function environmentOf(plan: BuildPlan, port: number): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...inherited } = process.env;
  return { ...inherited, ...SETTINGS, ...plan.environment?.(port) };
}

/** Puts the app together and builds it. The folder goes when the process does. */
export async function buildApp(plan: BuildPlan): Promise<string> {
  const folder = mkdtempSync(join(frameworksDirectory, 'app-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const [path, source] of Object.entries(plan.copied ?? {})) cpSync(source, join(folder, path), { recursive: true });
  for (const [path, text] of Object.entries(plan.written ?? {})) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  await bundle(plan, folder);
  if (plan.build === undefined) return folder;
  const installed = join(folder, 'node_modules/approov-guard');
  mkdirSync(installed, { recursive: true });
  for (const part of ['package.json', 'dist']) cpSync(join(library, part), join(installed, part), { recursive: true });
  const options = { cwd: folder, env: environmentOf(plan, 0), maxBuffer: 1 << 26 };
  await run(process.execPath, script(plan.build), options).catch(({ stdout, stderr }) => {
    throw new Error(`${plan.build?.join(' ')} failed: ${`${stdout}${stderr}`.trim().slice(-SHOWN)}`);
  });
  return folder;
}

/** Every case of the table repeats why the build failed. */
const SHOWN = 500;

const ESBUILD = { bundle: true, target: 'es2022', logLevel: 'error' } as const;

async function bundle({ bundled = {}, whole }: BuildPlan, folder: string): Promise<void> {
  const external = ['approov-guard', 'next', '@sveltejs/kit'];
  for (const [path, entry] of Object.entries(bundled)) {
    await build({ ...ESBUILD, entryPoints: [entry], outfile: join(folder, path), format: 'esm', external });
  }
  if (whole === undefined) return;
  const { path, entry, conditions } = whole;
  await build({
    ...ESBUILD,
    entryPoints: [entry],
    outfile: join(folder, path),
    format: 'iife',
    platform: 'neutral',
    conditions: [...conditions],
  });
}

const script = ([path = '', ...parameters]: readonly string[]): string[] => [
  path.startsWith('.') ? path : join(frameworksDirectory, 'node_modules', path),
  ...parameters,
];

/** Starts what was built, on a free port. */
export async function startApp(plan: BuildPlan, folder: string): Promise<RunningApp> {
  const port = await freePort();
  const child = endsWithUs(
    spawn(process.execPath, script(plan.start(port)), {
      cwd: folder,
      env: environmentOf(plan, port),
      stdio: ['ignore', 'ignore', 'ignore'],
    }),
  );
  const deadline = Date.now() + START_MS;
  while (!(await listens(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the app in ${folder} does not listen`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { port, child };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('connect', () => socket.destroy());
    socket.on('error', () => resolve(false));
  });
}
