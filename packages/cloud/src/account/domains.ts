/** API domains: which tokens are issued for which, and with which key. */
import { CloudError } from '../cloud-error.ts';
import type { AccountState, DomainState } from '../state/state.ts';

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/**
 * The one spelling of a domain: lower case, without a dot at the end. It may be a host name or an address with digits, never a URL or a port.
 * @throws CloudError `domain-malformed`
 */
export function domainName(given: unknown): string {
  const name = typeof given === 'string' ? given.trim().toLowerCase().replace(/\.$/, '') : '';
  if (name.length <= 253 && name.split('.').every((label) => LABEL.test(label))) return name;
  throw new CloudError('domain-malformed', 'an API domain is a host name such as api.example.com, without https://, port or path');
}

/** How a domain is added. */
export interface DomainSettings {
  readonly kid?: string | null;
  readonly pinsOnly?: boolean;
  readonly web?: boolean;
}

/** Adds a domain or changes its settings; pins that are there stay. */
export function addDomain(account: AccountState, given: string, settings: DomainSettings = {}): { name: string; isNew: boolean } {
  const name = domainName(given);
  const { kid = null, pinsOnly = false, web = false } = settings;
  if (kid !== null) requireKey(account, kid);
  const before = ownMember(account.domains, name);
  const formerKids = before === undefined ? [] : formerOf(before, kid);
  define(account.domains, name, { kid, formerKids, pinsOnly, web, pins: before?.pins ?? [] });
  return { name, isNew: before === undefined };
}

/** The keys that a domain signed with before this one. */
export function formerOf({ kid, formerKids }: DomainState, next: string | null): string[] {
  return [...new Set(kid === null ? formerKids : [...formerKids, kid])].filter((former) => former !== next);
}

/** Removes a domain. @throws CloudError `domain-unknown` */
export function removeDomain(account: AccountState, given: string): string {
  const name = domainName(given);
  requireDomain(account, name);
  delete account.domains[name];
  return name;
}

/** Finds a domain. @throws CloudError `domain-unknown` */
export function requireDomain(account: AccountState, given: unknown): DomainState {
  const name = domainName(given);
  const found = ownMember(account.domains, name);
  if (found !== undefined) return found;
  throw new CloudError('domain-unknown', `${name} is not an API domain of this account. Add it: approov api -add ${name}`);
}

/** Finds a key. @throws CloudError `key-unknown` */
export function requireKey(account: AccountState, kid: string): NonNullable<AccountState['keys'][string]> {
  const found = ownMember(account.keys, kid);
  if (found !== undefined) return found;
  throw new CloudError(
    'key-unknown',
    'the account has no key of this id. List them: approov keyset -list; add one: approov keyset -add RS256',
  );
}

/** An object's own member: a domain may be called `constructor`. */
export function ownMember<T>(members: { readonly [name: string]: T }, name: string): T | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

/** Sets an object's own member, whatever it is called. */
export function define<T>(members: { [name: string]: T }, name: string, value: T): void {
  Object.defineProperty(members, name, { value, writable: true, enumerable: true, configurable: true });
}
