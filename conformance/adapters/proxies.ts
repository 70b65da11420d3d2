/** Real proxies before a server that knows nothing of attestation: some enforce a policy by themselves, others ask the authoriser. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFor, startAuthorizer } from '@approov-guard/gateway';
import { freePort, running } from '../../packages/gateway/test/program.ts';
import { findProgram } from '../../tools/optional.mjs';
import { recordedOptions } from '../app/guard-setup.ts';
import { nodeTraits } from '../app/in-node.ts';
import { send } from '../run/wire.ts';
import type { AdapterUnderTest, ObservedVerdict, Setup, Started, Traits } from './adapter.ts';
import { canSay, documentOf, envOf, startBehind } from './gateway.ts';

/** How a proxy is started. */
interface Program {
  readonly name: string;
  readonly program: string;
  readonly target: string;
  /** The name of the authoriser's dialect; `null` for one that enforces by itself. */
  readonly dialect: string | null;
  /** Writes what the compiler made into a folder, and answers the words after the program's name. */
  readonly arrange: (folder: string, files: readonly { readonly name: string; readonly text: string }[]) => readonly string[];
  readonly traits: Partial<Traits>;
  /** The file of its log, where it does not write to its output. */
  readonly log?: string;
}

async function start(proxy: Program, setup: Setup): Promise<Started> {
  const behind = await startBehind(setup);
  const { options, takeVerdicts } = recordedOptions(setup);
  const { now, onVerdict } = options;
  const env = envOf(setup);
  const folder = mkdtempSync(join(tmpdir(), 'approov-proxy-'));
  const document = documentOf(setup);
  const authorizer =
    proxy.dialect === null
      ? null
      : await startAuthorizer({
          policy: { ...document, authorizer: { for: proxy.dialect, listen: '127.0.0.1:0', admin: null, log: null, bodies: 'delegated' } },
          env,
          guard: { ...(now === undefined ? {} : { now }), ...(onVerdict === undefined ? {} : { onVerdict }) },
        });
  const port = await freePort();
  const places = { to: new URL(behind.url).host, listen: `127.0.0.1:${port}` };
  const section = authorizer === null ? {} : { authorizer: { listen: new URL(authorizer.url).host, bodies: 'delegated' } };
  const files = ((): ReturnType<typeof compileFor> => {
    try {
      return compileFor(proxy.target, { ...document, ...section }, places, env, setup.guard.nowMs / 1000);
    } catch (error) {
      behind.close();
      void authorizer?.drain();
      throw error;
    }
  })();
  for (const { name, text } of files) writeFileSync(join(folder, name), text);
  const words = proxy.arrange(folder, files);
  const { child, said } = await running(findProgram(proxy.program) ?? proxy.program, words, env, port, folder).catch(async (error) => {
    await authorizer?.drain();
    behind.close();
    throw error;
  });
  const text = (): string => (proxy.log === undefined ? said() : readFileSync(join(folder, proxy.log), 'utf8'));
  let [read, asked] = [0, 0];
  // The line of a request is written when it is over, which may be after its answer was read: once a later one is there, it is.
  const logged = async (): Promise<readonly ObservedVerdict[]> => {
    let mark = '';
    // A busy reader may lose a line: then a later mark shows the end, too.
    for (let polls = 0; mark === '' || !text().slice(read).includes(mark); polls++) {
      if (polls % 500 === 0) {
        mark = `approov-mark-${++asked}"`;
        await send(`http://127.0.0.1:${port}`, { target: `/${mark.slice(0, -1)}` });
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const lines = text().slice(read);
    read += lines.length;
    return lines
      .split('\n')
      .filter((line) => !line.includes('approov-mark-'))
      .flatMap(observed);
  };
  return {
    origin: `http://127.0.0.1:${port}`,
    verdicts: authorizer === null ? logged : async () => takeVerdicts(),
    close: async () => {
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
      await authorizer?.drain();
      behind.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A line of the proxy's own log. */
function observed(line: string): readonly ObservedVerdict[] {
  if (!line.startsWith('{')) return [];
  const { verdict, status, observed: noted, id, method, path } = JSON.parse(line) as { readonly [name: string]: string };
  if (verdict === 'exempt' || verdict === '' || verdict === '-') return [];
  const isRefused = Number(status) !== 200 && Number(status) !== 500;
  return [
    {
      code: String(verdict),
      action: isRefused ? 'refuse' : 'pass',
      mode: noted === '' || noted === '-' ? 'enforce' : 'observe',
      id: String(id),
      method: String(method),
      path: String(path),
    },
  ];
}

/** A proxy as an adapter. */
function underTest(proxy: Program, supports: (setup: Setup) => boolean): AdapterUnderTest & { readonly program: string } {
  return {
    name: proxy.name,
    program: proxy.program,
    traits: { ...nodeTraits, crypto: ['platform'], supports: (setup) => canSay(setup) && supports(setup), ...proxy.traits },
    start: (setup) => start(proxy, setup),
  };
}

/** What an engine without the guard can hold: token and binding, by keys of these algorithms. */
function isNative({ guard: { keys, signature, token } }: Setup, algorithms: RegExp): boolean {
  if (typeof keys !== 'object' || (signature ?? null) !== null || token?.replay !== undefined) return false;
  return !('jwks' in keys) || keys.jwks.keys.every(({ alg }) => algorithms.test(String(alg)));
}

/** One thread writes its lines in the order in which requests ended. */
const haproxyArranged: Program['arrange'] = (folder) => {
  writeFileSync(join(folder, 'thread.cfg'), 'global\n  nbthread 1\n');
  return ['-f', 'thread.cfg', '-f', 'haproxy.cfg'];
};

const nginxArranged: Program['arrange'] = (folder, [file]) => {
  const name = file?.name ?? '';
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; user root; pid nginx.pid; error_log stderr warn; worker_processes 1; events { worker_connections 512; }
http { access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s; include ${name}; }
`,
  );
  return ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'];
};

/** As it is printed, but for its log, and with one worker, which writes its lines in the order in which requests ended. */
const nginxNjsArranged: Program['arrange'] = (folder, [file]) => {
  const printed = file?.text ?? '';
  const text = printed.replace('/var/log/nginx/access.log', `${folder}/access.log`).replace('worker_processes auto', 'worker_processes 1');
  writeFileSync(join(folder, 'nginx.conf'), text);
  return ['-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-g', `daemon off; user root; pid ${folder}/nginx.pid; error_log stderr warn;`];
};

/** As it is printed, but without the admin listener, of which there can be one on a machine. */
const caddyArranged: Program['arrange'] = (folder, [file]) => {
  writeFileSync(join(folder, 'Caddyfile'), `{\n\tadmin off\n}\n${file?.text ?? ''}`);
  return ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'];
};

/** Each proxy, with the program that it needs. */
export const proxies: readonly (AdapterUnderTest & { readonly program: string })[] = [
  underTest(
    {
      name: 'haproxy',
      program: 'haproxy',
      target: 'haproxy',
      dialect: null,
      arrange: haproxyArranged,
      traits: { refusesMalformed: true },
    },
    (setup) => isNative(setup, /^(?:HS|RS|ES)/),
  ),
  underTest(
    {
      name: 'nginx, njs',
      program: 'nginx',
      target: 'nginx-njs',
      dialect: null,
      arrange: nginxNjsArranged,
      log: 'access.log',
      traits: { refusesMalformed: true, quirks: ['absolute-form'] },
    },
    (setup) => isNative(setup, /^HS256$/),
  ),
  underTest(
    {
      name: 'nginx, asking',
      program: 'nginx',
      target: 'nginx',
      dialect: 'nginx',
      arrange: nginxArranged,
      traits: { refusesMalformed: true, seesNoBodies: true, quirks: ['absolute-form'] },
    },
    () => true,
  ),
  underTest(
    {
      name: 'haproxy, asking',
      program: 'haproxy',
      target: 'haproxy-asks',
      dialect: 'haproxy',
      arrange: haproxyArranged,
      traits: { refusesMalformed: true, seesNoBodies: true },
    },
    () => true,
  ),
  underTest(
    {
      name: 'caddy, asking',
      program: 'caddy',
      target: 'caddy',
      dialect: 'caddy',
      arrange: caddyArranged,
      traits: { refusesMalformed: true, seesNoBodies: true },
    },
    () => true,
  ),
];
