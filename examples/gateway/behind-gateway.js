import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startGateway } from '@approov-guard/gateway';

/** A port on which nothing listens. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** @param {number} port @returns {Promise<boolean>} whether somebody listens there */
function isOpen(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket.destroy() && true));
    socket.once('error', () => resolve(false));
  });
}

/**
 * Starts a Python server that knows nothing of attestation, and the gateway before it.
 * @param {string} framework - the folder of its hello.py
 */
export async function behindGateway(framework) {
  const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
  const listen = `${host}:${process.env.HTTP_PORT ?? 8002}`;
  const port = await freePort();
  const policy = {
    keys: { secret: { base64: { env: 'APPROOV_BASE64_SECRET' } } },
    environment: process.env.NODE_ENV === 'production' ? 'production' : 'development',
    gateway: { to: `http://127.0.0.1:${port}`, listen, admin: null },
  };
  const gateway = await startGateway({ policy });
  const server = spawn(process.env.PYTHON ?? 'python3', [fileURLToPath(new URL(`./${framework}/hello.py`, import.meta.url))], {
    env: { ...process.env, SERVER_HOSTNAME: '127.0.0.1', HTTP_PORT: String(port), APPROOV_BASE64_SECRET: undefined },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  server.once('exit', () => process.exit(1));
  process.once('exit', () => server.kill());
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void gateway.drain().then(() => process.exit(0)));
  while (!(await isOpen(port))) await new Promise((resolve) => setTimeout(resolve, 20));
  console.log(`Listening on ${gateway.urls[0]}`);
}
