/** `registration`, `appsigncert`, `device`, `forcepass`, `forcefail`, `policy`: who passes attestation, and what tokens say of it. */
import { durationSeconds } from '@approov-guard/testkit';
import { addApp, addCertificate, certificateHash, removeApps } from '../account/apps.ts';
import { removeDevice, requireDevice, setDevice } from '../account/devices.ts';
import { CloudError } from '../cloud-error.ts';
import type { DeviceState, PolicyState } from '../state/state.ts';
import { flag, onOff, type Verb, type VerbAnswer, type VerbContext, valued } from './verb.ts';

/** `approov registration`. */
export const registration: Verb = {
  name: 'registration',
  summary: 'apps that pass attestation',
  admin: false,
  words: 0,
  options: {
    add: valued('FILE', 'register an app by its file', 'in'),
    expireAfter: valued('DURATION', 'for how long, such as 1h or 30d; default: for ever'),
    package: valued('NAME', 'the app’s package, such as com.example.app; default: the file’s name'),
    certificate: valued('BASE64', 'base64(SHA-256(signing certificate)); default: the hash of the file'),
    appVersion: valued('VERSION', 'only this version of the app'),
    remove: valued('NAME', 'remove the registrations of a package'),
    list: flag('list the registrations'),
  },
  run: (context) => {
    const { text, has } = context;
    if (has('remove')) return { out: [`removed ${context.change((state) => removeApps(state, text('remove') ?? ''))} registrations`] };
    if (!has('add') && !has('package')) return { out: listed(context) };
    const certificate = text('certificate') ?? (has('add') ? certificateHash(context.file('add')) : null);
    const app = { package: text('package') ?? stemOf(text('add') ?? ''), certificate, version: text('appVersion') ?? null };
    context.change((state) => addApp(state, app, expiryOf(context)));
    return { out: [`registered app ${app.package}${certificate === null ? '' : ` with certificate ${certificate}`}`] };
  },
};

function stemOf(file: string): string {
  const base = file.split(/[\\/]/).at(-1) ?? '';
  return base.replace(/\.(apk|aab|ipa|app)$/i, '').replace(/[^A-Za-z0-9_.-]/g, '-') || 'app';
}

function expiryOf({ text, cloud }: VerbContext): number | null {
  const given = text('expireAfter');
  if (given === undefined) return null;
  const seconds = durationSeconds(given);
  if (seconds === null) throw new CloudError('input-malformed', '-expireAfter is a duration such as 1h or 30d');
  return cloud.now() + seconds * 1000;
}

function listed({ state }: VerbContext): readonly string[] {
  const { apps } = state();
  const rows = apps.map(({ package: name, certificate, version, expiresAt }) => {
    const until = expiresAt === null ? 'for ever' : `until ${new Date(expiresAt).toISOString()}`;
    return ` ${name.padEnd(25)} version:${version ?? 'any'} certificate:${certificate ?? 'any'} ${until}`;
  });
  return [`${rows.length} app registration${rows.length === 1 ? ':' : 's:'}`, ...rows];
}

/** `approov appsigncert`. */
export const appsigncert: Verb = {
  name: 'appsigncert',
  summary: 'certificates whose apps pass attestation',
  admin: false,
  words: 0,
  options: { add: valued('FILE', 'a certificate', 'in'), autoReg: flag('every app that it signs passes') },
  run: (context) => {
    if (!context.has('add')) return { out: ['give -add FILE -autoReg'], code: 1 };
    const hash = certificateHash(context.file('add'));
    if (context.has('autoReg')) context.change((state) => addCertificate(state, hash));
    const note = context.has('autoReg') ? [] : ['without -autoReg its apps are registered one by one: approov registration -add FILE'];
    return { out: [`app signing certificate ${hash}`], notes: note };
  },
};

