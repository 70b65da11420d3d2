/** `role`, `whoami`, `init`, `sdk`, and the verbs that only a stand-in has: `account`, `fault`, `adminkey`. */

import { CloudError } from '../cloud-error.ts';
import type { Faults } from '../faults.ts';
import { flag, onOff, type Verb, type VerbContext, valued } from './verb.ts';

/** `approov role`: prints what the shell is to evaluate. */
export const role: Verb = {
  name: 'role',
  summary: 'prints the line that sets the role: eval `approov role admin`',
  admin: false,
  words: 2,
  options: {},
  run: ({ cloud, words, account }) => {
    const [name = 'dev', given] = words;
    const wanted = name === '.' ? 'dev' : name;
    if (!/^[a-z]{1,20}$/.test(wanted)) throw new CloudError('input-malformed', 'roles are admin and dev; `.` drops back to dev');
    if (given !== undefined) cloud.account(given);
    return {
      out: [`export APPROOV_ROLE=${wanted}:${given ?? account}`],
      notes: ['in cmd: set APPROOV_ROLE=admin:ACCOUNT; in PowerShell: $env:APPROOV_ROLE = "admin:ACCOUNT"'],
    };
  },
};

/** `approov whoami`. */
export const whoami: Verb = {
  name: 'whoami',
  summary: 'account and role',
  admin: false,
  words: 0,
  options: {},
  run: ({ account, cloud }) => ({
    out: [`account: ${account}`, `accounts: ${cloud.accounts.join(', ')}`, 'a local stand-in: nothing leaves this machine'],
  }),
};

/** `approov init`. */
export const init: Verb = {
  name: 'init',
  summary: 'nothing to initialise here',
  admin: false,
  words: 1,
  options: {},
  run: ({ account }) => ({ out: [`initialised for account ${account}`], notes: ['a local stand-in needs no onboarding code'] }),
};

/** `approov sdk`. */
export const sdk: Verb = {
  name: 'sdk',
  summary: 'the configuration string of the SDK',
  admin: false,
  words: 0,
  options: {
    getConfigString: flag('print it'),
    getConfig: valued('FILE', 'write it to a file', 'out'),
  },
  run: ({ account, has, text }) => {
    // It names the account, and a hash that real ones carry; a real SDK does not talk to a stand-in.
    const config = `#${account}#${Buffer.from(`approov-guard cloud ${account}`).toString('base64')}`;
    const notes = ['the vendor’s SDK cannot use it: apps are simulated with approov-guard app'];
    return has('getConfig') ? { files: [{ path: text('getConfig') ?? '', text: config }], notes } : { out: [config], notes };
  },
};

/** Accounts of the stand-in. */
export const accountVerb: Verb = {
  name: 'account',
  summary: 'accounts of this stand-in: add, list (of this command line only)',
  admin: false,
  words: 0,
  options: { add: valued('NAME', 'add an account'), list: flag('list the accounts') },
  run: ({ cloud, text, has }) => {
    if (has('add')) cloud.addAccount(text('add') ?? '');
    return { out: cloud.accounts.map((name) => ` ${name}${name === cloud.defaultAccount ? ' (default)' : ''}`) };
  },
};

/** Failures on a switch. */
export const fault: Verb = {
  name: 'fault',
  summary: 'failures of the running cloud on a switch (of this command line only)',
  admin: false,
  words: 0,
  options: {
    outage: onOff('attestations and key sets: 503'),
    failover: onOff('tokens of the fail-over service: without pay and ipk'),
    slow: valued('MILLISECONDS', 'how long each answer takes'),
    clock: valued('SECONDS', 'how far the issuer’s clock is ahead; negative: behind'),
    keySet: valued('whole|truncated|stale', 'cut key sets, or leave new keys out'),
  },
  run: (context) => {
    if (!context.running)
      throw new CloudError(
        'not-running',
        'no cloud runs on this state file, and failures live as long as it runs: start it with approov-guard cloud',
      );
    const faults = context.cloud.setFaults(faultsFrom(context));
    return { out: Object.entries(faults).map(([name, value]) => ` ${name.padEnd(20)} ${value}`) };
  },
};

function faultsFrom({ onOff: read, text }: VerbContext): Partial<Faults> {
  const [outage, failover, slow, clock, keySet] = [read('outage'), read('failover'), text('slow'), text('clock'), text('keySet')];
  return {
    ...(outage === undefined ? {} : { outage }),
    ...(failover === undefined ? {} : { failover }),
    ...(slow === undefined ? {} : { slowMs: Number(slow) }),
    ...(clock === undefined ? {} : { clockOffsetSeconds: Number(clock) }),
    // The cast holds: setFaults checks the word.
    ...(keySet === undefined ? {} : { keySet: keySet as Faults['keySet'] }),
  };
}

/** The key of the admin interface. */
export const adminkey: Verb = {
  name: 'adminkey',
  summary: 'the key of the admin interface over HTTP (of this command line only)',
  admin: true,
  words: 0,
  options: {},
  run: ({ cloud }) => ({ out: [cloud.adminKey] }),
};
