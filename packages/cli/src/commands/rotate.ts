/** `approov-guard rotate`: from an old key to a new one, with proof that nobody needs the old one any more. */
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileText } from 'approov-guard/keys-file';
import type { Arguments } from '../command-line/arguments.ts';
import type { Command } from '../command-line/command.ts';
import { COMMON_OPTIONS } from '../command-line/option-tables.ts';
import { variablesOf } from '../input/policy-source.ts';
import { askMetrics, readKeyUses } from '../rotate/evidence.ts';
import { LOGS, NOTHING, nextPhase, noted, quietLeft, type Rotation, remedyOf } from '../rotate/rotation.ts';
import { EXIT, type Surroundings } from '../terminal/surroundings.ts';
import { columns } from '../terminal/text.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** The command. */
export const rotate: Command = {
  name: 'rotate',
  summary: 'replace a key with proof: accept both, watch every instance, take the old one out',
  usage: ['approov-guard rotate --policy FILE --new KEY --metrics URL... [OPTIONS]', 'approov-guard rotate --policy FILE [--wait]'],
  options: {
    policy: { value: 'FILE', describe: 'the policy file; secrets must be where it says, here, too' },
    new: { value: 'KEY', describe: 'the new key: env:NAME or file:PATH for a secret, or a part of `keys` as JSON' },
    old: { value: 'ID', describe: 'the id of the key that goes; default: the last one' },
    metrics: {
      value: 'URL',
      describe: 'the metrics of one instance, such as http://10.0.0.7:8003/metrics; repeat for each',
      repeatable: true,
    },
    log: { value: 'PATH', describe: 'decision logs, or folders of them, of instances without metrics; may be repeated', repeatable: true },
    life: { value: 'SECONDS', describe: 'the longest life of a token, default 300' },
    margin: { value: 'SECONDS', describe: 'what is waited beyond that, default 300' },
    state: { value: 'FILE', describe: 'where the rotation is kept; default the policy with .rotation.json' },
    'no-edit': { value: null, describe: 'print what to write into the policy, and leave it alone' },
    wait: { value: null, describe: 'look every 5 seconds until it is done' },
    ...COMMON_OPTIONS,
  },
  examples: [
    'approov-guard rotate --policy policy.yaml --new env:APPROOV_NEW_SECRET --metrics http://10.0.0.7:8003/metrics --metrics http://10.0.0.8:8003/metrics',
    'approov-guard rotate --policy policy.yaml --wait',
  ],
  words: 0,
  run: async (given, surroundings) => {
    const work = workOf(given, surroundings);
    for (;;) {
      const rotation = await step(work);
      if (rotation.phase === 'done' || !given.flag('wait')) return told(rotation, work);
      await new Promise((again) => setTimeout(again, 5000));
    }
  },
};

interface Work {
  readonly given: Arguments;
  readonly surroundings: Surroundings;
  readonly policy: string;
  readonly state: string;
  readonly env: { readonly [name: string]: string | undefined };
}

function workOf(given: Arguments, surroundings: Surroundings): Work {
  const named = given.text('policy');
  if (named === undefined) throw new UsageError('name the policy: --policy FILE');
  const policy = resolve(surroundings.cwd, named);
  const state = resolve(surroundings.cwd, given.text('state') ?? `${named}.rotation.json`);
  return { given, surroundings, policy, state, env: variablesOf(surroundings) };
}

/** Looks once, and goes as far as what it sees allows. What is to be done is written down before it is done: it may be interrupted anywhere. */
async function step(work: Work): Promise<Rotation> {
  const { surroundings, given } = work;
  let rotation = readState(work) ?? (await begun(work));
  const keep = (): void => writeWhole(work.state, `${JSON.stringify(rotation, null, 2)}\n`, 0o600);
  keep();
  await ensureWritten(rotation, work);
  const at = surroundings.now();
  const places = await Promise.all(
    Object.entries(rotation.places).map(async ([name, place]) => {
      const logs = given.texts('log').map((path) => resolve(surroundings.cwd, path));
      const evidence = name === LOGS ? await readKeyUses(logs) : await askMetrics(name);
      return [name, noted(place, evidence, rotation, at)] as const;
    }),
  );
  rotation = { ...rotation, places: Object.fromEntries(places) };
  for (let next = nextPhase(rotation, at); next !== rotation.phase; next = nextPhase(rotation, at)) {
    const isRemoval = next === 'remove';
    rotation = { ...rotation, phase: next === 'remove' ? 'removing' : next };
    if (!isRemoval) continue;
    keep();
    await ensureWritten(rotation, work);
    break;
  }
  keep();
  return rotation;
}

