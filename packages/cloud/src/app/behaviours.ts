/** What simulated devices are and do. One row a behaviour. */
import type { ReasonCode } from 'approov-guard';
import type { DeviceProperty } from '../account/devices.ts';

/** How a device differs from a genuine one. */
export interface BehaviourRow {
  readonly describe: string;
  /** What the measurement finds. */
  readonly properties: readonly DeviceProperty[];
  /** Whether the app is the registered one. */
  readonly registered: boolean;
  /** Whether the app has the SDK at all. */
  readonly sdk: boolean;
  /** Whether it reaches the issuing cloud. */
  readonly online: boolean;
  /** How far its clock is ahead, in seconds. */
  readonly clockSeconds: number;
  /** Whether it sends its first request's header lines again and again. */
  readonly replays: boolean;
  /** Whether its token was taken from another user's device. */
  readonly stolen: boolean;
  /** Whether somebody stands between it and the API, with a certificate of their own. */
  readonly intercepted: boolean;
  /** What a guard finds. */
  readonly expected: (demands: ExpectedDemands) => 'accepted' | ReasonCode;
}

/** What the guard demands, and how the app is configured. */
export interface ExpectedDemands {
  /** Whether message signatures are required, and remembered. */
  readonly signed: boolean;
  /** Whether tokens are bound. */
  readonly bound: boolean;
  /** Whether the app sends the SDK's status where it has no token. */
  readonly status: boolean;
}

/** The name of a behaviour. */
export type Behaviour =
  | 'genuine'
  | 'rooted'
  | 'emulator'
  | 'debugger'
  | 'repackaged'
  | 'unregistered'
  | 'old'
  | 'offline'
  | 'bot'
  | 'thief'
  | 'clock-ahead'
  | 'clock-behind'
  | 'intercepted';

const GENUINE: BehaviourRow = {
  describe: 'the app as it was published, on a sound device',
  properties: [],
  registered: true,
  sdk: true,
  online: true,
  clockSeconds: 0,
  replays: false,
  stolen: false,
  intercepted: false,
  expected: () => 'accepted',
};

const failing = (describe: string, ...properties: readonly DeviceProperty[]): BehaviourRow => ({
  ...GENUINE,
  describe,
  properties,
  expected: () => 'token-signature-invalid',
});

const TEN_MINUTES = 600;

/** Every behaviour. */
export const BEHAVIOURS: { readonly [Name in Behaviour]: BehaviourRow } = {
  genuine: GENUINE,
  rooted: failing('a device whose owner is root', 'rooted'),
  emulator: failing('an emulator instead of a device', 'emulator'),
  debugger: failing('the app under a debugger', 'debugger'),
  repackaged: { ...failing('the app, altered and signed by somebody else', 'repackaged'), registered: false },
  unregistered: { ...failing('an app that was never registered'), registered: false },
  old: { ...GENUINE, describe: 'a version of the app from before it had the SDK', sdk: false, expected: () => 'token-missing' },
  offline: {
    ...GENUINE,
    describe: 'a device that does not reach the issuing cloud',
    online: false,
    expected: ({ status }) => (status ? 'token-sdk-status' : 'token-missing'),
  },
  bot: {
    ...GENUINE,
    describe: 'a script that sends one genuine request again and again',
    replays: true,
    expected: ({ signed }) => (signed ? 'signature-replayed' : 'accepted'),
  },
  thief: {
    ...GENUINE,
    describe: 'a script with a token from another user’s device',
    stolen: true,
    expected: ({ signed, bound }) => (bound ? 'binding-mismatch' : signed ? 'signature-invalid' : 'accepted'),
  },
  'clock-ahead': {
    ...GENUINE,
    describe: 'a genuine device whose clock is ten minutes ahead',
    clockSeconds: TEN_MINUTES,
    expected: ({ signed }) => (signed ? 'signature-created-in-future' : 'accepted'),
  },
  'clock-behind': {
    ...GENUINE,
    describe: 'a genuine device whose clock is ten minutes behind',
    clockSeconds: -TEN_MINUTES,
    expected: ({ signed }) => (signed ? 'signature-too-old' : 'accepted'),
  },
  // Nothing reaches the guard: the connection ends before a request is sent.
  intercepted: { ...GENUINE, describe: 'a genuine device in a network that intercepts TLS', intercepted: true },
};

/** The names of the behaviours. */
export const BEHAVIOUR_NAMES: readonly Behaviour[] = Object.freeze(Object.keys(BEHAVIOURS) as Behaviour[]);
