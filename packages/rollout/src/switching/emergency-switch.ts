/** The emergency switch: everything is observed until a time that must be said. */
import { readFileSync, statSync } from 'node:fs';
import { ConfigurationError } from 'approov-guard';
import { fileText } from 'approov-guard/keys-file';
import { type FilesWatcher, watchFiles } from 'approov-guard/policy-file';
import { knownNames, numberWithin } from '../settings.ts';
import type { Hand, RolloutHappening, SwitchPlace } from './events.ts';

/** Where the emergency switch can be thrown, beside by a call. */
export interface SwitchOptions {
  /**
   * A file that throws it while it is there: `{ "minutes": 60, "by": "anna", "why": "payments fail" }`, or `"until": "2026-11-27T18:00:00Z"` in place of
   * `minutes`, which count from when the file was written. A file that says no end, or is bad, changes nothing and is reported. Default: none.
   */
  readonly file?: string | null;
  /** The same as a text, such as the value of an environment variable, read once; it must say `until`. Default: none. */
  readonly text?: string | undefined;
  /** Whether SIGUSR2 throws it for `signalMinutes`, and takes it back. Default false. */
  readonly signal?: boolean;
  /** 1 to `maxMinutes`. Default 60. */
  readonly signalMinutes?: number;
  /** The longest time for which it can be thrown, 1 to 10080 minutes. Default 1440. What asks for more is refused. */
  readonly maxMinutes?: number;
}

/** Throws the switch. */
export type SwitchOrder = Hand & ({ readonly minutes: number } | { readonly until: number });

/** A switch that is on. */
export interface Thrown extends Hand {
  readonly place: SwitchPlace;
  /** When it was thrown, and when it ends; milliseconds since the epoch. */
  readonly since: number;
  readonly until: number;
}

/** What was last done by hand: it is shared with other instances, and the latest counts. */
export interface HandRecord extends Hand {
  readonly place: SwitchPlace;
  readonly since: number;
  /** `null`: it was taken back. */
  readonly until: number | null;
}

/** Checks the options. */
export function compileSwitch(
  options: SwitchOptions,
  path: string,
): Required<Pick<SwitchOptions, 'signal' | 'signalMinutes' | 'maxMinutes'>> & SwitchOptions {
  knownNames(options, path, ['file', 'text', 'signal', 'signalMinutes', 'maxMinutes']);
  const maxMinutes = numberWithin(options.maxMinutes, `${path}.maxMinutes`, [1, 10_080], 1440);
  const signalMinutes = numberWithin(options.signalMinutes, `${path}.signalMinutes`, [1, maxMinutes], Math.min(60, maxMinutes));
  return { ...options, signal: options.signal === true, signalMinutes, maxMinutes };
}

type Settings = ReturnType<typeof compileSwitch>;

const MOST_BYTES = 4096;

/** The switch of one instance. */
export class EmergencySwitch {
  readonly #settings: Settings;
  readonly #tell: (happened: RolloutHappening, at: number) => void;
  readonly #now: () => number;
  readonly #watcher: FilesWatcher | null = null;
  readonly #onSignal: (() => void) | null = null;
  #fromFile: Thrown | null = null;
  #fromText: Thrown | null = null;
  #hand: HandRecord | null = null;
  #current: Thrown | null = null;
  #thrown = 0;

