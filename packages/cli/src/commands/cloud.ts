/** `approov-guard cloud`: the vendor's command line, word for word, against a local stand-in for the issuing cloud; and that stand-in as a server. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RunningCloud, Verb, VerbAnswer } from '@approov-guard/cloud';
import type { Command } from '../command-line/command.ts';
import { COMMON_OPTIONS, listenOptions } from '../command-line/option-tables.ts';
import { EXIT, type Surroundings } from '../terminal/surroundings.ts';
import { columns, safeText } from '../terminal/text.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** Where it listens if nobody says otherwise. */
export const CLOUD_ADDRESS = '127.0.0.1:8004';

/** The command. Its words are the vendor's, so that it reads them itself. */
export const cloud: Command = {
  name: 'cloud',
  summary: 'a local stand-in for the issuing cloud, with the vendor’s command line',
  usage: [
    'approov-guard cloud [--listen ADDRESS] [--state FILE|memory] [--host-name NAME]',
    'approov-guard cloud VERB [OPTIONS] [--state FILE]',
  ],
  options: {
    ...listenOptions(CLOUD_ADDRESS),
    state: { value: 'FILE|memory', describe: 'the state file; default APPROOV_CLOUD_STATE, else one in your home folder' },
    'host-name': { value: 'NAME', describe: 'a name by which it may be reached, beside addresses and localhost', repeatable: true },
    help: COMMON_OPTIONS.help ?? { value: null, describe: 'show this help' },
  },
  examples: [
    "alias approov='npx approov-guard cloud'",
    'approov api -add your.api.domain.com',
    'approov secret -get base64',
    'approov token -genExample your.api.domain.com',
    'approov-guard cloud --listen 127.0.0.1:8004',
  ],
  words: 0,
  run: async (given, surroundings) => {
    const { startCloud } = await import('@approov-guard/cloud');
    const { state, ...settings } = {
      state: given.text('state'),
      listen: given.text('listen') ?? CLOUD_ADDRESS,
      hostNames: given.texts('host-name'),
    };
    const file = state === 'memory' ? null : stateFile(state, surroundings);
    const running = await blamed(() => startCloud({ ...settings, state: file, now: surroundings.now }));
    introduce(running, file, surroundings);
    await stopped();
    await running.close();
    return EXIT.accepted;
  },
  verb: async (argv, surroundings) => {
    const { words, state } = withoutState(argv);
    const { runCommand, VERBS, NOT_IMITATED } = await import('@approov-guard/cloud');
    const bare = words.length === 1 ? VERBS.find(({ name }) => name === words[0]) : undefined;
    if (bare !== undefined && needsOptions(bare.name)) {
      surroundings.stdout.write(verbHelp(bare));
      return EXIT.accepted;
    }
    if (words[0] === 'help') {
      const rows = VERBS.map(({ name, summary }): [string, string] => [name, summary]);
      surroundings.stdout.write(`Verbs:\n${columns(rows)}Not imitated: ${NOT_IMITATED.join(', ')}\n`);
      return EXIT.accepted;
    }
    const answer = await blamed(() =>
      runCommand({
        argv: words,
        state: stateFile(state, surroundings),
        role: surroundings.env.APPROOV_ROLE,
        url: `http://${CLOUD_ADDRESS}`,
        readFile: (path) => readFileSync(resolve(surroundings.cwd, path)),
        now: surroundings.now,
      }),
    );
    return told(answer, surroundings);
  },
};

/** Verbs that do nothing without options print their help, as the vendor's do. */
function needsOptions(verb: string): boolean {
  return !['role', 'whoami', 'init', 'adminkey', 'device', 'policy', 'account'].includes(verb);
}

function verbHelp({ name, options }: Verb): string {
  const rows = Object.entries(options).map(([option, { value, describe }]): [string, string] => [`-${option} ${value ?? ''}`, describe]);
  return `approov ${name}\n${columns(rows)}`;
}

/** Takes `--state FILE` out, wherever it stands. */
function withoutState(argv: readonly string[]): { readonly words: readonly string[]; readonly state: string | undefined } {
  const at = argv.findIndex((word) => /^--?state(=|$)/.test(word));
  const word = argv[at];
  if (word === undefined) return { words: argv, state: undefined };
  const [, joined] = /^--?state=(.*)$/s.exec(word) ?? [];
  const state = joined ?? argv[at + 1];
  if (state === undefined || state === '') throw new UsageError('--state needs a value: --state FILE');
  if (state === 'memory') throw new UsageError('--state memory belongs to the server; a verb needs the file that the next verb reads');
  return { words: [...argv.slice(0, at), ...argv.slice(at + (joined === undefined ? 2 : 1))], state };
}

function stateFile(given: string | undefined, { env, cwd }: Surroundings): string {
  const named = given ?? env.APPROOV_CLOUD_STATE;
  if (named !== undefined && named !== '') return resolve(cwd, named);
  const home = env.HOME ?? env.USERPROFILE;
  const folder = env.XDG_STATE_HOME ?? env.LOCALAPPDATA ?? (home === undefined ? undefined : join(home, '.local', 'state'));
  if (folder === undefined || folder === '') throw new UsageError('say where the state is: --state FILE, or APPROOV_CLOUD_STATE');
  return join(folder, 'approov-guard', 'cloud.json');
}

/** Turns the cloud's errors into those of the command line. */
export async function blamed<T>(run: () => Promise<T> | T): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const { CloudError } = await import('@approov-guard/cloud');
    if (error instanceof CloudError) throw new UsageError(`${safeText(error.message)} [${error.code}]`);
    throw error;
  }
}

function told({ out, notes, files, code }: VerbAnswer, { stdout, stderr, cwd }: Surroundings): number {
  for (const { path, text } of files) {
    try {
      writeFileSync(resolve(cwd, path), text);
    } catch {
      throw new UsageError('the file cannot be written; check its folder and permissions');
    }
  }
  for (const note of notes) stderr.write(`note: ${safeText(note)}\n`);
  for (const line of out) stdout.write(`${safeText(line)}\n`);
  return code === 0 ? EXIT.accepted : EXIT.rejected;
}

function introduce({ cloud: made, url, exposed }: RunningCloud, file: string | null, { stdout, stderr }: Surroundings): void {
  stdout.write(`The cloud listens on ${url}, account ${made.defaultAccount}\n`);
  stdout.write(file === null ? 'Its state is in memory and ends with it.\n' : `Its state: ${safeText(file)}\n`);
  stdout.write('Its tokens say that they are not genuine: a guard in production refuses them. Stop with Ctrl-C.\n');
  if (exposed)
    stderr.write('WARNING: it is reachable from other machines, and whoever reaches it gets tokens that your test servers accept.\n');
}

function stopped(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
  });
}
