/** Devices: what they are, and whether they pass. */
import { randomBytes } from 'node:crypto';
import { CloudError } from '../cloud-error.ts';
import type { AccountState, DeviceState } from '../state/state.ts';
import { define, ownMember } from './domains.ts';

/** What may be wrong with a device or with the app on it. */
export const DEVICE_PROPERTIES = [
  'rooted',
  'jailbroken',
  'emulator',
  'debugger',
  'repackaged',
  'hooking',
  'cloned',
  'automated',
  'vpn-intercept',
] as const;

/** One of them. */
export type DeviceProperty = (typeof DEVICE_PROPERTIES)[number];

/** Why an attestation fails: the device's properties, and these. */
export type Rejection = DeviceProperty | 'app-not-registered' | 'app-expired' | 'forced-fail' | 'wildcard';

/** All of them. The order is that of the bits of an attestation response code. */
export const REJECTIONS: readonly Rejection[] = [...DEVICE_PROPERTIES, 'app-not-registered', 'app-expired', 'forced-fail', 'wildcard'];

/** Makes a device id, as an app's installation gets it: base64 of 16 bytes. */
export function freshDeviceId(random: (bytes: number) => Uint8Array = randomBytes): string {
  return Buffer.from(random(16)).toString('base64');
}

/** @throws CloudError `input-malformed` where it is not base64 of 16 bytes */
export function deviceId(given: unknown): string {
  if (typeof given === 'string' && /^[A-Za-z0-9+/]{22}==$/.test(given)) return given;
  throw new CloudError('input-malformed', 'a device id is the base64 of 16 bytes, as the claim `did` holds it: 22 characters and ==');
}

/** @throws CloudError `input-malformed` for a word that is not a property */
export function deviceProperties(given: unknown): DeviceProperty[] {
  const words = Array.isArray(given) ? given : [given];
  const unknown = words.some((word) => !DEVICE_PROPERTIES.includes(word));
  if (unknown) throw new CloudError('input-malformed', `a device's properties are ${DEVICE_PROPERTIES.join(', ')}`);
  return [...new Set<DeviceProperty>(words)];
}

/** The bound on the devices that a state holds. */
const MOST_DEVICES = 10_000;

/** Notes something about a device; a new one begins without properties. */
export function setDevice(account: AccountState, given: string, change: Partial<DeviceState>): DeviceState {
  const id = deviceId(given);
  const before = ownMember(account.devices, id);
  if (before === undefined && Object.keys(account.devices).length >= MOST_DEVICES)
    throw new CloudError('input-malformed', `the account notes ${MOST_DEVICES} devices already; remove some: approov device -remove ID`);
  const properties = change.properties === undefined ? (before?.properties ?? []) : deviceProperties(change.properties);
  const device = { properties, forced: change.forced === undefined ? (before?.forced ?? null) : change.forced };
  define(account.devices, id, device);
  return device;
}

/** Forgets a device. @throws CloudError `device-unknown` */
export function removeDevice(account: AccountState, given: string): void {
  requireDevice(account, given);
  delete account.devices[deviceId(given)];
}

/** Finds a device that was noted. @throws CloudError `device-unknown` */
export function requireDevice(account: AccountState, given: string): DeviceState {
  const found = ownMember(account.devices, deviceId(given));
  if (found !== undefined) return found;
  throw new CloudError(
    'device-unknown',
    'nothing is noted about this device. List them: approov device -list; force one: approov forcepass -addDevice ID',
  );
}