  constructor(settings: Settings, now: () => number, tell: (happened: RolloutHappening, at: number) => void) {
    this.#settings = settings;
    this.#now = now;
    this.#tell = tell;
    const { file, text, signal } = settings;
    if (text !== undefined && text.trim() !== '') this.#fromText = this.#read(text, null, 'environment');
    if (typeof file === 'string') {
      this.#watcher = watchFiles([file], () => this.readFile(), 1000);
      this.readFile();
    }
    if (signal) {
      this.#onSignal = () => this.#signalled();
      process.on('SIGUSR2', this.#onSignal);
    }
    this.#choose(now(), null);
  }

  /** What is on at this moment, or `null`. It ends by itself. */
  at(at: number): Thrown | null {
    const current = this.#current;
    if (current === null || at < current.until || Number.isNaN(at)) return current;
    this.#choose(at, null);
    return this.#current;
  }

  /** How often it was thrown. */
  get thrown(): number {
    return this.#thrown;
  }

  get hand(): HandRecord | null {
    return this.#hand;
  }

  /** @throws ConfigurationError for an end that is missing, past or too late, or a hand that says nothing */
  throw(order: SwitchOrder, place: SwitchPlace = 'hand'): Thrown {
    const since = this.#now();
    const thrown = this.#checked(order, since, place, since);
    this.#hand = thrown;
    this.#choose(since, null);
    return thrown;
  }

  /** Takes back what was thrown by hand, here or elsewhere. What a file or the environment says stays. */
  takeBack(hand: Hand, place: SwitchPlace = 'hand'): void {
    const checked = checkedHand(hand);
    const since = this.#now();
    this.#hand = { ...checked, place, since, until: null };
    this.#choose(since, checked);
  }

  /** Takes what another instance did, if it is later than what is known here. */
  adopt(record: HandRecord): void {
    if (this.#hand !== null && record.since <= this.#hand.since) return;
    const { maxMinutes } = this.#settings;
    if (record.until !== null && record.until - record.since > maxMinutes * 60_000) return;
    this.#hand = record;
    this.#choose(this.#now(), record);
  }

  /** Reads the file now. One that is gone takes back what it said. */
  readFile(): void {
    const { file } = this.#settings;
    if (typeof file !== 'string') return;
    let text: string;
    let written: number;
    try {
      const { mtimeMs, size } = statSync(file);
      written = mtimeMs;
      text = size > MOST_BYTES ? ' '.repeat(MOST_BYTES + 1) : fileText(readFileSync(file));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') this.#adoptFile(null, { by: 'file', why: 'the file is gone' });
      else this.#refuse('file', `cannot be read (${code})`);
      return;
    }
    const read = this.#read(text, written, 'file');
    if (read !== null) this.#adoptFile(read, { by: read.by, why: 'the file says another end' });
  }

  #adoptFile(read: Thrown | null, takenBackBy: Hand): void {
    this.#fromFile = read;
    this.#choose(this.#now(), takenBackBy);
  }

  close(): void {
    this.#watcher?.close();
    if (this.#onSignal !== null) process.off('SIGUSR2', this.#onSignal);
  }

  #signalled(): void {
    const by = 'signal';
    if ((this.#hand?.until ?? 0) > this.#now()) this.takeBack({ by, why: 'SIGUSR2' }, 'signal');
    else this.throw({ minutes: this.#settings.signalMinutes, by, why: 'SIGUSR2' }, 'signal');
  }

  /** What a text says; `null` if it is refused, which is reported. */
  #read(text: string, written: number | null, place: SwitchPlace): Thrown | null {
    try {
      if (text.length > MOST_BYTES) throw new ConfigurationError('option-invalid', 'switch', `is longer than ${MOST_BYTES} characters`);
      const order = orderFrom(text, written !== null);
      return this.#checked(order, written ?? this.#now(), place, this.#now());
    } catch (error) {
      this.#refuse(place, error instanceof ConfigurationError ? error.message : 'is not JSON');
      return null;
    }
  }

  #refuse(place: SwitchPlace, problem: string): void {
    this.#tell({ type: 'switch-refused', place, problem: problem.slice(0, 256) }, this.#now());
  }

  #checked(order: SwitchOrder, since: number, place: SwitchPlace, now: number): Thrown {
    const hand = checkedHand(order);
    const { maxMinutes } = this.#settings;
    const until = 'minutes' in order ? since + numberWithin(order.minutes, 'switch.minutes', [0.01, maxMinutes], 0) * 60_000 : order.until;
    if (!Number.isFinite(until))
      throw new ConfigurationError('option-missing', 'switch.until', 'must say when it ends: `until`, or `minutes`');
    // What was in force when a process starts again may have ended meanwhile: that is not a mistake.
    if (until <= since) throw new ConfigurationError('option-invalid', 'switch.until', 'is past');
    if (until - Math.min(since, now) > maxMinutes * 60_000)
      throw new ConfigurationError('option-invalid', 'switch.until', `is more than ${maxMinutes} minutes ahead`);
    return { ...hand, place, since, until };
  }

  /** What ends last is in force. */
  #choose(at: number, takenBackBy: Hand | null): void {
    const before = this.#current;
    const { by = '', why = '', place = 'hand', since = 0, until = null } = this.#hand ?? {};
    const hand: Thrown | null = until === null ? null : { by, why, place, since, until };
    const all = [this.#fromFile, this.#fromText, hand];
    const next = all.reduce((latest, one) => (one !== null && at < one.until && one.until > (latest?.until ?? 0) ? one : latest), null);
    if (same(before, next)) return;
    this.#current = next;
    if (next !== null) {
      this.#thrown++;
      const { place: where, until: end, by: who, why: reason } = next;
      this.#tell({ type: 'switch-on', place: where, until: end, by: who, why: reason }, at);
    } else if (before !== null) {
      const ended = at >= before.until || takenBackBy === null;
      const how = ended ? ({ how: 'ended' } as const) : ({ how: 'taken-back', by: takenBackBy.by, why: takenBackBy.why } as const);
      this.#tell({ type: 'switch-off', place: before.place, ...how }, at);
    }
  }
}

function same(one: Thrown | null, other: Thrown | null): boolean {
  return one === other || (one !== null && other !== null && one.place === other.place && one.until === other.until && one.by === other.by);
}

function orderFrom(text: string, mayCount: boolean): SwitchOrder {
  const given: unknown = JSON.parse(text);
  knownNames(given, 'switch', ['until', 'minutes', 'by', 'why']);
  const { until, minutes, by, why } = given as { readonly [name: string]: unknown };
  // What is wrong with their types is found by who checks them.
  const hand = { by, why } as Hand;
  if (minutes !== undefined && until === undefined && mayCount) return { ...hand, minutes: minutes as number };
  if (typeof until !== 'string' || minutes !== undefined)
    throw new ConfigurationError(
      'option-missing',
      'switch.until',
      `must say when it ends, such as "2026-11-27T18:00:00Z"${mayCount ? ', or `minutes`' : ''}`,
    );
  return { ...hand, until: Date.parse(until) };
}

/** @throws ConfigurationError where nobody is named, or nothing is said */
export function checkedHand({ by, why }: Hand): Hand {
  const text = (value: unknown, name: string, most: number): string => {
    if (typeof value === 'string' && value.trim() !== '' && value.length <= most) return value.trim();
    throw new ConfigurationError(
      'option-missing',
      `switch.${name}`,
      `must be a text of 1 to ${most} characters: ${name === 'by' ? 'who does it' : 'the reason'}`,
    );
  };
  return { by: text(by, 'by', 128), why: text(why, 'why', 256) };
}
