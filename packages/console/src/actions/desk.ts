/** The cloud on the desk and its phones: switches for failures, key rotation, and a fleet with sliders. */
import { BEHAVIOUR_NAMES, BEHAVIOURS, type Behaviour, createFleet, type Fleet, type FleetCall, type Mix } from '@approov-guard/cloud';
import { CONSOLE_HEADER, watched } from '../live/watch.ts';
import type { ShownDesk } from '../wire.ts';
import { BuilderError } from './builder-error.ts';
import type { Target } from './made-requests.ts';

/** A cloud that the console may switch. */
export interface CloudAccess {
  /** Its address, such as `http://127.0.0.1:8004`. */
  readonly url: string;
  /** The key of its administration: `cloud.adminKey`. It never leaves this process. */
  readonly adminKey: string;
  /** The API domain for which the fleet's tokens are issued. */
  readonly domain: string;
  /** The package of an app that passes attestation. */
  readonly app: string;
}

const FLEET_SIZE = 200;
const MOST_RATE = 500;
const FIRST_MIX: Mix = { genuine: 80, repackaged: 5, rooted: 5, old: 4, offline: 2, bot: 2, thief: 2 };
const ANSWER_MS = 10_000;

/** What the page switches. */
export class Desk {
  readonly #access: CloudAccess;
  readonly #target: Target;
  readonly #marks: ReadonlyMap<Behaviour, string>;
  #fleet: Fleet | null = null;
  #mix: Mix = FIRST_MIX;
  #rate = 20;
  #isRunning = false;

  constructor(access: CloudAccess, target: Target) {
    this.#access = access;
    this.#target = target;
    // One name for all requests of a kind of device, so that the list says from whom they come.
    this.#marks = new Map(BEHAVIOUR_NAMES.map((name) => [name, `fleet-${name}`]));
    for (const [name, mark] of this.#marks)
      watched.expected.set(mark, { sender: `fleet: ${name}`, isSampled: true, judged: () => undefined });
  }

  /** How everything stands. */
  async shown(): Promise<ShownDesk> {
    const faults = await this.#admin<ShownDesk['faults']>('GET', '/admin/faults');
    const report = this.#fleet?.report();
    const counts = BEHAVIOUR_NAMES.filter((name) => name !== 'intercepted').map((name) => {
      const answers = Object.entries(report?.byBehaviour[name] ?? {});
      const passed = answers.reduce((sum, [status, count]) => sum + (status.startsWith('2') ? count : 0), 0);
      const calls = answers.reduce((sum, [, count]) => sum + count, 0);
      return { name, about: BEHAVIOURS[name].describe, weight: this.#mix[name] ?? 0, calls, passed };
    });
    return { faults, fleet: { size: FLEET_SIZE, isRunning: this.#isRunning, rate: this.#rate, mostRate: MOST_RATE, devices: counts } };
  }

  /** Switches failures of the cloud; what is not named stays. */
  async switch(faults: object): Promise<void> {
    await this.#admin('PATCH', '/admin/faults', faults);
  }

  /** Gives the domain a new key, while requests are under way. */
  async rotate(): Promise<void> {
    await this.#admin('POST', `/admin/domains/${encodeURIComponent(this.#access.domain)}/rotate`, {});
  }

  /** Starts, stops or changes the fleet. */
  async setFleet({
    isRunning,
    rate,
    mix,
  }: {
    readonly isRunning?: unknown;
    readonly rate?: unknown;
    readonly mix?: unknown;
  }): Promise<void> {
    if (rate !== undefined) this.#setRate(rate);
    if (mix !== undefined) this.#setMix(mix);
    if (isRunning === true && !this.#isRunning) {
      this.#fleet ??= this.#made();
      this.#fleet.start();
      this.#isRunning = true;
    } else if (isRunning === false && this.#isRunning) {
      this.#isRunning = false;
      await this.#fleet?.stop();
    }
  }

  async close(): Promise<void> {
    for (const mark of this.#marks.values()) watched.expected.delete(mark);
    await this.#fleet?.close();
  }

  #setRate(rate: unknown): void {
    const isFine = typeof rate === 'number' && Number.isFinite(rate) && rate >= 1 && rate <= MOST_RATE;
    if (!isFine) throw new BuilderError(`The rate is 1 to ${MOST_RATE} requests a second.`);
    this.#rate = rate;
    this.#fleet?.setRate(rate);
  }

  #setMix(given: unknown): void {
    if (typeof given !== 'object' || given === null) throw new BuilderError('A mix has a weight for each kind of device.');
    const weights = BEHAVIOUR_NAMES.flatMap((name) => {
      const weight: unknown = Object.hasOwn(given, name) ? (given as { readonly [member: string]: unknown })[name] : undefined;
      return typeof weight === 'number' && weight > 0 && weight <= 100 ? [[name, weight] as const] : [];
    });
    if (weights.length === 0) throw new BuilderError('At least one kind of device needs a weight.');
    this.#mix = Object.fromEntries(weights);
    this.#fleet?.setMix(this.#mix);
  }

  #made(): Fleet {
    const { url, domain, app } = this.#access;
    return createFleet({
      cloud: url,
      domain,
      app,
      size: FLEET_SIZE,
      mix: this.#mix,
      rate: this.#rate,
      sign: 'install',
      bindingHeader: 'Authorization',
      withoutToken: 'status',
      call: (device, random) => this.#call(device.id, device.behaviour, random()),
    });
  }

  /** Each of the three kinds of routes is called as often. */
  #call(id: string, behaviour: Behaviour, chance: number): FleetCall {
    const { origin, apiKey, paths } = this.#target;
    const path = chance < 1 / 3 ? paths.token : chance < 2 / 3 ? paths.binding : paths.signature;
    const headers = { Authorization: `Bearer session-of-${id}`, 'Api-Key': apiKey, [CONSOLE_HEADER]: this.#marks.get(behaviour) ?? '' };
    return { url: origin + path, headers };
  }

  async #admin<T>(method: string, path: string, body?: object): Promise<T> {
    const { url, adminKey } = this.#access;
    const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(url + path, { method, headers, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const answer: unknown = await response.json();
    if (response.ok) return answer as T;
    const { message } = (answer as { readonly error?: { readonly message?: unknown } }).error ?? {};
    throw new BuilderError(typeof message === 'string' ? message : 'The cloud refused that.');
  }
}
