/** A Redis server of our own: on a free port, in a folder of its own, gone with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findProgram } from '../../../../tools/optional.mjs';

/** Where the program is, or `null`. */
export const redisProgram: string | null = findProgram('redis-server');

export interface RedisServer {
  readonly port: number;
  /** Starts the server again, on the same port and with the same folder. */
  start(): Promise<void>;
  /** As a crash: SIGKILL. */
  kill(): Promise<void>;
  /** Holds the server, connections open: what it looks like when a machine hangs. */
  hang(): void;
  resume(): void;
  remove(): Promise<void>;
}

/** Starts a server. `parameters` are those of `redis-server`. */
export async function startRedis(parameters: readonly string[] = ['--save', '', '--appendonly', 'no']): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'approov-guard-redis-'));
  const port = await freePort();
  let child: ChildProcess | null = null;
  const server: RedisServer = {
    port,
    start: async () => {
      const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--loglevel', 'warning', ...parameters];
      child = spawn(redisProgram ?? 'redis-server', flags, { stdio: 'ignore' });
      await untilAnswers(port);
    },
    kill: async () => {
      const dying = child;
      if (dying === null || dying.exitCode !== null || dying.signalCode !== null) return;
      const gone = once(dying, 'exit');
      dying.kill('SIGKILL');
      await gone;
    },
    hang: () => child?.kill('SIGSTOP'),
    resume: () => child?.kill('SIGCONT'),
    remove: async () => {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function untilAnswers(port: number): Promise<void> {
  for (let tries = 0; tries < 1500; tries++) {
    if (await answers(port)) return;
    await pause(20);
  }
  throw new Error(`no Redis server answered on port ${port} within half a minute`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      // One that asks for a password is up, too.
      resolve(/^(?:\+PONG|-NOAUTH)/.test(data.toString()));
    });
    socket.once('error', () => resolve(false));
  });
}
