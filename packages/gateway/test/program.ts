/** Programs that tests start: a port for them, and a moment at which they are there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Whether somebody listens there. */
export async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const [open] = await Promise.race([once(socket, 'connect').then(() => [true]), once(socket, 'error').then(() => [false])]).catch(() => [
    false,
  ]);
  socket.destroy();
  return open === true;
}

/** A test that is cut off leaves nobody behind. */
const children: Set<ChildProcess> = new Set();
process.once('exit', () => {
  for (const child of children) child.kill('SIGTERM');
});

/** Starts a program, and waits until its port takes connections. */
export async function running(
  program: string,
  words: readonly string[],
  env: object,
  port: number,
  cwd: string,
): Promise<{ readonly child: ChildProcess; readonly said: () => string }> {
  const child = spawn(program, words, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  child.once('close', () => children.delete(child));
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  while (!(await isOpen(port))) {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { child, said: () => text };
}
