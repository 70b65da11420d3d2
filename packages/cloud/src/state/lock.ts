/**
 * One process on a state at a time. The lock is a local socket whose name follows from the file's: the system frees it when its holder dies,
 * however that happens, so that no stale lock is ever left. The holder is reached through it as well.
 */
import { createHash } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudError } from '../cloud-error.ts';

/**
 * The lock's name. Linux: an abstract socket, Windows: a pipe, which both vanish with the process. Elsewhere a socket file, which may outlive
 * it and then answers nobody.
 */
export function lockName(file: string, platform: NodeJS.Platform = process.platform): string {
  const name = `approov-guard-cloud-${createHash('sha256').update(file).digest('hex').slice(0, 32)}`;
  if (platform === 'linux') return `\0${name}`;
  return platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

/**
 * Takes the lock by letting a server listen on it.
 * @throws CloudError `state-in-use` where another process has it
 */
export async function takeLock(server: Server, file: string): Promise<void> {
  const name = lockName(file);
  if (await listens(server, name)) return;
  if (!name.startsWith('/') || (await answers(name))) throw inUse(file);
  // A socket file without a process behind it: its holder was killed.
  unlinkSync(name);
  if (!(await listens(server, name))) throw inUse(file);
}

function inUse(file: string): CloudError {
  return new CloudError(
    'state-in-use',
    `another cloud runs on ${file}. Stop it first, name another file with --state FILE, or keep the state in memory with --state memory.`,
  );
}

function listens(server: Server, name: string): Promise<boolean> {
  return new Promise((done, fail) => {
    const onError = (error: NodeJS.ErrnoException): void => (error.code === 'EADDRINUSE' ? done(false) : fail(error));
    server.once('error', onError);
    server.listen(name, () => {
      server.off('error', onError);
      done(true);
    });
  });
}

/** Whether somebody listens on a local socket. */
export function answers(name: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(name);
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}
