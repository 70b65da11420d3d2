/** Adds lines of the decision log up: by kind and hour, in memory that does not grow with the lines. */
import type { DecisionKind } from '../log/line.ts';
import { Distinct } from './distinct.ts';

/** Decisions of one kind in one hour. */
export interface Group {
  readonly kind: DecisionKind;
  /** The hour, milliseconds since the epoch. */
  readonly hour: number;
  readonly count: number;
}

/** All lines, added up. */
export interface Tallied {
  readonly groups: readonly Group[];
  /** Lines that are no decisions: cut off, or written by somebody else. */
  readonly damaged: number;
  /** Lines that the log gave up, as it says itself. */
  readonly dropped: number;
  /** Whether there were so many kinds that hours became days. */
  readonly coarse: boolean;
  /** About how many devices and networks had each code. */
  readonly spread: ReadonlyMap<string, { readonly devices: number; readonly addresses: number }>;
}

const HOUR = 3_600_000;
const MOST_GROUPS = 400_000;
const MOST_KINDS = 50_000;

interface Kind {
  readonly kind: DecisionKind;
  /** By hour. */
  readonly counts: Map<number, number>;
  readonly spread: { readonly devices: Distinct; readonly addresses: Distinct };
  lastHour: number;
  /** Of the last hour, not yet among the counts. */
  lastCount: number;
}

/** Takes one line after the other. */
export class Tally {
  readonly #kinds: Map<string, Kind> = new Map();
  readonly #spread: Map<string, Kind['spread']> = new Map();
  #groups = 0;
  #unit = HOUR;
  #damaged = 0;
  #dropped = 0;

  /** Takes a line without its line feed, each character one byte. */
  add(line: string): void {
    if (line === '') return;
    if (!this.#addOurs(line)) this.#addAny(line);
  }

  /** A line as {@link LineWriter} writes it: only its last part, of which there are few, is ever parsed. */
  #addOurs(line: string): boolean {
    if (!line.startsWith('{"time":') || line.charCodeAt(line.length - 1) !== 0x7d) return false;
    const comma = line.indexOf(',', 8);
    const time = Number(line.slice(8, comma));
    if (comma < 0 || !isMoment(time) || !line.startsWith('"device":"', comma + 1)) return false;
    const deviceEnd = line.indexOf('"', comma + 11);
    if (!line.startsWith(',"address":"', deviceEnd + 1)) return false;
    const addressEnd = line.indexOf('"', deviceEnd + 13);
    if (line.charCodeAt(addressEnd + 1) !== 0x2c) return false;
    const kind = this.#kindOf(line.slice(addressEnd + 2, -1));
    if (kind === null) return false;
    this.#count(kind, time, 1);
    if (deviceEnd > comma + 11) kind.spread.devices.add(line.slice(comma + 11, deviceEnd));
    if (addressEnd > deviceEnd + 13) kind.spread.addresses.add(line.slice(deviceEnd + 13, addressEnd));
    return true;
  }

  #addAny(line: string): void {
    const parsed = parsedLine(line);
    const { time, dropped, count = 1, device, address, ...rest } = parsed ?? {};
    if (isMoment(time) && typeof dropped === 'number' && dropped > 0) {
      this.#dropped += dropped;
      return;
    }
    const kind = kindFrom(rest);
    if (kind === null || !isMoment(time) || typeof count !== 'number' || !(count > 0)) {
      this.#damaged++;
      return;
    }
    const known = this.#kept(JSON.stringify(kind).slice(1, -1), kind);
    this.#count(known, time, count);
    if (typeof device === 'string' && device !== '') known.spread.devices.add(device);
    if (typeof address === 'string' && address !== '') known.spread.addresses.add(address);
  }

  #kindOf(text: string): Kind | null {
    const known = this.#kinds.get(text);
    if (known !== undefined) return known;
    const kind = kindFrom(parsedLine(`{${text}}`) ?? {});
    // A copy: a part of a text keeps the whole alive.
    return kind === null ? null : this.#kept(Buffer.from(text, 'latin1').toString('latin1'), kind);
  }

  #kept(text: string, given: DecisionKind): Kind {
    const known = this.#kinds.get(text);
    if (known !== undefined) return known;
    if (this.#kinds.size >= MOST_KINDS && given.version !== '…') {
      const kind = { ...given, version: '…', platform: '', key: '' };
      return this.#kept(JSON.stringify(kind).slice(1, -1), kind);
    }
    const spread = this.#spread.get(given.code) ?? { devices: new Distinct(), addresses: new Distinct() };
    this.#spread.set(given.code, spread);
    const made: Kind = { kind: given, counts: new Map(), spread, lastHour: Number.NaN, lastCount: 0 };
    this.#kinds.set(text, made);
    return made;
  }

  #count(kind: Kind, time: number, count: number): void {
    const hour = Math.floor(time / this.#unit) * this.#unit;
    if (hour !== kind.lastHour) {
      this.#settle(kind);
      kind.lastHour = hour;
    }
    kind.lastCount += count;
  }

  #settle(kind: Kind): void {
    if (kind.lastCount === 0) return;
    const before = kind.counts.get(kind.lastHour);
    if (before === undefined && ++this.#groups > MOST_GROUPS) this.#coarsen();
    kind.counts.set(kind.lastHour, (before ?? 0) + kind.lastCount);
    kind.lastCount = 0;
  }

  /** Hours become days, days weeks. */
  #coarsen(): void {
    this.#unit *= this.#unit === HOUR ? 24 : 7;
    this.#groups = 0;
    for (const { counts } of this.#kinds.values()) {
      const hours = [...counts];
      counts.clear();
      for (const [hour, count] of hours) {
        const unit = Math.floor(hour / this.#unit) * this.#unit;
        counts.set(unit, (counts.get(unit) ?? 0) + count);
      }
      this.#groups += counts.size;
    }
  }

  /** What was added up. */
  end(): Tallied {
    const groups: Group[] = [];
    for (const kind of this.#kinds.values()) {
      this.#settle(kind);
      for (const [hour, count] of kind.counts) groups.push({ kind: kind.kind, hour, count });
    }
    const spread = [...this.#spread].map(
      ([code, { devices, addresses }]) => [code, { devices: devices.count, addresses: addresses.count }] as const,
    );
    return { groups, damaged: this.#damaged, dropped: this.#dropped, coarse: this.#unit > HOUR, spread: new Map(spread) };
  }
}

/** The end of 2099: what is later was never written by a log, and would make every other day long ago. */
const LATEST = 4_102_444_800_000;

function isMoment(time: unknown): time is number {
  return typeof time === 'number' && time > 0 && time < LATEST;
}

function parsedLine(line: string): { readonly [name: string]: unknown } | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(line, 'latin1').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { readonly [name: string]: unknown }) : null;
  } catch {
    return null;
  }
}

function kindFrom(given: { readonly [name: string]: unknown }): DecisionKind | null {
  const text = (name: string): string => (typeof given[name] === 'string' ? (given[name] as string).slice(0, 128) : '');
  const [outcome, code] = [text('outcome'), text('code')];
  if (!['accepted', 'rejected', 'unavailable'].includes(outcome) || !/^[a-z-]{1,64}$/.test(code)) return null;
  return {
    route: text('route'),
    mode: text('mode'),
    action: text('action'),
    outcome,
    code,
    version: text('version'),
    platform: text('platform'),
    key: text('key'),
    again: given.again === true,
  };
}
