/** The calls of a fleet: as many at a time as may be, as many in a second as shall be. */
import { CloudError } from '../cloud-error.ts';
import { type AppAnswer, type AppRequestInit, appFetch } from './app-fetch.ts';
import type { Behaviour } from './behaviours.ts';
import type { Device, DeviceOptions } from './device.ts';
import type { Random } from './random.ts';

/** Weights by behaviour: `{ genuine: 90, rooted: 5, old: 5 }`. They need not add up to anything. */
export type Mix = { readonly [Name in Behaviour]?: number };

/** A call that a device makes. */
export interface FleetCall extends AppRequestInit {
  readonly url: string;
}

/** What {@link createFleet} takes, beside what each of its devices gets. */
export interface FleetOptions extends Omit<DeviceOptions, 'behaviour' | 'id'> {
  /** How many devices. 1 to 10,000. */
  readonly size: number;
  readonly mix: Mix;
  /** What is called: a URL, or a function that chooses. */
  readonly call: string | ((device: Device, random: Random) => FleetCall);
  /** Calls in a second; `null` (default): as fast as answers come. May be changed: {@link Fleet.setRate}. */
  readonly rate?: number | null;
  /** How many calls are under way at most. Default 32. */
  readonly concurrency?: number;
  /** Default 1. Device ids, behaviours and the order of calls repeat with it; keys and tokens do not. */
  readonly seed?: number;
  /** Told of each answer. */
  readonly onAnswer?: (answer: FleetAnswer) => void;
}

/** An answer, and who got it. */
export interface FleetAnswer {
  readonly device: Device;
  readonly behaviour: Behaviour;
  /** Whether the device called before. */
  readonly again: boolean;
  /** `null` where the API did not answer. */
  readonly answer: AppAnswer | null;
}

/** What a fleet did. */
export interface FleetReport {
  readonly calls: number;
  /** Calls that the API did not answer. */
  readonly unanswered: number;
  /** Calls by behaviour and by HTTP status (`none`: nothing was sent, or no answer). */
  readonly byBehaviour: { readonly [behaviour: string]: { readonly [status: string]: number } };
}

/** How often a paced fleet looks whether calls are due. */
const BEAT_MS = 10;

/** Makes calls. */
export class Calls {
  readonly #options: FleetOptions;
  readonly #devices: readonly Device[];
  readonly #random: Random;
  readonly #called: Set<Device> = new Set();
  readonly #busy: Set<Device> = new Set();
  readonly #counts: Map<Behaviour, Map<string, number>> = new Map();
  #rate: number | null;
  #left = 0;
  #underWay = 0;
  #unanswered = 0;
  #due = 0;
  #lastBeat = 0;
  #beat: NodeJS.Timeout | null = null;
  #ended: { readonly promise: Promise<FleetReport>; readonly done: (report: FleetReport) => void } | null = null;

  constructor(options: FleetOptions, devices: readonly Device[], random: Random) {
    this.#options = options;
    this.#devices = devices;
    this.#random = random;
    this.#rate = checkedRate(options.rate ?? null);
  }

  setRate(rate: number | null): void {
    this.#rate = checkedRate(rate);
    this.#pump();
  }

  run(count: number): Promise<FleetReport> {
    if (this.#ended !== null) throw new CloudError('input-malformed', 'the fleet runs already; stop it first');
    let done: (report: FleetReport) => void = () => undefined;
    const promise = new Promise<FleetReport>((resolve) => {
      done = resolve;
    });
    this.#ended = { promise, done };
    this.#left = count;
    this.#due = 0;
    this.#lastBeat = performance.now();
    this.#beat = setInterval(() => this.#onBeat(), BEAT_MS);
    this.#pump();
    return promise;
  }

  async stop(): Promise<FleetReport> {
    this.#left = 0;
    const { promise } = this.#ended ?? { promise: Promise.resolve(this.report()) };
    this.#endIfDone();
    return promise;
  }

  report(): FleetReport {
    const rows = [...this.#counts].map(([behaviour, counts]) => [behaviour, Object.fromEntries(counts)] as const);
    const calls = [...this.#counts.values()].reduce((sum, counts) => sum + [...counts.values()].reduce((a, b) => a + b, 0), 0);
    return { calls, unanswered: this.#unanswered, byBehaviour: Object.fromEntries(rows) };
  }

  #onBeat(): void {
    const now = performance.now();
    // What a busy second left undone is not made up for: the rate is a ceiling.
    if (this.#rate !== null) this.#due = Math.min(this.#rate, this.#due + (this.#rate * (now - this.#lastBeat)) / 1000);
    this.#lastBeat = now;
    this.#pump();
  }

  #pump(): void {
    const { concurrency = 32 } = this.#options;
    const most = Math.min(concurrency, this.#devices.length);
    while (this.#left > 0 && this.#underWay < most && (this.#rate === null || this.#due >= 1)) {
      this.#left -= 1;
      this.#due -= 1;
      this.#underWay += 1;
      void this.#callOnce().finally(() => {
        this.#underWay -= 1;
        this.#pump();
        this.#endIfDone();
      });
    }
  }

  #endIfDone(): void {
    if (this.#left > 0 || this.#underWay > 0 || this.#ended === null) return;
    if (this.#beat !== null) clearInterval(this.#beat);
    const { done } = this.#ended;
    this.#ended = null;
    done(this.report());
  }

  /** A device makes one call after the other: with two under way, nobody could tell which came first. */
  #idleDevice(): Device {
    const start = Math.floor(this.#random() * this.#devices.length);
    const inOrder = (step: number): Device => this.#devices[(start + step) % this.#devices.length] as Device;
    let step = 0;
    // There is one: fewer calls are under way than there are devices.
    while (this.#busy.has(inOrder(step))) step += 1;
    return inOrder(step);
  }

  async #callOnce(): Promise<void> {
    const device = this.#idleDevice();
    this.#busy.add(device);
    const { behaviour } = device;
    const { call } = this.#options;
    const again = this.#called.has(device);
    this.#called.add(device);
    const { url, ...init } = typeof call === 'string' ? { url: call } : call(device, this.#random);
    const answer = await appFetch(device, url, init).catch(() => null);
    this.#count(behaviour, answer?.status ?? null);
    if (answer === null) this.#unanswered += 1;
    this.#busy.delete(device);
    this.#options.onAnswer?.({ device, behaviour, again, answer });
  }

  #count(behaviour: Behaviour, status: number | null): void {
    const counts = this.#counts.get(behaviour) ?? new Map<string, number>();
    const name = status === null ? 'none' : String(status);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    this.#counts.set(behaviour, counts);
  }
}

function checkedRate(rate: number | null): number | null {
  if (rate === null || (Number.isFinite(rate) && rate > 0 && rate <= 100_000)) return rate;
  throw new CloudError('input-malformed', 'rate is a number of calls in a second, above 0, or null');
}
