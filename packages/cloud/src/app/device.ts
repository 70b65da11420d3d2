/** A simulated device with an app on it. */
import { type ClientName, freshInstallationKey, type InstallationKey, type SecretText } from '@approov-guard/testkit';
import type { AppIdentity } from '../account/apps.ts';
import { freshDeviceId } from '../account/devices.ts';
import type { Cloud } from '../cloud.ts';
import type { Behaviour } from './behaviours.ts';
import { type Fetched, type Issuer, issuerOf } from './issuer.ts';
import { type Agents, type HttpAnswer, makeAgents, type SentRequest } from './transport.ts';

/** What {@link createDevice} takes. */
export interface DeviceOptions {
  /** The cloud in this process, or its address such as `http://127.0.0.1:8004`. */
  readonly cloud: Cloud | string;
  /** The app. Default `com.example.app`. */
  readonly app?: AppIdentity | string;
  /** The API domain for which tokens are fetched. Default: the host of the URL that is called. */
  readonly domain?: string;
  /** The cloud's account. Default: its default account. */
  readonly account?: string;
  /** What the device is and does. Default `genuine`. */
  readonly behaviour?: Behaviour;
  /** Which client library the app uses. Default `okhttp-3.8`. */
  readonly client?: ClientName;
  /** How messages are signed. `null` (default): not. `account` and `both` need `accountKey`. */
  readonly sign?: 'install' | 'account' | 'both' | null;
  /** The account's message-signing key. */
  readonly accountKey?: SecretText;
  /** Whether a digest of the body is sent where the client makes none by default. Default `false`. */
  readonly digest?: boolean;
  /** The header to whose value tokens are bound, such as `Authorization`. `null` (default): none. */
  readonly bindingHeader?: string | null;
  /** Default `Approov-Token`. */
  readonly tokenHeader?: string;
  /** What stands before the token, such as `Bearer `. Default: nothing. */
  readonly tokenPrefix?: string;
  /**
   * What the app does without a token: `send` the request bare (default), with the SDK's `status` word in the token header, or `fail`: nothing is
   * sent.
   */
  readonly withoutToken?: 'send' | 'status' | 'fail';
  /** Whom the device trusts beside the platform's roots, PEM: for a server with a certificate of your own. */
  readonly ca?: string;
  /** Whether the server's certificate is held against the cloud's pins. Default `true`; plain HTTP has no certificate. */
  readonly pinning?: boolean;
  /** The clock before the behaviour moves it, milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** How requests go out. Default: over HTTP. A function answers them in this process; there is then no certificate to pin. */
  readonly send?: (request: SentRequest) => Promise<HttpAnswer>;
  /** The device's id, base64 of 16 bytes. Default: random. */
  readonly id?: string;
}

/** A device. Made by {@link createDevice}. */
export interface Device extends DeviceOptions {
  readonly id: string;
  /** May be changed at any time. */
  behaviour: Behaviour;
  /** What it keeps between requests; nothing for users of this. */
  readonly memory: DeviceMemory;
  /** Closes its connections. */
  readonly close: () => void;
}

/** What a device keeps between requests. */
export interface DeviceMemory {
  readonly issuer: Issuer;
  readonly agents: Agents;
  /** Made on first use: key pairs cost time. */
  readonly installationKey: () => InstallationKey;
  /** Tokens by domain and bound text, as the SDK keeps them. */
  readonly tokens: Map<string, Fetched>;
  pins: { readonly [domain: string]: readonly string[] } | null;
  /** The request that a bot sends again and again. */
  captured: SentRequest | null;
}

/**
 * Makes a device. Nothing is fetched until {@link appFetch} is called with it.
 * @param agents - connections that several devices share; default: its own, which `close` ends
 */
export function createDevice(options: DeviceOptions, agents: Agents = makeAgents(4)): Device {
  let key: InstallationKey | null = null;
  const memory: DeviceMemory = {
    issuer: issuerOf(options.cloud),
    agents,
    installationKey: () => {
      key ??= freshInstallationKey();
      return key;
    },
    tokens: new Map(),
    pins: null,
    captured: null,
  };
  const close = (): void => {
    agents.http.destroy();
    agents.https.destroy();
  };
  return { ...options, id: options.id ?? freshDeviceId(), behaviour: options.behaviour ?? 'genuine', memory, close };
}
