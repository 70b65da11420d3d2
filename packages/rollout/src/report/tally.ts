/** Adds lines of the decision log up: by kind and hour, in memory that does not grow with the lines. */
import type { DecisionKind } from '../log/line.ts';
import { isKeyFailure } from './classes.ts';
import { Distinct } from './distinct.ts';
import { digitAt, endOfWord, hashOfWords, isAt, isBlank, isSame, textOf, viewOf } from './line-bytes.ts';

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
  /** Lines that are not decisions: cut off, or written by somebody else. */
  readonly damaged: number;
  /** Lines that the log gave up, as it says itself. */
  readonly dropped: number;
  /** Whether there were so many kinds that hours became days. */
  readonly coarse: boolean;
  /** About how many devices and networks had each code. */
  readonly spread: ReadonlyMap<string, { readonly devices: number; readonly addresses: number }>;
  /** About how many networks apps called from in each hour, and from how many of them tokens came that no key verified. Where lines have addresses. */
  readonly networks: ReadonlyMap<number, { readonly all: number; readonly failed: number }>;
}

const HOUR = 3_600_000;
const MOST_GROUPS = 400_000;
const MOST_KINDS = 50_000;
/** A year. */
const MOST_HOURS = 8784;

interface Kind {
  readonly kind: DecisionKind;
  /** By hour. */
  readonly counts: Map<number, number>;
  readonly spread: { readonly devices: Distinct; readonly addresses: Distinct };
  /** Of the app, as it says itself. */
  readonly ofApp: boolean;
  /** With a token that no key verified. */
  readonly failed: boolean;
  lastHour: number;
  /** Of the last hour, not yet among the counts. */
  lastCount: number;
}

/** Takes one line after the other. */
export class Tally {
  readonly #kinds: Map<string, Kind> = new Map();
  readonly #spread: Map<string, Kind['spread']> = new Map();
  /** Kinds by a hash of their bytes: a look-up that makes no text. */
  readonly #recent: Map<number, { readonly view: DataView; readonly kind: Kind }> = new Map();
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  readonly #networks: Map<number, { readonly all: Distinct; readonly failed: Distinct }> = new Map();
  #groups = 0;
  #unit = HOUR;
  #damaged = 0;
  #dropped = 0;

  /** Takes the line in these bytes, without its line feed. */
  add(bytes: Buffer, from: number = 0, to: number = bytes.length): void {
    if (!this.#addOurs(bytes, from, to) && !isBlank(bytes, from, to)) this.#addAny(textOf(bytes.subarray(from, to)));
  }

  /**
   * A line as {@link LineWriter} writes it, read where it lies: no text is made of it. Only its last part, of which there are few, is ever parsed.
   */
  #addOurs(bytes: Buffer, from: number, to: number): boolean {
    if (!isAt(bytes, from, BEFORE_TIME) || bytes[to - 1] !== 0x7d) return false;
    let at = from + BEFORE_TIME.length;
    // Neither JSON nor a log begins a number with 0.
    if (bytes[at] === 0x30) return false;
    let time = 0;
    for (let digit = digitAt(bytes, at); digit >= 0 && at < to; digit = digitAt(bytes, ++at)) time = time * 10 + digit;
    if (!isMoment(time) || !isAt(bytes, at, BEFORE_DEVICE)) return false;
    const device = at + BEFORE_DEVICE.length;
    const deviceEnd = endOfWord(bytes, device, to);
    if (!isAt(bytes, deviceEnd, BEFORE_ADDRESS)) return false;
    const address = deviceEnd + BEFORE_ADDRESS.length;
    const addressEnd = endOfWord(bytes, address, to);
    if (bytes[addressEnd + 1] !== 0x2c) return false;
    const kind = this.#kindAt(bytes, addressEnd + 2, to - 1);
    if (kind === null) return false;
    this.#count(kind, time, 1);
    if (deviceEnd > device) kind.spread.devices.addBytes(bytes, device, deviceEnd);
    if (addressEnd > address) this.#addNetwork(kind, bytes, address, addressEnd);
    return true;
  }

