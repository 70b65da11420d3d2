/** All verbs: those that are imitated, and those that are not. */
import { accountVerb, adminkey, fault, init, role, sdk, whoami } from './account.ts';
import { api, pin } from './api.ts';
import { appsigncert, device, forcefail, forcepass, policy, registration } from './devices.ts';
import { keyset, secret } from './keys.ts';
import { token } from './tokens.ts';
import type { Verb } from './verb.ts';

/** Every verb that is imitated, in the order of the help. */
export const VERBS: readonly Verb[] = [
  api,
  token,
  secret,
  role,
  keyset,
  policy,
  registration,
  appsigncert,
  device,
  forcepass,
  forcefail,
  pin,
  sdk,
  init,
  whoami,
  accountVerb,
  fault,
  adminkey,
];

/** The vendor's other verbs. */
export const NOT_IMITATED: readonly string[] = [
  'appattest',
  'customjwt',
  'devicecheck',
  'filter',
  'metrics',
  'monitoring',
  'password',
  'playintegrity',
  'safetynet',
  'secstrings',
  'support',
  'users',
  'web',
];

/** Where the vendor describes a verb. */
export function vendorPage(verb: string): string {
  return `https://approov.io/docs/latest/approov-cli-tool-reference/#${verb}-command`;
}
