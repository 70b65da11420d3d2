/** Real proxies, each in a folder of its own on a free port, ended with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { findProgram } from '../../../../tools/optional.mjs';

/** The programs, or `null` where they are not installed. */
export const nginx: string | null = findProgram('nginx');
export const caddy: string | null = findProgram('caddy');

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Starts a program in a new folder and waits until it listens. */
export async function start(
  context: TestContext,
  given: {
    program: string;
    configuration: (folder: string) => string;
    parameters: (file: string, folder: string) => readonly string[];
    port: number;
  },
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
  const file = join(folder, 'configuration');
  writeFileSync(file, given.configuration(folder));
  const environment = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(given.program, given.parameters(file, folder), { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk));
  context.after(() => ended(child).then(() => rmSync(folder, { recursive: true, force: true })));
  for (let attempt = 0; attempt < 2400; attempt++) {
    if (child.exitCode !== null) throw new Error(`${given.program} ended: ${said}`);
    if (await accepts(given.port)) return folder;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${given.program} does not listen: ${said}`);
}

function ended(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null) return Promise.resolve();
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return gone;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