/** What is to be done, checked: nothing is written yet. */
async function begun({ given, surroundings, policy, env }: Work): Promise<Rotation> {
  const { policyKeys, withKey } = await import('@approov-guard/gateway');
  const fresh = given.text('new');
  if (fresh === undefined) throw new UsageError('no rotation is under way: begin one with --new KEY');
  const metrics = given.texts('metrics');
  const logs = given.texts('log');
  if (metrics.length === 0 && logs.length === 0)
    throw new UsageError('say how the use of keys is seen: --metrics URL of each instance, or --log PATH');
  if (!metrics.every((url) => /^https?:\/\//.test(url))) throw new UsageError('--metrics is a URL that begins with http:// or https://');
  const text = readText(policy);
  const folder = dirname(policy);
  const before = policyKeys(text, folder, env);
  const index = given.text('old') === undefined ? before.length - 1 : before.findIndex(({ id }) => id === given.text('old'));
  const old = before[index];
  if (old === undefined) throw new UsageError(`--old is one of ${before.map(({ id }) => id).join(', ')}`);
  const part = partFrom(fresh);
  const next = withKey(text, part);
  // Whatever is wrong with it is found before the file is touched.
  const both = policyKeys(next, folder, env);
  const places = [...metrics, ...(logs.length > 0 ? [LOGS] : [])];
  return {
    version: 1,
    phase: 'adding',
    startedAt: surroundings.now(),
    oldId: both[index + 1]?.id ?? '',
    freshId: both[0]?.id ?? '',
    ids: both.map(({ id }) => id),
    oldWritten: old.written,
    freshWritten: both[0]?.written,
    part,
    lifeSeconds: seconds(given, 'life', 300),
    marginSeconds: seconds(given, 'margin', 300),
    places: Object.fromEntries(places.map((place) => [place, NOTHING])),
  };
}

/** Has the policy say what the phase needs: both keys, or no longer the old one. */
async function ensureWritten(
  { phase, part, freshWritten, oldWritten }: Rotation,
  { policy, env, given, surroundings }: Work,
): Promise<void> {
  if (phase === 'done') return;
  const { policyKeys, withKey, withoutKey } = await import('@approov-guard/gateway');
  const text = readText(policy);
  const has = (written: unknown): boolean =>
    policyKeys(text, dirname(policy), env).some((key) => JSON.stringify(key.written) === JSON.stringify(written));
  const isRemoval = phase === 'removing';
  if (isRemoval ? !has(oldWritten) : has(freshWritten)) return;
  const next = isRemoval ? withoutKey(text, oldWritten) : withKey(text, part);
  policyKeys(next, dirname(policy), env);
  write(policy, next, given, surroundings);
}

/** `env:NAME` and `file:PATH` are secrets, base64; anything else is JSON as under `keys`. */
function partFrom(text: string): { readonly [name: string]: unknown } {
  const [, kind, name] = /^(env|file):(.+)$/.exec(text) ?? [];
  if (kind !== undefined) return { secret: { base64: { [kind]: name } } };
  try {
    const part: unknown = JSON.parse(text);
    if (typeof part === 'object' && part !== null && !Array.isArray(part)) return part as { readonly [name: string]: unknown };
  } catch {
    // Said below, without the text.
  }
  throw new UsageError(
    '--new is env:NAME, file:PATH, or a part of `keys` as JSON, such as {"pem":{"file":"2.pem"},"algorithm":"ES256","kid":"2"}',
  );
}

function seconds(given: Arguments, name: string, fallback: number): number {
  const text = given.text(name);
  if (text === undefined) return fallback;
  if (/^\d{1,8}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} is a whole number of seconds`);
}

function write(policy: string, text: string, given: Arguments, { stdout, stderr }: Surroundings): void {
  if (given.flag('no-edit')) {
    stderr.write(`note: write this into ${policy}, and run the command again\n`);
    if (!given.flag('json')) stdout.write(text);
  } else writeWhole(policy, text, null);
}

/** The old file or the new one, never half of it. */
function writeWhole(file: string, text: string, mode: number | null): void {
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, text, { mode: mode ?? statSync(file).mode & 0o777 });
  renameSync(draft, file);
}

function readText(file: string): string {
  try {
    return fileText(readFileSync(file));
  } catch (error) {
    throw new UsageError(`the policy cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function readState({ state, given }: Work): Rotation | null {
  if (!existsSync(state)) return null;
  let rotation: Partial<Rotation>;
  try {
    rotation = JSON.parse(readFileSync(state, 'utf8'));
  } catch {
    rotation = {};
  }
  if (rotation.version !== 1 || typeof rotation.places !== 'object')
    throw new UsageError('the state file is damaged; start again without it');
  if (given.flag('new') && rotation.phase !== 'done')
    throw new UsageError('a rotation is under way already; leave out --new, or remove its state file');
  if (given.flag('new')) return null;
  if (rotation.places !== null && LOGS in rotation.places && given.texts('log').length === 0)
    throw new UsageError('this rotation reads logs, too: give --log PATH');
  // The cast holds: this program wrote it.
  return rotation as Rotation;
}

function told(rotation: Rotation, { given, surroundings }: Work): number {
  const at = surroundings.now();
  const silent = Object.values(rotation.places).some(({ answers }) => !answers);
  const next = remedyOf(rotation, at);
  if (given.flag('json'))
    surroundings.stdout.write(`${JSON.stringify({ ...rotation, quietSecondsLeft: Math.ceil(quietLeft(rotation, at)), next })}\n`);
  else {
    const rows = Object.entries(rotation.places).map(([name, { old, fresh, knowsAll, quietSince, answers }]): [string, string] => {
      if (!answers) return [name, 'no answer'];
      if (rotation.phase === 'done' || (rotation.phase === 'removing' && !knowsAll)) return [name, 'the old key is gone'];
      const quiet = quietSince === null || old === null ? '' : `, not used for ${Math.floor((at - quietSince) / 1000)} s`;
      return [name, `new key: ${fresh ?? 'not known'} uses; old key: ${old === null ? 'not known' : `${old} uses${quiet}`}`];
    });
    const { stdout } = surroundings;
    stdout.write(`rotate: ${rotation.phase} (new key ${rotation.freshId}, old key ${rotation.oldId})\n${columns(rows)}next: ${next}\n`);
  }
  if (rotation.phase === 'done') return EXIT.accepted;
  return silent ? EXIT.unknown : EXIT.rejected;
}
