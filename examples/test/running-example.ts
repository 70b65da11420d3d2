/** Starts an example as a reader would, through `npm run example`'s script, and calls it over a socket. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../tools/start/free-port.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** The frameworks in which an example is there. */
export function frameworksWith(group: string, file: string): readonly string[] {
  const folder = join(root, 'examples', group);
  return readdirSync(folder).filter((framework) => existsSync(join(folder, framework, `${file}.js`)));
}

// Every variable that an example reads is set here, so that neither the environment nor a developer's .env reaches the tests.
const SETTINGS = {
  SERVER_HOSTNAME: '127.0.0.1',
  APPROOV_BASE64_SECRET: '',
  APPROOV_ABORT_REQUEST_ON_INVALID_TOKEN: 'true',
  APPROOV_ABORT_REQUEST_ON_INVALID_TOKEN_BINDING: 'true',
  APPROOV_ABORT_REQUEST_ON_INVALID_MESSAGE_SIGNATURE: 'true',
  APPROOV_LOGGING_ENABLED: 'true',
  APPROOV_MISSING_STATUS: '400',
  API_KEY: 'yXClypapWNHIifHUWmBIyPFAm',
  NODE_ENV: 'test',
};

export interface Environment {
  readonly [name: string]: string;
}

/** What an example that ended by itself left behind. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

export interface RunningExample {
  readonly url: string;
  /** What it wrote to standard output so far, line by line, the start line left out. */
  readonly lines: readonly string[];
}

const started: { readonly child: ChildProcess; readonly ended: Promise<unknown> }[] = [];

/** Stops every example that this test file started, also those that were still starting. */
export async function stopExamples(): Promise<void> {
  for (const { child } of started) child.kill('SIGTERM');
  await Promise.all(started.splice(0).map(({ ended }) => ended));
}

/** Runs one of the scripts under `tools/`. */
export function spawnTool(tool: string, parameters: readonly string[], environment: Environment): ChildProcess {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...inherited } = process.env;
  const env = { ...inherited, ...SETTINGS, ...environment };
  return spawn(process.execPath, [join(root, 'tools', tool), ...parameters], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs one of the scripts under `tools/` to its end. */
export async function runTool(tool: string, parameters: readonly string[], environment: Environment): Promise<Ended> {
  const child = spawnTool(tool, parameters, environment);
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  return { code, output };
}

/** Starts an example and waits until it listens. */
export async function startExample(name: string, environment: Environment): Promise<RunningExample> {
  const port = await freePort();
  const child = spawnTool('example.mjs', [name], { HTTP_PORT: String(port), ...environment });
  const ended = once(child, 'exit');
  started.push({ child, ended });
  let errors = '';
  child.stderr?.on('data', (chunk) => (errors += chunk));
  const lines: string[] = [];
  if (child.stdout === null) throw new TypeError('the example has no standard output');
  const reader = createInterface({ input: child.stdout });
  // From the first on: several may come at once.
  reader.on('line', (line) => lines.push(line));
  const early = await Promise.race([
    once(reader, 'line').then(() => null),
    ended.then(([code]) => `${name} ended with ${code}: ${errors}`),
  ]);
  if (early !== null) throw new Error(early);
  lines.shift();
  return { url: `http://127.0.0.1:${port}`, lines };
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Sends a GET request, header lines as given. */
export async function get(url: string, headers: readonly (readonly [string, string])[] = []): Promise<Answer> {
  const grouped: OutgoingHttpHeaders = {};
  for (const [name, value] of headers) grouped[name] = [...[grouped[name] ?? []].flat().map(String), value];
  const outgoing = request(url, { headers: grouped, agent: false });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body };
}
