/** The cloud as an object: accounts, attestations, key sets, and switches for failures. */

import { type AppIdentity, addApp } from './account/apps.ts';
import { type Attested, type AttestRequest, attest } from './account/attest.ts';
import { addDomain, type DomainSettings, define, ownMember, requireDomain } from './account/domains.ts';
import { publicJwk } from './account/keys.ts';
import { pinsOfAccount } from './account/pins.ts';
import { CloudError } from './cloud-error.ts';
import { changedFaults, type Faults, NO_FAULTS } from './faults.ts';
import { type AccountState, type CloudState, freshAccount, freshState } from './state/state.ts';
import { memoryStore, type StateStore } from './state/state-file.ts';

/** What listeners of a cloud are told. Holds no token and no secret. */
export type CloudEvent =
  | {
      readonly type: 'attested';
      readonly at: number;
      readonly account: string;
      readonly domain: string;
      readonly device: string;
      readonly app: string;
      readonly passed: boolean;
      readonly rejections: readonly string[];
    }
  | { readonly type: 'changed'; readonly at: number; readonly account: string }
  | { readonly type: 'faults'; readonly at: number; readonly faults: Faults };

/** What {@link createCloud} takes. */
export interface CloudOptions {
  /** The name of the first account. Default `local`. */
  readonly account?: string;
  /** The clock, milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

/** An account's name: a label of a host name, as in `<account>.approov.io`. */
const ACCOUNT_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * A stand-in for the issuing cloud. It attests nothing: whoever asks says what it is, and gets what a real one of that kind would get.
 * Every token carries the claim `approov-guard-emulator`, by which a guard in production refuses it.
 */
export class Cloud {
  readonly #store: StateStore;
  readonly #now: () => number;
  readonly #listeners: Set<(event: CloudEvent) => void> = new Set();
  #state: CloudState;
  #faults: Faults = NO_FAULTS;
  /** The keys that there were when key sets became stale; `null`: they are not. */
  #known: ReadonlySet<string> | null = null;

  /** Use {@link createCloud}, or `startCloud` for one with a state file. */
  constructor(store: StateStore, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
    this.#state = store.load();
  }

  /** The name of the account that counts where none is named. */
  get defaultAccount(): string {
    return this.#state.defaultAccount;
  }

  /** What whoever commands a running cloud must know. */
  get adminKey(): string {
    return this.#state.adminKey;
  }

  /** The issuer's clock, milliseconds since the epoch: the clock that was given, and the fault `clockOffsetSeconds`. */
  now(): number {
    return this.#now() + this.#faults.clockOffsetSeconds * 1000;
  }

