/**
 * What stands in front of a server, each on one core: proxies that check nothing, nginx and HAProxy that enforce a policy or ask, and our own
 * proxy. And servers in Python: as the vendor protects them, and unprotected behind HAProxy and our proxy. The load is `wrk`, on the other core
 * together with what is not measured; every candidate takes part in each round, in a new order, so that a drift of the machine favours none.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, findPythonWith } from '../../tools/optional.mjs';
import { badSignature, freshKeys, freshToken, many } from '../lib/inputs/tokens.mjs';
import { shuffled } from '../lib/measuring/measure.mjs';
import { medianOf, medianOfPairs } from '../lib/measuring/pairs.mjs';
import { PYTHON, placesOf } from '../lib/programs/places.mjs';
import { LOAD_CORE, runOn, SERVER_CORE } from '../lib/programs/processes.mjs';

/** @typedef {import('../lib/programs/places.mjs').Started} Started */
/** @typedef {{ name: string, start: () => Promise<Started>, token: string, refused?: boolean, script?: string }} Candidate - `script`: what `wrk` sends instead of GET and the token */
/** @typedef {import('../run.mjs').Settings} Settings */

const CONNECTIONS = 32;
/** What `wrk` is told. */
const POST = 'wrk.method = "POST"; wrk.body = string.rep("x", 1024); wrk.headers["Content-Type"] = "application/octet-stream"';
/** On a machine that is busy with other things a slow server may answer nothing for a slice. */
const EMPTY_SLICES = 10;

/** @typedef {{ requests: number, perSecond: number, cpu: number }} Slice - `cpu`: microseconds of what is measured, for one request */

/**
 * A slice in which every answer was as it must be.
 * @param {Candidate} candidate @param {Started} server @param {number} seconds @returns {Promise<Slice>}
 */
async function sliceOf({ name, token, refused = false, script = '' }, server, seconds) {
  const sent = script === '' ? [] : ['-s', script];
  const words = [
    ...sent,
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    '--timeout',
    '30s',
    '-H',
    `Approov-Token: ${token}`,
    `${server.url}/`,
  ];
  const number = (/** @type {string} */ text, /** @type {RegExp} */ form) => Number(form.exec(text)?.[1] ?? 0);
  for (let tries = 0; tries < EMPTY_SLICES; tries++) {
    const before = server.cpu();
    const text = await runOn(['wrk', ...words], LOAD_CORE);
    const cpu = server.cpu() - before;
    const [all, other] = [number(text, /(\d+) requests in/), number(text, /Non-2xx or 3xx responses: (\d+)/)];
    if (other !== (refused ? all : 0) || /Socket errors/.test(text))
      throw new Error(`${name}: not the answers that were expected\n${text}`);
    if (all > 0) return { requests: all, perSecond: number(text, /Requests\/sec:\s*([\d.]+)/), cpu: cpu / all };
  }
  throw new Error(`${name}: no answer in ${EMPTY_SLICES} slices`);
}

/** A prime, so that a connection does not get the same again: wrk asks the script for its connections in turn. */
const TOKENS = 101;

/** A script for wrk that sends one token after the other. @param {string} folder @param {import('../lib/inputs/tokens.mjs').Keys} keys */
function everChanging(folder, keys) {
  const file = join(folder, 'tokens.lua');
  const tokens = many(TOKENS, () => `"${freshToken(keys)}"`);
  const request = 'function() n = n + 1 return wrk.format(nil, nil, { ["Approov-Token"] = tokens[n % #tokens + 1] }) end';
  writeFileSync(file, `local tokens = { ${tokens.join(', ')} }\nlocal n = 0\nrequest = ${request}\n`);
  return file;
}

/** Node's compiler needs so many requests for a proxy; before, each costs several times as much. */
const WARM_REQUESTS = 20_000;
const WARM_SECONDS = 30;

/**
 * As many requests as a compiler needs, however busy the machine is.
 * @param {Candidate} candidate @param {Started} server @param {Settings} settings
 */
async function warm(candidate, server, { smoke }) {
  let requests = 0;
  for (let seconds = 0; seconds === 0 || (seconds < WARM_SECONDS && requests < WARM_REQUESTS && !smoke); seconds++)
    requests += (await sliceOf(candidate, server, 1)).requests;
}

/**
 * Measures a group against its first candidate.
 * @param {string} group @param {readonly Candidate[]} candidates @param {Settings} settings @param {import('../run.mjs').Report} report
 */
async function compare(group, candidates, settings, report) {
  const rounds = settings.smoke ? 1 : settings.quick ? 2 : settings.load.launches;
  const running = /** @type {{ candidate: Candidate, server: Started, slices: Slice[] }[]} */ ([]);
  try {
    for (const candidate of candidates) {
      const server = await candidate.start();
      running.push({ candidate, server, slices: [] });
      await warm(candidate, server, settings);
    }
    for (let round = 0; round < rounds; round++)
      for (const { candidate, server, slices } of /** @type {typeof running} */ (shuffled(running)))
        slices.push(await sliceOf(candidate, server, 1));
  } finally {
    for (const { server } of running) await server.stop();
  }
  const base = running[0]?.slices ?? [];
  const none = { requests: 0, perSecond: Number.NaN, cpu: Number.NaN };
  for (const { candidate, slices } of running) {
    const pairs = slices.map((slice, round) => ({ slice, first: base[round] ?? none }));
    const ratio = medianOfPairs(pairs.map(({ slice, first }) => slice.perSecond / first.perSecond));
    const byCpu = medianOfPairs(pairs.map(({ slice, first }) => first.cpu / slice.cpu));
    const figures = {
      'requests/s': medianOf(slices, ({ perSecond }) => perSecond),
      '÷ first row': ratio,
      'CPU µs': medianOf(slices, ({ cpu }) => cpu),
      '÷ first row, by CPU': byCpu,
      rounds,
    };
    report({ suite: 'gateway', group, name: candidate.name, unit: '1/s', ratio, figures });
  }
}

