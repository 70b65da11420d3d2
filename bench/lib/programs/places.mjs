/** The proxies of the suite `gateway`, and the servers in Python: each starts programs on a core, and answers where it listens. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, findPythonWith } from '../../../tools/optional.mjs';
import { freePort } from '../../../tools/start/free-port.mjs';
import { cpuOf, residentOf } from '../measuring/cpu.mjs';
import { runOn, startOn } from './processes.mjs';

/**
 * @typedef {object} Bench
 * @property {string} folder - where configurations lie
 * @property {string} secret - base64
 */
/** @typedef {{ core: number, to: string, listen: string, folder: string }} Places - `to` and `listen`: host and port */
/**
 * @typedef {{ url: string, cpu: () => number, stop: () => Promise<void>, resident?: () => number }} Started - `cpu`: microseconds that it took so far,
 * all of its processes; `resident`: their memory, MiB
 */

const cli = fileURLToPath(new URL('../../../packages/cli/bin/approov-guard.js', import.meta.url));
const peerProxy = fileURLToPath(new URL('../../servers/peer-proxy.mjs', import.meta.url));
const holdingServer = fileURLToPath(new URL('../../servers/holding.mjs', import.meta.url));
const examples = fileURLToPath(new URL('../../../examples/gateway', import.meta.url));
const checked = fileURLToPath(new URL('../../servers/python', import.meta.url));

/** What a Python has to have. */
export const PYTHON = { flask: 'flask, gunicorn, jwt', fastapi: 'fastapi, uvicorn, jwt' };

