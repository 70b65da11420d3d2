/** What HAProxy tells the server behind of a request that passes, and which identifier it has: as rules. */
import type { Policy } from 'approov-guard/order';
import type { Policy as PolicyFile } from 'approov-guard/policy-file';
import { NEVER_SAID, titled } from '../authorizer/asking-policy.ts';
import { UPGRADE_RULES } from '../authorizer/dialects/haproxy.ts';
import type { IDENTITY_NAMES } from '../proxy/identity.ts';
import type { Placed } from './expressible.ts';
import { quoted } from './haproxy-text.ts';
import { boundState } from './haproxy-usual.ts';

/** Put before the names of a policy's variables. */
export function idOf(placed: readonly Placed[], index: number): string {
  return placed.length > 1 ? `p${index}_` : '';
}

/** The rows come before what counts where none of them does: of several policies that are met, the last one is what the server behind is told of. */
export function wholeLast<One>(list: readonly One[]): readonly One[] {
  return [...list.slice(1), ...list.slice(0, 1)];
}

/** The strictest of a policy's modes. */
function strictest(policy: Policy | null): 'enforce' | 'observe' {
  return policy !== null && Object.values(policy.modes).includes('enforce') ? 'enforce' : 'observe';
}

/** Where the policies differ in their modes: the mode of a request that meets all that count for it is that of the last of them, as in the guard. */
export function modeRules(placed: readonly Placed[], byRoute: boolean): readonly string[] {
  const modes = placed.map(({ policy }, index) => ({ mode: strictest(policy), asked: `{ var(txn.asked_${index}) -m bool }` }));
  const [whole] = modes;
  const token = placed[0]?.policy.modes.token ?? 'enforce';
  const exempt = byRoute && whole?.mode !== token ? [`http-request set-var(txn.mode) str(${token}) if { var(txn.exempt) -m bool }`] : [];
  if (modes.every(({ mode }) => mode === whole?.mode)) return exempt;
  return [...exempt, ...wholeLast(modes).map(({ mode, asked }) => `http-request set-var(txn.mode) str(${mode}) if ${asked}`)];
}

/** Clients see an identifier in a problem only: that one says nothing of other requests. */
export function identifierRules({ options }: PolicyFile, prefix: string): readonly string[] {
  const named =
    options.refusal?.format === 'problem'
      ? ['unique-id-format %[uuid()]']
      : ['tcp-request session set-var(sess.id) uuid()', 'unique-id-format %[var(sess.id)]-%rt'];
  return [
    '# The identifier of a request, for the log and the server behind: it is made where it is needed.',
    ...named,
    `unique-id-header ${titled(`${prefix}id`)}`,
  ];
}

/** What is known of a request that passes after the whole walk: it may be one that fails what is only observed. */
export function passRules(placed: readonly Placed[]): readonly string[] {
  const accepted = '{ var(txn.verdict) -m str accepted }';
  return [
    '# ---- what is known of a request that passes; of one that is not accepted, nothing is',
    ...['device', 'expires', 'key', 'bound', 'unchecked'].map((name) => `http-request set-var(txn.${name}) str("")`),
    'http-request set-var(txn.outcome) str(rejected)',
    'http-request set-var(txn.outcome) str(exempt) if { var(txn.exempt) -m bool }',
    'http-request set-var(txn.mode) str(observe) if { var(txn.observed) -m found }',
    `http-request set-var(txn.outcome) str(accepted) if ${accepted}`,
    `http-request set-var(txn.unchecked) str(unchecked) if ${accepted}`,
    ...wholeLast(placed.map(({ policy }, index) => identityRules(policy, idOf(placed, index)))).flat(),
  ];
}

/** What the server behind is told: the full set, empty where something is unknown. What is not noted is what it is for the usual request. */
export function upstreamRules(placed: readonly Placed[], prefix: string, stripToken: boolean, key: string): readonly string[] {
  const [{ policy: whole } = { policy: null }] = placed;
  const mode = strictest(whole);
  const said: { readonly [Name in Exclude<(typeof IDENTITY_NAMES)[number], 'id'>]: string } = {
    verdict: '%[var(txn.outcome,accepted)]',
    reason: '%[var(txn.observed)]',
    mode: `%[var(txn.mode,${mode})]`,
    device: '%[var(txn.device)]',
    expires: '%[var(txn.expires)]',
    key: key === '' ? '%[var(txn.key)]' : `%[var(txn.key,${key})]`,
    binding: `%[var(txn.bound,${boundState(whole)})]`,
    signature: '%[var(txn.unchecked,unchecked)]',
    digest: '%[var(txn.unchecked,unchecked)]',
  };
  const tokens = [...new Set(placed.map(({ policy }) => policy.token.header))];
  return [
    // What goes is looked for among the client's fields only: what is added comes after.
    '# ---- what the client says under these names goes no further',
    ...UPGRADE_RULES,
    'http-request del-header Forwarded',
    'http-request del-header x-forwarded- -m beg',
    ...[...(stripToken ? tokens : []), ...NEVER_SAID.filter((name) => !name.startsWith('x-forwarded-'))].map(
      (name) => `http-request del-header ${titled(name)}`,
    ),
    '# ---- what the server behind is told: all of it, empty where something is unknown. A line that it does not read can go',
    ...Object.entries(said).map(([name, text]) => `http-request add-header ${titled(prefix + name)} ${text}`),
    'option forwardfor',
    '# Host goes on as it came, and http is what a server behind takes for granted.',
    'http-request add-header X-Forwarded-Proto https if { ssl_fc }',
  ];
}

function identityRules({ binding }: Policy, id: string): readonly string[] {
  const accepted = `{ var(txn.verdict) -m str accepted } { var(txn.${id}sound) -m found }`;
  const claims = `var(txn.${id}claims)`;
  const bound =
    binding === null
      ? [`http-request set-var(txn.bound) str(unchecked) if ${accepted}`]
      : [
          `http-request set-var(txn.bound) str(verified) if ${accepted} { var(txn.${id}has_pay) -m bool }`,
          `http-request set-var(txn.bound) str(absent) if ${accepted} !{ var(txn.${id}has_pay) -m bool }`,
        ];
  // A claim is the issuer's, but may hold what no header can.
  return [
    `http-request unset-var(txn.device) if ${accepted}`,
    `http-request set-var(txn.device) ${claims},json_query('$.did') if ${accepted}`,
    `http-request unset-var(txn.device) if !{ var(txn.device) -m reg ${quoted('^[!-~]{1,256}$')} }`,
    `http-request set-var(txn.expires) var(txn.${id}exp) if ${accepted}`,
    `http-request set-var(txn.key) var(txn.${id}sound) if ${accepted}`,
    ...bound,
  ];
}