/** @param {Settings} settings @param {import('../run.mjs').Report} report */
export async function run(settings, report) {
  if (findProgram('wrk') === null) return void console.error('gateway: left out, wrk is absent');
  const keys = freshKeys('HS256');
  const genuine = freshToken(keys);
  const forged = badSignature(genuine);
  const folder = mkdtempSync(join(tmpdir(), 'bench-gateway-'));
  const places = await placesOf({ folder, secret: keys.secret.toString('base64') });
  /** @param {string} name @param {(core: number, to: string) => Promise<Started>} start @param {string} to @param {number} [core] @returns {Candidate} */
  const proxy = (name, start, to, core = SERVER_CORE) => ({ name, start: () => start(core, to), token: genuine });
  const upstream = await (places.has.nginx ? places.upstream(LOAD_CORE) : null);
  try {
    if (upstream !== null) {
      const to = new URL(upstream.url).host;
      await compare(
        'proxies, ÷ nginx',
        proxiesOf(places, (name, start) => proxy(name, start, to), forged),
        settings,
        report,
      );
      const script = join(folder, 'post.lua');
      writeFileSync(script, POST);
      const posting = ['nginx', 'fast-proxy, no check', 'approov-guard gateway'];
      await compare(
        'POST of 1 KiB through proxies, ÷ nginx',
        proxiesOf(places, (name, start) => proxy(name, start, to), forged).flatMap((one) =>
          posting.includes(one.name) ? [{ ...one, script }] : [],
        ),
        settings,
        report,
      );
      if (places.has.haproxy) {
        const native = proxy('HAProxy by itself', places.haproxyByItself, to);
        const candidates = [
          proxy('HAProxy', places.plainHaproxy, to),
          native,
          { ...native, name: 'HAProxy by itself, another token each time', script: everChanging(folder, keys) },
          proxy('HAProxy by itself, the check alone', places.haproxyChecking, to),
          proxy('HAProxy with the shortest check there is', places.haproxyShortest, to),
          { ...native, name: 'HAProxy by itself, forged', token: forged, refused: true },
        ];
        await compare('HAProxy, ÷ HAProxy that checks nothing', candidates, settings, report);
      }
    }
    for (const framework of /** @type {const} */ (['flask', 'fastapi'])) {
      if (findPythonWith(PYTHON[framework]) === null)
        console.error(`gateway: ${framework} left out, a Python with ${PYTHON[framework]} is absent`);
      else await comparePython(framework, { places, genuine, settings, report });
    }
  } finally {
    await upstream?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @typedef {Awaited<ReturnType<typeof placesOf>>} AllPlaces */

/** @param {AllPlaces} places @param {(name: string, start: (core: number, to: string) => Promise<Started>) => Candidate} proxy @param {string} forged */
function proxiesOf(places, proxy, forged) {
  const gateway = proxy('approov-guard gateway', places.gateway);
  return [
    proxy('nginx', places.plainNginx),
    gateway,
    { ...gateway, name: 'approov-guard gateway, forged', token: forged, refused: true },
    ...['http-proxy-3', '@fastify/http-proxy', 'fast-proxy'].map((name) => proxy(`${name}, no check`, places.peer(name))),
    proxy('node:http and undici’s dispatch, nothing else', places.peer('node:http and undici’s dispatch')),
    proxy('nginx and the authoriser', places.nginxAsking(false)),
    proxy('nginx and the authoriser, by a Unix socket', places.nginxAsking(true)),
    proxy('nginx by itself (njs)', places.nginxByItself),
  ];
}

/**
 * The server has a core of its own, whatever stands in front of it; proxy and load share the other.
 * @param {'flask' | 'fastapi'} framework
 * @param {{ places: AllPlaces, genuine: string, settings: Settings, report: import('../run.mjs').Report }} surroundings
 */
async function comparePython(framework, { places, genuine, settings, report }) {
  const server = await places.python(framework, false, SERVER_CORE);
  const to = new URL(server.url).host;
  try {
    // The server's CPU counts for each of them, and the proxy's is not on its core: what the server's core can take is what is compared.
    const before = (/** @type {Started} */ { url, stop }) => ({ url, stop, cpu: server.cpu });
    const bare = { name: 'unprotected', start: async () => ({ ...server, stop: async () => undefined }), token: genuine };
    const own = {
      name: 'with the check of the vendor’s quickstart',
      start: () => places.python(framework, true, SERVER_CORE),
      token: genuine,
    };
    const native = {
      name: 'unprotected, behind HAProxy by itself',
      start: async () => before(await places.haproxyByItself(LOAD_CORE, to)),
      token: genuine,
    };
    const gateway = {
      name: 'unprotected, behind our gateway',
      start: async () => before(await places.gateway(LOAD_CORE, to)),
      token: genuine,
    };
    const candidates = [own, bare, ...(places.has.haproxy ? [native] : []), gateway];
    await compare(`${framework}, ÷ the vendor’s check`, candidates, settings, report);
  } finally {
    await server.stop();
  }
}