/** @param {number | string} where - a port or a path @param {readonly import('node:child_process').ChildProcess[]} children */
async function untilOpen(where, children) {
  const to = typeof where === 'number' ? { host: '127.0.0.1', port: where } : { path: where };
  for (let tries = 0; tries < 1500 && children.every(({ exitCode }) => exitCode === null); tries++) {
    const open = await new Promise((resolve) => {
      const socket = connect(to, () => resolve(socket.destroy() && true)).once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nobody listens on ${where}`);
}

/** A run that breaks off leaves nobody behind. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.once('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

/**
 * Starts programs, and waits for the port of the last, or for its socket.
 * @param {readonly (readonly string[])[]} commands @param {number} core @param {number | string} port @param {{ [name: string]: string }} [env]
 * @returns {Promise<Started>}
 */
async function started(commands, core, port, env = {}) {
  const children = commands.map((command) => {
    // What our own programs say at their start is of no interest here.
    const child = startOn(command, core, env, command[1] === cli ? 'ignore' : 'inherit');
    child.stdout.resume();
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  });
  const stop = async () => {
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null) return;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await ended;
      }),
    );
  };
  try {
    await untilOpen(port, children);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}`,
    cpu: () => children.reduce((sum, { pid }) => sum + cpuOf(pid), 0),
    resident: () => children.reduce((sum, { pid }) => sum + residentOf(pid), 0),
    stop,
  };
}

/** @param {Bench} bench */
export async function placesOf({ folder, secret }) {
  const env = { APPROOV_BASE64_SECRET: secret };
  let count = 0;
  /** @param {string} name @param {string} text */
  const written = (name, text) => {
    const own = join(folder, String(count++));
    mkdirSync(own);
    writeFileSync(join(own, name), text);
    return own;
  };
  /** What a compiler prints, in a folder of its own, without a log. @param {string} target @param {readonly string[]} words */
  const compiled = async (target, words) => {
    const own = join(folder, String(count++));
    await runOn([process.execPath, cli, 'compile', target, '--out', own, ...words], 0, env);
    return own;
  };

  /** @param {string} text @param {number} port @param {number} core */
  const nginx = (text, port, core) => {
    const own = written(
      'nginx.conf',
      `daemon off; user root; pid nginx.pid; error_log stderr error; worker_processes 1; events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
${text} }`,
    );
    return started([['nginx', '-p', own, '-c', 'nginx.conf', '-e', 'stderr']], core, port, env);
  };

  /** Answers by itself: as cheap as a server can be. @param {number} core */
  const upstream = async (core) => {
    const port = await freePort();
    const answer = `default_type application/json; return 200 '{"message":"Hello, World!"}';`;
    return nginx(`server { listen 127.0.0.1:${port}; location / { ${answer} } }`, port, core);
  };

  /** @param {number} core @param {string} to */
  const plainNginx = async (core, to) => {
    const port = await freePort();
    const upstreams = `upstream behind { server ${to}; keepalive 32; keepalive_requests 100000000; }`;
    const fields = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;';
    return nginx(`${upstreams} server { listen 127.0.0.1:${port}; location / { proxy_pass http://behind; ${fields} } }`, port, core);
  };

  /** @param {boolean} bySocket - nginx asks by a Unix socket @returns {(core: number, to: string) => Promise<Started>} */
  const nginxAsking = (bySocket) => async (core, to) => {
    const [port, asks] = [await freePort(), bySocket ? join(folder, `${count++}.sock`) : await freePort()];
    const policy = {
      keys: { secret: { base64: { env: 'APPROOV_BASE64_SECRET' } } },
      authorizer: { for: 'nginx', listen: bySocket ? `unix:${asks}` : `127.0.0.1:${asks}`, admin: null, log: null },
    };
    const file = join(written('policy.json', JSON.stringify(policy)), 'policy.json');
    const configuration = await runOn(
      [process.execPath, cli, 'compile', 'nginx', '--policy', file, '--to', to, '--listen', `127.0.0.1:${port}`],
      core,
      env,
    );
    const authorizer = await started([[process.execPath, cli, 'authorizer', '--policy', file]], core, asks, env);
    const proxy = await nginx(configuration.replaceAll('keepalive 32;', 'keepalive 32; keepalive_requests 100000000;'), port, core);
    return {
      url: proxy.url,
      cpu: () => proxy.cpu() + authorizer.cpu(),
      stop: async () => void (await Promise.all([proxy.stop(), authorizer.stop()])),
    };
  };

  /** @param {number} core @param {string} to */
  const nginxByItself = async (core, to) => {
    const port = await freePort();
    const own = await compiled('nginx-njs', ['--to', to, '--listen', `127.0.0.1:${port}`]);
    const main = `daemon off; user root; pid ${own}/nginx.pid; error_log stderr error;`;
    const edit = `sed -i -e 's/^access_log .*/access_log off; keepalive_requests 100000000;/' -e 's/worker_processes auto/worker_processes 1/' -e 's/keepalive 32;/keepalive 32; keepalive_requests 100000000;/' nginx.conf`;
    await runOn(['sh', '-c', `cd ${own} && ${edit}`], core);
    return started([['nginx', '-c', join(own, 'nginx.conf'), '-e', 'stderr', '-g', main]], core, port, env);
  };

  /** @param {string} text @param {number} core @param {number} port */
  const haproxy = (text, core, port) => {
    const own = written('haproxy.cfg', text.replace(/^ {2}log .*\n/gm, ''));
    writeFileSync(join(own, 'thread.cfg'), 'global\n  nbthread 1\n');
    return started([['haproxy', '-f', join(own, 'thread.cfg'), '-f', join(own, 'haproxy.cfg')]], core, port, env);
  };

  /** As short as HAProxy can be written, with rules. @param {number} port @param {string} to @param {readonly string[]} [rules] */
  const plain = (port, to, rules = []) => {
    const timeouts = ['connect 5s', 'client 65s', 'server 60s', 'http-request 10s', 'http-keep-alive 65s'];
    const lines = timeouts.map((text) => `timeout ${text}`);
    const frontend = [`bind 127.0.0.1:${port}`, ...rules, 'default_backend b'];
    const indented = (/** @type {readonly string[]} */ all) => all.map((line) => `  ${line}\n`).join('');
    return `defaults\n  mode http\n${indented(lines)}frontend f\n${indented(frontend)}backend b\n  server behind ${to}\n`;
  };

  /** The same without a check. @param {number} core @param {string} to */
  const plainHaproxy = async (core, to) => {
    const port = await freePort();
    return haproxy(plain(port, to), core, port);
  };

  /** @param {number} core @param {string} to @param {(text: string) => string} [edit] */
  const haproxyByItself = async (core, to, edit = (text) => text) => {
    const port = await freePort();
    const words = ['compile', 'haproxy', '--to', to, '--listen', `127.0.0.1:${port}`];
    return haproxy(edit(await runOn([process.execPath, cli, ...words], core, env)), core, port);
  };

  /** The same, but that no header is taken away or added: what the check alone costs. @param {number} core @param {string} to */
  const haproxyChecking = (core, to) =>
    haproxyByItself(core, to, (text) =>
      text.replace(/^ {2}(?:http-request (?:add|del|set)-header |option forwardfor|unique-id-header ).*\n/gm, ''),
    );

  /** One header, a form, the MAC, and a number ahead: less would be no check. Nothing is told, and nothing remembered. @param {number} core @param {string} to */
  const haproxyShortest = async (core, to) => {
    const port = await freePort();
    const deny = 'http-request deny deny_status 401 unless';
    const rules = [
      'http-request set-var(txn.tok) req.fhdr(approov-token)',
      'http-request set-var(txn.sig) var(txn.tok),field(3,.)',
      `${deny} { req.fhdr_cnt(approov-token) eq 1 } { var(txn.tok) -m reg '^[\\w-]+\\.[\\w-]+\\.[\\w-]+$' }`,
      `${deny} { var(txn.tok),jwt_header_query('$.alg') -m str HS256 }`,
      `${deny} { var(txn.tok),field(1,.,2),hmac(sha256,"\${APPROOV_BASE64_SECRET}"),ub64enc,secure_memcmp(txn.sig) }`,
      `${deny} { var(txn.tok),field(2,.),ub64dec -m reg '"exp":\\d+[,}]' }`,
      `http-request set-var(txn.exp) var(txn.tok),jwt_payload_query('$.exp','int')`,
      `${deny} { date(),sub(txn.exp) lt 0 }`,
    ];
    return haproxy(plain(port, to, rules), core, port);
  };

  /** @param {number} core @param {string} to @param {object} [more] - settings */
  const gateway = async (core, to, more = {}) => {
    const port = await freePort();
    const section = { to: `http://${to}`, listen: `127.0.0.1:${port}`, admin: null, log: null, ...more };
    const policy = { keys: { secret: { base64: { env: 'APPROOV_BASE64_SECRET' } } }, gateway: section };
    const file = join(written('policy.json', JSON.stringify(policy)), 'policy.json');
    return started([[process.execPath, cli, 'gateway', '--policy', file]], core, port, env);
  };

  /** Keeps WebSockets, and reads bodies. @param {number} core */
  const holding = async (core) => {
    const port = await freePort();
    return started([[process.execPath, holdingServer, String(port)]], core, port);
  };

  /** @param {string} name @returns {(core: number, to: string) => Promise<Started>} */
  const peer = (name) => async (core, to) => {
    const port = await freePort();
    return started([[process.execPath, peerProxy, name, String(port), `http://${to}`]], core, port);
  };

  /**
   * A server in Python: gunicorn for Flask, uvicorn for FastAPI, one process.
   * @param {'flask' | 'fastapi'} framework @param {boolean} isChecked @param {number} core
   */
  const python = async (framework, isChecked, core) => {
    const port = await freePort();
    const program = findPythonWith(PYTHON[framework]) ?? 'python3';
    const where = isChecked ? checked : join(examples, framework);
    const app = isChecked ? `${framework}_checked:app` : 'hello:app';
    const words =
      framework === 'flask'
        ? [
            '-m',
            'gunicorn',
            '--chdir',
            where,
            '--worker-class',
            'gthread',
            '--threads',
            '4',
            '--log-level',
            'error',
            '--bind',
            `127.0.0.1:${port}`,
            app,
          ]
        : [
            '-m',
            'uvicorn',
            '--app-dir',
            where,
            '--log-level',
            'error',
            '--no-access-log',
            '--host',
            '127.0.0.1',
            '--port',
            String(port),
            app,
          ];
    return started([[program, ...words]], core, port, env);
  };

  const has = { nginx: findProgram('nginx') !== null, haproxy: findProgram('haproxy') !== null };
  return {
    has,
    upstream,
    plainNginx,
    nginxAsking,
    nginxByItself,
    plainHaproxy,
    haproxyByItself,
    haproxyChecking,
    haproxyShortest,
    gateway,
    holding,
    peer,
    python,
  };
}
