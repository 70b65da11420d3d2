/** `api` and `pin`: domains and their pins. */
import { fileText } from 'approov-guard/keys-file';
import { addDomain, removeDomain } from '../account/domains.ts';
import { addPins, pinsOfHost, pinsOfPem, removePins } from '../account/pins.ts';
import { CloudError } from '../cloud-error.ts';
import type { AccountState, DomainState } from '../state/state.ts';
import { flag, onOff, type Verb, type VerbAnswer, type VerbContext, valued } from './verb.ts';

/** `approov api`. */
export const api: Verb = {
  name: 'api',
  summary: 'API domains: add, list, remove',
  admin: false,
  words: 0,
  options: {
    add: valued('DOMAIN', 'issue tokens for a domain'),
    keySetKID: valued('KID', 'sign its tokens with a key of the key set instead of the account secret'),
    noApproovToken: flag('only pin it'),
    allowWeb: flag('tokens for web clients, too'),
    jwe: flag('encrypted tokens: not imitated'),
    pinType: valued('TYPE', 'taken and passed over: see the verb pin'),
    remove: valued('DOMAIN', 'issue no more tokens for it'),
    list: flag('list the domains'),
    check: flag('compare the pins of each domain with the certificates that it shows'),
    getAll: valued('FILE', 'write all domains and their settings as JSON', 'out'),
    setWildcardMode: onOff('tokens for every domain, those of unknown ones never valid'),
  },
  run: (context) => {
    if (context.has('jwe')) throw new CloudError('input-malformed', 'encrypted tokens are not imitated: leave out -jwe');
    if (context.has('add')) return add(context);
    if (context.has('remove'))
      return { out: [`removed API domain ${context.change((state) => removeDomain(state, context.text('remove') ?? ''))}`] };
    if (context.has('check')) return check(context.state());
    if (context.has('getAll'))
      return { files: [{ path: context.text('getAll') ?? '', text: `${JSON.stringify(context.state().domains, null, 2)}\n` }] };
    const wildcard = context.onOff('setWildcardMode');
    if (wildcard === undefined) return { out: listed(context.state()) };
    context.change((state) => {
      state.wildcard = wildcard;
    });
    return { out: [`wildcard mode is ${wildcard ? 'on: tokens of domains that were not added never verify' : 'off'}`] };
  },
};

function add(context: VerbContext): Partial<VerbAnswer> {
  const kid = context.text('keySetKID') ?? null;
  const settings = { kid, pinsOnly: context.has('noApproovToken'), web: context.has('allowWeb') };
  const { name, isNew } = context.change((state) => addDomain(state, context.text('add') ?? '', settings));
  const state = context.state();
  const words = wordsFor(state, state.domains[name] as DomainState);
  const pins = `its certificate was not looked at; to pin it: approov pin -add ${name} -host ${name}, or -pem FILE`;
  return { out: [`${isNew ? 'added new' : 'updated'} API domain ${name} with ${words}`], notes: [pins] };
}

function wordsFor(state: AccountState, { kid, pinsOnly, web }: DomainState): string {
  if (pinsOnly) return 'type:pinned only';
  const algorithm = kid === null ? 'HS256' : `${state.keys[kid]?.algorithm ?? 'unknown'}, kid:${kid}`;
  return `type:restricted${web ? '+web' : ''}, alg:${algorithm}`;
}

function listed(state: AccountState): readonly string[] {
  const rows = Object.entries(state.domains).map(([name, domain]) => ` ${name.padEnd(25)} ${wordsFor(state, domain)}`);
  return [`${rows.length} API domain${rows.length === 1 ? ':' : 's:'}`, ...rows];
}

async function check(state: AccountState): Promise<Partial<VerbAnswer>> {
  const pinned = Object.entries(state.domains).filter(([, { pins }]) => pins.length > 0);
  const findings = await Promise.all(pinned.map(async ([name, { pins }]) => ({ name, finding: await finding(name, pins) })));
  const out = findings.map(({ name, finding: found }) => ` ${name.padEnd(25)} ${found ?? 'ok'}`);
  const isGood = findings.every(({ finding: found }) => found === null);
  return { out: [`${pinned.length} pinned API domains checked`, ...out], code: isGood ? 0 : 1 };
}

async function finding(domain: string, pins: readonly string[]): Promise<string | null> {
  try {
    const shown = await pinsOfHost(domain);
    return shown.some((pin) => pins.includes(pin)) ? null : 'no certificate of its chain has one of the pins';
  } catch {
    return 'not reached';
  }
}

/** `approov pin`. */
export const pin: Verb = {
  name: 'pin',
  summary: 'pins: managed trust roots, pins of a PEM file or of a host',
  admin: false,
  words: 0,
  options: {
    setManagedTrustRoots: onOff('domains without pins trust the roots that every platform trusts'),
    list: flag('list the pins'),
    add: valued('DOMAIN', 'pin this domain, with -pem, -host or -pin'),
    remove: valued('DOMAIN', 'take a pin (-pin) or all pins off this domain'),
    pin: valued('BASE64', 'a pin: base64(SHA-256(SubjectPublicKeyInfo))'),
    pem: valued('FILE', 'the pins of the certificates or public keys in a PEM file', 'in'),
    host: valued('HOST[:PORT]', 'the pin of the leaf certificate that a host shows now'),
  },
  run: async (context) => {
    const roots = context.onOff('setManagedTrustRoots');
    if (roots !== undefined) {
      context.change((state) => {
        state.managedTrustRoots = roots;
      });
      return { out: [`managed trust roots are ${roots ? 'on' : 'off'}`] };
    }
    if (context.has('remove')) {
      const left = context.change((state) => removePins(state, context.text('remove') ?? '', context.text('pin') ?? null));
      return { out: [`${left.length} pins left`] };
    }
    const pins = await pinsGiven(context);
    if (pins === null) return { out: listedPins(context.state()) };
    if (context.has('add')) context.change((state) => addPins(state, context.text('add') ?? '', pins));
    return { out: pins };
  },
};

async function pinsGiven(context: VerbContext): Promise<readonly string[] | null> {
  if (context.has('pem')) return pinsOfPem(fileText(context.file('pem')));
  if (context.has('pin')) return [context.text('pin') ?? ''];
  const host = context.text('host');
  if (host === undefined) return null;
  const [, name = '', port = '443'] = /^(.+?)(?::(\d{1,5}))?$/.exec(host) ?? [];
  return (await pinsOfHost(name, Number(port))).slice(0, 1);
}

function listedPins({ domains, managedTrustRoots }: AccountState): readonly string[] {
  const rows = Object.entries(domains).flatMap(([name, { pins }]) =>
    pins.length === 0
      ? [` ${name.padEnd(25)} ${managedTrustRoots ? 'managed trust roots' : 'not pinned'}`]
      : pins.map((one) => ` ${name.padEnd(25)} ${one}`),
  );
  return [`managed trust roots are ${managedTrustRoots ? 'on' : 'off'}`, ...rows];
}
