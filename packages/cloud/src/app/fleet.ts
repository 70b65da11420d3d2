/** Many devices at once: a mix of behaviours, a rate, and a seed that repeats who is who and who calls when. */

import { freshDeviceId } from '../account/devices.ts';
import { CloudError } from '../cloud-error.ts';
import { BEHAVIOUR_NAMES, type Behaviour } from './behaviours.ts';
import { Calls, type FleetOptions, type FleetReport, type Mix } from './calls.ts';
import { createDevice, type Device } from './device.ts';
import { type Random, randomBytesOf, seeded, shuffled } from './random.ts';
import { makeAgents } from './transport.ts';

/** A fleet. */
export interface Fleet {
  readonly devices: readonly Device[];
  /** Makes so many calls, and answers when all are answered. Not while {@link Fleet.start} runs. */
  readonly run: (calls: number) => Promise<FleetReport>;
  /** Calls until it is stopped. */
  readonly start: () => void;
  /** Ends what runs, waits for the answers under way. */
  readonly stop: () => Promise<FleetReport>;
  readonly report: () => FleetReport;
  /** Gives the devices other behaviours, by the same seed. */
  readonly setMix: (mix: Mix) => void;
  readonly setRate: (rate: number | null) => void;
  /** Stops and closes the connections. */
  readonly close: () => Promise<void>;
}

const MOST_DEVICES = 10_000;

/**
 * Makes a fleet. Nothing is called until it runs.
 * @throws CloudError `input-malformed` for a size, mix or rate that cannot be
 * @example
 * ```ts
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 * import { createCloud, createFleet } from '@approov-guard/cloud';
 *
 * const cloud = createCloud();
 * cloud.addDomain('localhost');
 * cloud.addApp({ package: 'com.example.app' });
 * const server = createServer((_, response) => response.end()).listen(0);
 * await once(server, 'listening');
 *
 * const fleet = createFleet({ cloud, size: 20, mix: { genuine: 9, rooted: 1 }, call: `http://localhost:${(server.address() as AddressInfo).port}/` });
 * console.log((await fleet.run(100)).calls); // 100
 * await fleet.close();
 * server.close();
 * ```
 */
export function createFleet(options: FleetOptions): Fleet {
  const { size, concurrency = 32, seed = 1 } = options;
  if (!Number.isInteger(size) || size < 1 || size > MOST_DEVICES)
    throw new CloudError('input-malformed', `size is the number of devices, 1 to ${MOST_DEVICES}`);
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 1024)
    throw new CloudError('input-malformed', 'concurrency is the number of calls under way at most, 1 to 1024');
  const random = seeded(seed);
  const agents = makeAgents(concurrency);
  const devices = Array.from({ length: size }, () =>
    createDevice({ ...options, id: freshDeviceId((count) => randomBytesOf(random, count)) }, agents),
  );
  const setMix = (mix: Mix): void => assign(devices, behavioursOf(mix, size), seeded(seed));
  setMix(options.mix);
  const calls = new Calls(options, devices, random);
  const close = async (): Promise<void> => {
    await calls.stop();
    agents.http.destroy();
    agents.https.destroy();
  };
  return {
    devices,
    setMix,
    close,
    run: (count) => calls.run(count),
    start: () => void calls.run(Number.POSITIVE_INFINITY),
    stop: () => calls.stop(),
    report: () => calls.report(),
    setRate: (rate) => calls.setRate(rate),
  };
}

function assign(devices: readonly Device[], behaviours: readonly Behaviour[], random: Random): void {
  shuffled(behaviours, random).forEach((behaviour, index) => {
    const device = devices[index];
    if (device !== undefined) device.behaviour = behaviour;
  });
}

/** So many behaviours in the mix's proportions: what is left over by rounding goes to the largest remainders. */
function behavioursOf(mix: Mix, size: number): readonly Behaviour[] {
  const weights = Object.entries(mix) as [Behaviour, number][];
  const isWeight = ([name, weight]: [Behaviour, number]): boolean =>
    BEHAVIOUR_NAMES.includes(name) && Number.isFinite(weight) && weight >= 0;
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  if (!weights.every(isWeight) || !(sum > 0))
    throw new CloudError('input-malformed', `a mix gives weights, 0 or more and not all 0, to ${BEHAVIOUR_NAMES.join(', ')}`);
  const shares = weights.map(([name, weight]) => ({ name, whole: Math.floor((weight / sum) * size), rest: ((weight / sum) * size) % 1 }));
  let left = size - shares.reduce((total, { whole }) => total + whole, 0);
  for (const share of [...shares].sort((one, other) => other.rest - one.rest)) {
    if (left === 0) break;
    share.whole += 1;
    left -= 1;
  }
  return shares.flatMap(({ name, whole }) => Array.from({ length: whole }, () => name));
}
