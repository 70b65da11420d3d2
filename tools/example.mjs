/** `npm run example hello/express/token-check` starts one example; without a name it lists them. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { install, packageFlags, requireNode, root } from './ready.mjs';

const STEPS = [
  { group: 'hello', files: ['unprotected', 'token-check', 'token-binding-check', 'message-signing-check'] },
  { group: 'shapes-api', files: ['original', 'protected', 'token-check', 'token-binding-check'] },
  { group: 'chat', files: ['unprotected', 'protected'] },
];

/** The names of all examples: group, framework, step. */
function exampleNames() {
  const gateway = readdirSync(join(root, 'examples/gateway'))
    .filter((name) => /^(?!behind-).*\.js$/.test(name))
    .map((name) => `gateway/${name.replace(/\.js$/, '')}`);
  const stepped = STEPS.flatMap(({ group, files }) =>
    readdirSync(join(root, 'examples', group))
      .sort()
      .flatMap((framework) => files.map((file) => `${group}/${framework}/${file}`))
      .filter((name) => existsSync(join(root, 'examples', `${name}.js`))),
  );
  return [...stepped, ...gateway];
}

/** @param {string | undefined} wrong */
function list(wrong) {
  const print = wrong === undefined ? console.log : console.error;
  if (wrong !== undefined) print(`There is no example ${JSON.stringify(wrong)}.\n`);
  print(['Usage: npm run example NAME', '', 'Examples:', ...exampleNames().map((name) => `  ${name}`)].join('\n'));
  process.exitCode = wrong === undefined ? 0 : 2;
}

/**
 * The exit code of a process that ended. Told to end by a signal, it did nothing wrong.
 * @param {number | null} code @param {NodeJS.Signals | null} signal
 */
function exitCode(code, signal) {
  return code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1);
}

/** @param {string} name */
function start(name) {
  install();
  const settings = join(root, '.env');
  // What the environment already says wins over the file.
  if (existsSync(settings)) process.loadEnvFile(settings);
  const parameters = [...packageFlags, join(root, 'tools/start/run-example.mjs'), join(root, 'examples', `${name}.js`)];
  const example = spawn(process.execPath, parameters, { cwd: root, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => example.kill(signal));
  example.on('exit', (code, signal) => process.exit(exitCode(code, signal)));
}

requireNode();
const wanted = process.argv[2]?.replace(/^(?:\.\/)?(?:examples\/)?/, '').replace(/\.js$/, '');
if (wanted !== undefined && exampleNames().includes(wanted)) start(wanted);
else list(wanted);