/** `approov device`. */
export const device: Verb = {
  name: 'device',
  summary: 'what is noted about devices',
  admin: false,
  words: 0,
  options: {
    add: valued('ID', 'note a device: with -policy, or with -set'),
    policy: valued('LIST', 'such as default,always-pass,all or default,always-fail,all'),
    set: valued('LIST', 'what is wrong with it: rooted, emulator, debugger, repackaged …; an empty text: nothing'),
    remove: valued('ID', 'forget a device'),
    list: flag('list the devices'),
  },
  run: (context) => {
    const { text, has } = context;
    if (has('remove')) {
      context.change((state) => removeDevice(state, text('remove') ?? ''));
      return { out: ['forgot the device'] };
    }
    if (!has('add')) return { out: Object.entries(context.state().devices).map(([id, state]) => wordsFor(id, state)) };
    const policy = text('policy')?.split(',') ?? [];
    const forced = policy.includes('always-pass') ? 'pass' : policy.includes('always-fail') ? 'fail' : null;
    const set = text('set');
    const properties = set === undefined ? {} : { properties: set.split(',').filter((word) => word !== '') };
    const noted = context.change((state) => setDevice(state, text('add') ?? '', { forced, ...properties }));
    return { out: [wordsFor(text('add') ?? '', noted)] };
  },
};

function wordsFor(id: string, { properties, forced }: DeviceState): string {
  return ` ${id} ${forced === null ? '' : `always-${forced} `}${properties.length === 0 ? 'nothing wrong' : properties.join(',')}`;
}

function forcing(name: 'forcepass' | 'forcefail', forced: 'pass' | 'fail'): Verb {
  return {
    name,
    summary: `devices that always ${forced}`,
    admin: false,
    words: 0,
    options: {
      addDevice: valued('ID', `let this device always ${forced}`),
      removeDevice: valued('ID', 'judge it like any other again'),
      list: flag('list them'),
    },
    run: (context): Partial<VerbAnswer> => {
      const { text, has } = context;
      if (has('addDevice')) {
        context.change((state) => setDevice(state, text('addDevice') ?? '', { forced }));
        return { out: [`the device always ${forced === 'pass' ? 'passes' : 'fails'}`] };
      }
      if (has('removeDevice')) {
        context.change((state) => {
          requireDevice(state, text('removeDevice') ?? '').forced = null;
        });
        return { out: ['the device is judged like any other'] };
      }
      const rows = Object.entries(context.state().devices).filter(([, { forced: noted }]) => noted === forced);
      return { out: rows.map(([id, state]) => wordsFor(id, state)) };
    },
  };
}

/** `approov forcepass`. */
export const forcepass: Verb = forcing('forcepass', 'pass');
/** `approov forcefail`. */
export const forcefail: Verb = forcing('forcefail', 'fail');

const SWITCHES: { readonly [option: string]: keyof PolicyState } = {
  setAudience: 'audience',
  setIssuer: 'issuer',
  setSubject: 'subject',
  setInstallPubKey: 'installPubKey',
  setRejectionReasons: 'rejectionReasons',
};

/** `approov policy`. */
export const policy: Verb = {
  name: 'policy',
  summary: 'what tokens say',
  admin: true,
  words: 0,
  options: {
    setAudience: onOff('the claim aud: the API domain'),
    setIssuer: onOff('the claim iss: ACCOUNT.approov.io'),
    setSubject: onOff('the claim sub'),
    setInstallPubKey: onOff('the claim ipk: the installation’s public key, for message signing'),
    setRejectionReasons: onOff('tell the app why it failed'),
    list: flag('show what is on'),
  },
  run: (context) => {
    const wanted = Object.entries(SWITCHES).map(([option, member]) => [member, context.onOff(option)] as const);
    context.change((state) => {
      for (const [member, value] of wanted) if (value !== undefined) state.policy[member] = value;
    });
    return { out: Object.entries(context.state().policy).map(([name, isOn]) => ` ${name.padEnd(18)} ${isOn ? 'on' : 'off'}`) };
  },
};