  /** The accounts' names. */
  get accounts(): readonly string[] {
    return Object.keys(this.#state.accounts);
  }

  /**
   * An account as it is now: secrets and private keys included. Do not change it; see {@link Cloud.change}.
   * @throws CloudError `account-unknown`
   */
  account(name: string = this.defaultAccount): Readonly<AccountState> {
    const found = ownMember(this.#state.accounts, name);
    if (found !== undefined) return found;
    throw new CloudError('account-unknown', `there is no such account here. The accounts are ${this.accounts.join(', ').slice(0, 300)}.`);
  }

  /** Adds an account with a fresh secret. */
  addAccount(name: string): void {
    if (!ACCOUNT_NAME.test(name))
      throw new CloudError('input-malformed', 'an account name has lower-case letters, digits and hyphens, at most 63');
    if (ownMember(this.#state.accounts, name) !== undefined) throw new CloudError('input-malformed', 'there is an account of this name');
    const next = structuredClone(this.#state);
    define(next.accounts, name, freshAccount());
    this.#keep(next, name);
  }

  /**
   * Changes an account: `change` works on a copy, which is kept, and written to the state file, if it does not throw.
   * @param change - such as `(account) => addDomain(account, 'api.example.com')`
   * @param name - which account; default: the default account
   * @returns what `change` answers
   */
  change<T>(change: (account: AccountState) => T, name: string = this.defaultAccount): T {
    this.account(name);
    const next = structuredClone(this.#state);
    const answer = change(next.accounts[name] as AccountState);
    this.#keep(next, name);
    return answer;
  }

  #keep(next: CloudState, account: string): void {
    this.#store.save(next);
    this.#state = next;
    this.#tell({ type: 'changed', at: this.#now(), account });
  }

  /** Adds an API domain, or changes its settings. */
  addDomain(domain: string, settings: DomainSettings = {}, account?: string): void {
    this.change((state) => addDomain(state, domain, settings), account);
  }

  /** Registers an app, so that it passes attestation. @param expiresAt - milliseconds since the epoch; default: never */
  addApp(app: AppIdentity, expiresAt: number | null = null, account?: string): void {
    this.change((state) => addApp(state, app, expiresAt), account);
  }

  /**
   * Attests an app and mints its token: one that verifies, or one that looks the same and does not.
   * @throws CloudError for malformed input, an unknown domain or account, and `attestation-outage` while that fault is on
   */
  attest(request: AttestRequest): Attested {
    this.#failOnOutage();
    const name = request.account ?? this.defaultAccount;
    const attested = attest(this.account(name), name, request, { now: this.now(), failover: this.#faults.failover });
    const { passed, rejections } = attested;
    const app = typeof request.app === 'string' ? request.app : request.app.package;
    if (this.#listeners.size > 0) {
      const { domain, device } = request;
      this.#tell({ type: 'attested', at: this.#now(), account: name, domain, device, app, passed, rejections });
    }
    return attested;
  }

  #failOnOutage(): void {
    if (this.#faults.outage)
      throw new CloudError('attestation-outage', 'the fault `outage` is on. Switch it off: approov-guard cloud fault -outage off');
  }

  /**
   * The public JSON Web Key Set (RFC 7517 §5) as it is served: of one domain, or of the whole account.
   * @throws CloudError `attestation-outage` while that fault is on
   */
  keySet(domain: string | null = null, account?: string): { readonly keys: readonly { readonly [member: string]: unknown }[] } {
    this.#failOnOutage();
    const state = this.account(account);
    const of = domain === null ? null : requireDomain(state, domain);
    const wanted = Object.entries(state.keys).filter(([id]) => of === null || id === of.kid || of.formerKids.includes(id));
    const served = wanted.filter(([, { privateKey }]) => this.#known?.has(privateKey) ?? true);
    return { keys: served.map(([id, key]) => publicJwk(id, key)) };
  }

  /** The pins as an app's SDK gets them: by domain, and under `*` the managed trust roots, which count for domains without pins. */
  pins(account?: string): { readonly [domain: string]: readonly string[] } {
    return pinsOfAccount(this.account(account));
  }

  /** What is switched on. */
  get faults(): Faults {
    return this.#faults;
  }

  /** Switches failures on and off; what is not named stays. @throws CloudError `input-malformed` */
  setFaults(change: Partial<Faults>): Faults {
    this.#faults = changedFaults(this.#faults, change);
    if (this.#faults.keySet !== 'stale') this.#known = null;
    else this.#known ??= this.#allKeys();
    this.#tell({ type: 'faults', at: this.#now(), faults: this.#faults });
    return this.#faults;
  }

  #allKeys(): ReadonlySet<string> {
    const pems = Object.values(this.#state.accounts).flatMap(({ keys }) => Object.values(keys).map(({ privateKey }) => privateKey));
    return new Set(pems);
  }

  /** Tells a listener of attestations and changes. What it throws is dropped. @returns the function that ends it */
  subscribe(listener: (event: CloudEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(event: CloudEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // A listener of the console's must not change what apps get.
      }
    }
  }
}

/**
 * Makes a cloud in memory: one account with a random secret. For tests and programs; `startCloud` adds a state file and an address.
 * @example
 * ```ts
 * import { createGuard } from 'approov-guard';
 * import { createCloud } from '@approov-guard/cloud';
 *
 * const cloud = createCloud();
 * cloud.addDomain('api.example.com');
 * cloud.addApp({ package: 'com.example.app' });
 * const { token } = cloud.attest({ app: 'com.example.app', device: 'daIvmEWBA2gvZny7a/RC/w==', domain: 'api.example.com' });
 *
 * const guard = createGuard({ keys: { secret: { base64: cloud.account().secret.base64 } } });
 * console.log((await guard.verifyToken(token)).outcome); // accepted
 * ```
 */
export function createCloud(options: CloudOptions = {}): Cloud {
  const { account = 'local', now } = options;
  if (!ACCOUNT_NAME.test(account))
    throw new CloudError('input-malformed', 'an account name has lower-case letters, digits and hyphens, at most 63');
  return new Cloud(memoryStore(freshState(account)), now);
}