  #addAny(line: string): void {
    const parsed = parsedLine(line);
    const { time, dropped, count: given, device, address, ...rest } = parsed ?? {};
    const count = given ?? 1;
    if (isMoment(time) && isCount(dropped)) {
      this.#dropped += dropped;
      return;
    }
    const kind = kindFrom(rest);
    if (kind === null || !isMoment(time) || !isCount(count)) {
      this.#addSummed(parsed);
      return;
    }
    const known = this.#kept(JSON.stringify(kind).slice(1, -1), kind);
    this.#count(known, time, count);
    if (typeof device === 'string' && device !== '') known.spread.devices.add(device);
    if (typeof address === 'string' && address !== '') {
      const network = Buffer.from(address);
      this.#addNetwork(known, network, 0, network.length);
    }
  }

  /** After {@link Tally.#count}: the hour is the one of this line. */
  #addNetwork(kind: Kind, bytes: Uint8Array, from: number, to: number): void {
    kind.spread.addresses.addBytes(bytes, from, to);
    if (!kind.ofApp || this.#unit > HOUR) return;
    let hour = this.#networks.get(kind.lastHour);
    if (hour === undefined) {
      if (this.#networks.size >= MOST_HOURS) return;
      hour = { all: new Distinct(), failed: new Distinct() };
      this.#networks.set(kind.lastHour, hour);
    }
    hour.all.addBytes(bytes, from, to);
    if (kind.failed) hour.failed.addBytes(bytes, from, to);
  }

  /** What the queries beside this package say of many lines at once; all else is damaged. */
  #addSummed(parsed: { readonly [name: string]: unknown } | null): void {
    const { code, devices, addresses, damaged } = parsed ?? {};
    if (isCount(damaged)) this.#damaged += damaged;
    else if (isCode(code) && isNumber(devices) && isNumber(addresses)) {
      const spread = this.#spreadOf(code);
      spread.devices.addCount(devices);
      spread.addresses.addCount(addresses);
    } else this.#damaged++;
  }

  #spreadOf(code: string): Kind['spread'] {
    const known = this.#spread.get(code);
    if (known !== undefined) return known;
    const made = { devices: new Distinct(), addresses: new Distinct() };
    this.#spread.set(code, made);
    return made;
  }

  #kindAt(bytes: Buffer, from: number, to: number): Kind | null {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const hash = hashOfWords(this.#view, from, to);
    const before = this.#recent.get(hash);
    if (before !== undefined && isSame(this.#view, from, to, before.view)) return before.kind;
    const text = bytes.toString('latin1', from, to);
    if (!PRINTABLE.test(text)) return null;
    const known = this.#kinds.get(text) ?? this.#kindOf(text);
    // Texts of one hash take each other's place: strangers who make them cost time, and neither memory nor truth.
    if (known !== null && this.#recent.size < MOST_KINDS) this.#recent.set(hash, { view: viewOf(text), kind: known });
    return known;
  }

  #kindOf(text: string): Kind | null {
    const parsed = parsedLine(`{${text}}`) ?? {};
    const kind = IN_FRONT.some((name) => name in parsed) ? null : kindFrom(parsed);
    return kind === null ? null : this.#kept(text, kind);
  }

  #kept(text: string, given: DecisionKind): Kind {
    const known = this.#kinds.get(text);
    if (known !== undefined) return known;
    if (this.#kinds.size >= MOST_KINDS && given.version !== '…') {
      const kind = { ...given, version: '…', platform: '', key: '' };
      return this.#kept(JSON.stringify(kind).slice(1, -1), kind);
    }
    const made: Kind = {
      kind: given,
      counts: new Map(),
      spread: this.#spreadOf(given.code),
      ofApp: given.version !== '',
      failed: isKeyFailure(given.code),
      lastHour: Number.NaN,
      lastCount: 0,
    };
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
    const networks = [...this.#networks].map(([hour, { all, failed }]) => [hour, { all: all.count, failed: failed.count }] as const);
    return {
      groups,
      damaged: this.#damaged,
      dropped: this.#dropped,
      coarse: this.#unit > HOUR,
      spread: new Map(spread),
      networks: new Map(this.#unit > HOUR ? [] : networks),
    };
  }
}

/** The end of 2099: what is later was never written by a log, and would make every other day long ago. */
const LATEST = 4_102_444_800_000;

function isMoment(time: unknown): time is number {
  return typeof time === 'number' && time > 0 && time < LATEST;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function isCode(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z-]{1,64}$/.test(value);
}

function parsedLine(line: string): { readonly [name: string]: unknown } | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { readonly [name: string]: unknown }) : null;
  } catch {
    return null;
  }
}

function kindFrom(given: { readonly [name: string]: unknown }): DecisionKind | null {
  const text = (name: string): string => (typeof given[name] === 'string' ? (given[name] as string).slice(0, 128) : '');
  const [outcome, code] = [text('outcome'), text('code')];
  if (!['accepted', 'rejected', 'unavailable'].includes(outcome) || !isCode(code)) return null;
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

const PRINTABLE = /^[\x20-\x7e]*$/;

/** What stands in front of what is remembered; anywhere else it is somebody else's line. */
const IN_FRONT = ['time', 'device', 'address', 'count', 'dropped'];
const BEFORE_TIME = Buffer.from('{"time":');
const BEFORE_DEVICE = Buffer.from(',"device":"');
const BEFORE_ADDRESS = Buffer.from('","address":"');
