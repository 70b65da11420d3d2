/** What an earlier run saw, in a small file: drift and age show only between two runs. */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { SecretText } from '@approov-guard/testkit';
import { UsageError } from '../terminal/usage-error.ts';
import { type Finding, finding } from './finding.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** From here on a secret should be changed: whoever left the team has it still. */
const OLD_DAYS = 365;
/** A clock that time synchronisation steers stays below this. */
const DRIFT_SECONDS_A_DAY = 2;

/** What the file holds. Times are milliseconds since the epoch. */
interface Earlier {
  readonly version: 1;
  readonly clock?: { readonly at: number; readonly aheadSeconds: number };
  /** The secret is in it as a hash only. */
  readonly secret?: { readonly fingerprint: string; readonly firstSeen: number };
}

/** What was seen before, and what is seen now. */
export class Memory {
  readonly #file: string;
  #seen: Earlier;

  /** @param file - its path; it may be absent, and a file that is something else is left alone */
  constructor(file: string) {
    this.#file = file;
    this.#seen = read(file);
  }

  /** How far the clock moved against the one it is compared with. @param aheadSeconds - how far it is ahead now, and how sure that is */
  drift(aheadSeconds: number, uncertaintySeconds: number, now: number): Finding {
    const { clock } = this.#seen;
    const keep = clock !== undefined && now - clock.at < HOUR_MS && now >= clock.at;
    if (!keep) this.#seen = { ...this.#seen, clock: { at: now, aheadSeconds } };
    if (clock === undefined) return finding('drift', 'skipped', 'this is the first run with this file: run it again in an hour or more');
    if (keep) return finding('drift', 'skipped', 'the run before is less than an hour old: too short to tell');
    if (now < clock.at) return finding('drift', 'problem', 'this clock was set back since the run before. Switch on time synchronisation.');
    const days = (now - clock.at) / DAY_MS;
    const moved = aheadSeconds - clock.aheadSeconds;
    // Both readings may be off by as much.
    const sure = Math.max(0, Math.abs(moved) - 2 * uncertaintySeconds) / days;
    const says = `moved ${moved.toFixed(1)} s in ${days.toFixed(1)} days (±${(2 * uncertaintySeconds).toFixed(1)} s)`;
    if (sure < DRIFT_SECONDS_A_DAY) return finding('drift', 'ok', says);
    const left = Math.floor(60 / sure);
    return finding(
      'drift',
      'warning',
      `${says}: in ${left} days it is off by more than the 60 s that signatures tolerate. Switch on time synchronisation.`,
    );
  }

  /** How long this secret has been in use, as far as this file knows. */
  ageOf(secret: SecretText, now: number): Finding {
    const fingerprint = createHash('sha256').update(JSON.stringify(secret)).digest('hex').slice(0, 16);
    const known = this.#seen.secret?.fingerprint === fingerprint ? this.#seen.secret : null;
    if (known === null) {
      this.#seen = { ...this.#seen, secret: { fingerprint, firstSeen: now } };
      return finding('secret age', 'ok', 'seen for the first time');
    }
    const days = Math.max(0, Math.floor((now - known.firstSeen) / DAY_MS));
    const says = `in use for ${days} days at least`;
    if (days < OLD_DAYS) return finding('secret age', 'ok', says);
    return finding('secret age', 'warning', `${says}: change it once a year, with \`approov-guard rotate\``);
  }

  /** Writes what was seen, for the next run. The file is whole at each moment. */
  save(): void {
    const next = `${this.#file}.next`;
    try {
      writeFileSync(next, `${JSON.stringify(this.#seen)}\n`, { mode: 0o600 });
      renameSync(next, this.#file);
    } catch (error) {
      throw new UsageError(`--state: ${this.#file} cannot be written: ${codeOf(error)}`);
    }
  }
}

function read(file: string): Earlier {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { version: 1 };
    throw new UsageError(`--state: ${file} cannot be read: ${codeOf(error)}`);
  }
  const found = parsed(text);
  if (found === null) throw new UsageError(`--state: ${file} is not a file of this command. It is left as it is: name another one.`);
  return found;
}

// The cast holds for what is read: file errors carry a code.
const codeOf = (error: unknown): string => String((error as { readonly code?: unknown }).code);

function parsed(text: string): Earlier | null {
  try {
    const { version, clock, secret } = JSON.parse(text) as Partial<Earlier>;
    if (version !== 1) return null;
    if (clock !== undefined && !(Number.isFinite(clock.at) && Number.isFinite(clock.aheadSeconds))) return null;
    if (secret !== undefined && !(typeof secret.fingerprint === 'string' && Number.isFinite(secret.firstSeen))) return null;
    return { version, ...(clock && { clock }), ...(secret && { secret }) };
  } catch {
    return null;
  }
}
