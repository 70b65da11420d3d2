/** A real proxy in place of the gateway, from the same policy: by itself, or asking the authoriser. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFor, startAuthorizer } from '@approov-guard/gateway';

/** The places that this example knows beside the gateway, and the program of each. */
export const PROGRAMS = { 'nginx-njs': 'nginx', nginx: 'nginx', haproxy: 'haproxy' };

/**
 * @param {'nginx-njs' | 'nginx' | 'haproxy'} place
 * @param {{ readonly [option: string]: unknown }} policy @param {{ [name: string]: string | undefined }} env
 * @param {{ readonly listen: string, readonly to: string }} places - hosts and ports
 * @returns {Promise<{ url: string, drain: () => Promise<void>, log: string | null }>}
 */
export async function startProxy(place, policy, env, places) {
  const folder = mkdtempSync(join(tmpdir(), 'approov-proxy-'));
  const section = { for: 'nginx', listen: '127.0.0.1:0', admin: null };
  const authorizer = place === 'nginx' ? await startAuthorizer({ policy: { ...policy, authorizer: section }, env }) : null;
  const asked = authorizer === null ? {} : { authorizer: { listen: new URL(authorizer.url).host } };
  const log = place === 'nginx-njs' ? join(folder, 'access.log') : null;
  for (const { name, text } of compileFor(place, { ...policy, ...asked }, places, env))
    writeFileSync(join(folder, name), log === null ? text : text.replace('/var/log/nginx/access.log', log));
  if (place === 'nginx') writeFileSync(join(folder, 'nginx.conf'), 'events {}\nhttp { access_log off; include approov.conf; }\n');
  const nginx = ['-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-g', `daemon off; pid ${folder}/nginx.pid;`];
  const child = spawn(PROGRAMS[place], place === 'haproxy' ? ['-f', 'haproxy.cfg'] : nginx, {
    cwd: folder,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  child.once('error', ({ message }) => {
    console.error(`${PROGRAMS[place]} did not start: ${message}`);
    process.exit(2);
  });
  child.once('exit', (code) => process.exit(code ?? 1));
  const drain = async () => {
    child.removeAllListeners('exit');
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await Promise.all([ended, authorizer?.drain()]);
    rmSync(folder, { recursive: true });
  };
  return { url: `http://${places.listen}`, drain, log };
}
