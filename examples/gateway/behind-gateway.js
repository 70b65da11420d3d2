/** Starts a server in Python that knows nothing of attestation, and the gateway, or a proxy, in front of it. */
import { spawn, spawnSync } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startGateway } from '@approov-guard/gateway';
import { exampleToken, freshSecret, lookalikeToken } from '@approov-guard/testkit';
import { PROGRAMS, startProxy } from './behind-proxy.js';

const YEAR_SECONDS = 31_536_000;

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

/** A Python that has the framework. Debian's own is looked at, too. @param {string} framework */
function pythonWith(framework) {
  const programs = [process.env.PYTHON || 'python3', '/usr/bin/python3'];
  const python = programs.find((program) => spawnSync(program, ['-c', `import ${framework}`]).status === 0);
  if (python !== undefined) return python;
  const packages = framework === 'fastapi' ? 'python3-fastapi python3-uvicorn' : `python3-${framework}`;
  console.error(`No Python here has ${framework}. On Debian and Ubuntu: sudo apt-get install ${packages}\nOr name another with PYTHON.`);
  process.exit(2);
}

/** The secret of the environment, or a fresh one where none is set. */
function secretOf() {
  const base64 = process.env.APPROOV_BASE64_SECRET;
  return base64 || process.env.NODE_ENV === 'production' ? { base64: base64 ?? '', fresh: false } : { ...freshSecret(), fresh: true };
}

/**
 * Requests to try, each with the answer to expect.
 * @param {{ base64: string }} secret @param {string | undefined} bound
 * @returns {readonly [who: string, expected: string, headers: readonly string[]][]}
 */
function requests(secret, bound) {
  const user = 'Bearer alice';
  const options = { secret, lifetimeSeconds: YEAR_SECONDS, ...(bound === undefined ? {} : { bind: user }) };
  const token = (/** @type {string} */ text) => `Approov-Token: ${text}`;
  const others = bound === undefined ? [] : [`${bound}: ${user}`];
  const genuine = token(exampleToken(options));
  return [
    ['no token: a script', '401 {}', others],
    ['a genuine app', '200', [genuine, ...others]],
    ['a tampered app', '401 {}', [token(lookalikeToken(options)), ...others]],
    ['an expired token', '401 {}', [token(exampleToken({ ...options, lifetimeSeconds: -60 })), ...others]],
    ...(bound === undefined
      ? []
      : [/** @type {[string, string, string[]]} */ (['the token of another user', '401 {}', [genuine, `${bound}: Bearer mallory`]])]),
  ];
}

/** @param {string} url @param {string} behind @param {{ base64: string, fresh: boolean }} secret @param {string | undefined} bound */
function introduce(url, behind, secret, bound) {
  console.log(`Listening on ${url}

In front of ${behind}, which knows nothing of attestation. From another terminal:`);
  for (const [who, expected, headers] of requests(secret, bound))
    console.log(`# ${who}: expect ${expected}\n${['curl -i', ...headers.map((line) => `-H '${line}'`), `${url}/`].join(' ')}`);
  const own = 'npx approov-guard gateway --to http://127.0.0.1:5000';
  console.log(`
${secret.fresh ? 'APPROOV_BASE64_SECRET is not set, so these tokens are signed with a secret of this run.\n' : ''}Each request is a line below: what was decided, and why. The client never learns the reason. Stop with Ctrl-C.
Next: your own server. Let it listen on 127.0.0.1:5000, set APPROOV_BASE64_SECRET, and put the same in front of it:
  ${own}${bound === undefined ? '\nBind tokens to users: add --bind Authorization. ' : ` --bind ${bound}\n`}More: docs/quickstart/python.md
`);
}

/**
 * `PLACE` names what stands in front: the gateway, or `nginx-njs`, `nginx`, `haproxy`.
 * @param {{ readonly [option: string]: unknown }} policy @param {{ [name: string]: string | undefined }} env
 * @param {string} listen @param {string} behind
 */
async function startPlace(policy, env, listen, behind) {
  const { PLACE: place = 'gateway' } = process.env;
  if (place === 'gateway') {
    const gateway = await startGateway({ policy: { ...policy, gateway: { to: behind, listen, admin: null } }, env });
    return { url: gateway.urls[0] ?? '', drain: () => gateway.drain(), log: null };
  }
  if (place !== 'nginx-njs' && place !== 'nginx' && place !== 'haproxy') {
    console.error(`PLACE must be one of gateway, ${Object.keys(PROGRAMS).join(', ')}`);
    process.exit(2);
  }
  const proxy = await startProxy(place, policy, env, { listen, to: new URL(behind).host });
  if (proxy.log !== null) console.log(`What was decided, and why: ${proxy.log}`);
  return proxy;
}

/**
 * Starts both. `APPROOV_TOKEN_BINDING_HEADER_NAME` names a header to which tokens must be bound.
 * @param {string} framework - the folder of its hello.py
 */
export async function behindGateway(framework) {
  const python = pythonWith(framework);
  const secret = secretOf();
  const bound = process.env.APPROOV_TOKEN_BINDING_HEADER_NAME || undefined;
  const port = await freePort();
  const behind = `http://127.0.0.1:${port}`;
  const policy = {
    keys: { secret: { base64: { env: 'APPROOV_BASE64_SECRET' } } },
    ...(bound === undefined ? {} : { binding: { headers: [bound] } }),
    environment: process.env.NODE_ENV === 'production' ? 'production' : 'development',
  };
  const listen = `${process.env.SERVER_HOSTNAME || '127.0.0.1'}:${process.env.HTTP_PORT || 8002}`;
  const env = { ...process.env, APPROOV_BASE64_SECRET: secret.base64 };
  const place = await startPlace(policy, env, listen, behind);
  const server = spawn(python, [fileURLToPath(new URL(`./${framework}/hello.py`, import.meta.url))], {
    env: { ...process.env, SERVER_HOSTNAME: '127.0.0.1', HTTP_PORT: String(port), APPROOV_BASE64_SECRET: undefined },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // What it writes is of interest only where it ends: it writes a line for each request, and the gateway does, too.
  let said = '';
  server.stderr.on('data', (text) => (said = `${said}${text}`.slice(-4000)));
  server.once('exit', () => {
    console.error(said);
    process.exit(1);
  });
  process.once('exit', () => server.kill());
  const end = () => void place.drain().then(() => process.exit(0));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, end);
  for (const open of [port, Number(new URL(place.url).port)])
    while (!(await isOpen(open))) await new Promise((resolve) => setTimeout(resolve, 20));
  introduce(place.url, `${framework}/hello.py on ${behind}`, secret, bound);
}
