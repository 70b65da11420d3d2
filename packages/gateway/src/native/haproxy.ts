/** HAProxy that enforces a policy by itself: token and binding, in its own rules, with nothing beside it. */
import { ConfigurationError } from 'approov-guard';
import type { Policy as PolicyFile } from 'approov-guard/policy-file';
import type { CompiledFile } from '../authorizer/dialects/dialect.ts';
import { globalSection } from '../authorizer/dialects/haproxy.ts';
import { type Engine, expressible, type Placed, TOKEN_CHECKS } from './expressible.ts';
import { bindingRules } from './haproxy-binding.ts';
import { routeRules } from './haproxy-routes.ts';
import { type TokenRules, tokenRules } from './haproxy-token.ts';
import { identifierRules, idOf, modeRules, passRules, upstreamRules, wholeLast } from './haproxy-told.ts';
import { type UsualRules, usualKey, usualRules } from './haproxy-usual.ts';
import { type NativeKey, nativeKeys } from './native-keys.ts';

/** What the configuration depends on beside the policy. */
export interface NativeSettings {
  readonly listen: string;
  readonly to: string;
  readonly prefix: string;
  readonly stripToken: boolean;
  /** For tests: the moment at which the clock stands still, seconds. */
  readonly at: number | null;
}

const ENGINE: Engine = { name: 'HAProxy', makes: TOKEN_CHECKS };

/** Algorithms for which `jwt_verify` of HAProxy 2.6 has a row. */
const ALGORITHMS: ReadonlySet<string> = new Set(['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512']);

/**
 * The configuration.
 * @throws ConfigurationError for what HAProxy cannot hold by itself, with the check's name and who can
 */
export function compileHaproxy(policy: PolicyFile, settings: NativeSettings): readonly CompiledFile[] {
  const placed = expressible(policy, ENGINE);
  const keys = nativeKeys(policy, 'HAProxy');
  const other = keys.find(({ algorithm }) => !ALGORITHMS.has(algorithm));
  if (other !== undefined) {
    const remedy = `HAProxy verifies no ${other.algorithm}; the gateway, the authoriser and the library do`;
    throw new ConfigurationError('option-unavailable', 'keys', remedy);
  }
  const files = keys.flatMap((key, index) => (key.kind === 'public' ? [{ name: `approov-key-${index + 1}.pem`, text: key.pem }] : []));
  return [{ name: 'haproxy.cfg', text: configuration(policy, placed, keys, settings) }, ...files];
}

function configuration(policy: PolicyFile, placed: readonly Placed[], keys: readonly NativeKey[], settings: NativeSettings): string {
  const { listen, to } = settings;
  const variables = keys.flatMap((key) => (key.kind === 'secret' ? [key] : []));
  const clock = settings.at === null ? 'date()' : `int(${Math.floor(settings.at)})`;
  const routes = routeRules(policy.options);
  const judged = placed.map(({ policy: one, path }, index) => {
    const id = idOf(placed, index);
    const when = routes === null ? '' : `{ var(txn.asked_${index}) -m bool } `;
    const title = `# ---- ${path === '' ? 'what is demanded of all requests' : `what ${path.slice(0, -1)} demands`}`;
    const rules: TokenRules = { policy: one, keys, id, when, clock };
    return { title, rules, usual: usualRules(rules) };
  });
  const lines = [
    ...nameRules(policy, settings),
    ...(routes ?? []),
    ...modeRules(placed, routes !== null),
    ...wholeLast(judged).flatMap(({ title, usual }) => (usual === null ? [] : [title, ...usual.rules])),
    ...quickRules(policy, judged, routes !== null),
    ...judged.flatMap(({ title, rules }) => [title, ...walk(rules)]),
    ...verdictRules(placed, routes !== null),
    ...decisionRules(policy),
    ...passRules(placed),
  ];
  return `${HEAD}
${variables.map(({ variable, hint }) => secretGuard(variable, hint)).join('\n')}
global
${globalSection(headBytes(placed))}

defaults
  mode http
  log global
  timeout connect 5s
  timeout client 65s
  timeout server 60s
  timeout http-request 10s
  timeout http-keep-alive 65s
  timeout tunnel 1h

frontend approov
  bind ${listen}
  # No token, no query, no bound value: URLs carry them, too.
  log-format '{"time":"%Tl","peer":"%ci","method":"%HM","path":"%[var(txn.path),json(utf8s)]","status":%ST,"verdict":"%[var(txn.genuine,0),iif(accepted,),concat(,txn.verdict,)]","observed":"%[var(txn.observed)]","id":"%ID"}'
${indented(identifierRules(policy, settings.prefix))}
${indented(lines)}
  default_backend approov_behind

backend approov_behind
${indented(upstreamRules(placed, settings.prefix, settings.stripToken, usualKey(keys)))}
  server behind ${to}
`;
}

/**
 * The gateway's default, and more for longer tokens. HAProxy keeps half a MiB of buffers for each thread and returns what is more to the system,
 * with each request: heads of 48 KiB cost it a fifth of a request.
 */
function headBytes(placed: readonly Placed[]): number {
  const longest = Math.max(...placed.map(({ policy: { token } }) => token.maxBytes));
  return 32_768 + Math.max(0, longest - 8192);
}

const HEAD = `# approov-guard: HAProxy (2.6 or newer, built with PCRE2) that lets only requests of genuine apps through, by itself.
#   haproxy -f haproxy.cfg
# Made of the policy; make it again when the policy changes. HAProxy reads it again on reload (SIGUSR2 of the master).
#
# Held here: one token header, size, form, algorithm of the key, signature, exp, nbf, aud, iss, token binding, exemptions, routes by path and method,
# modes. Refused that the guard takes: exp and nbf with an exponent, nbf before 1970; names in a token with escapes; audiences, issuers and key ids with escapes.
# Left out, since only the issuer could fail it: how deep a claims set nests. Paths with bytes beyond ASCII are taken for paths that may lead
# anywhere, except for those that are exempt by name.`;

/** The secret is taken from the environment when HAProxy starts. Without it, anybody could make tokens: HAProxy does not start. */
function secretGuard(variable: string, hint: string | null): string {
  return `${hint === null ? '' : `# ${variable} is ${hint}\n`}.if !defined(${variable})
  .alert "the environment variable ${variable} (the account secret, base64) is not set"
.endif
.if streq("\${${variable}}","")
  .alert "the environment variable ${variable} (the account secret, base64) is empty"
.endif`;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}

function nameRules({ options }: PolicyFile, { prefix }: NativeSettings): readonly string[] {
  const hosts =
    options.origin === undefined ? [] : ['# The option origin matters to message signatures and hosts of routes only: neither is here.'];
  return [
    ...hosts,
    '# Names such as X_Attestation_Verdict, which servers behind read as X-Attestation-Verdict, go no further; what is ours the client cannot say.',
    'option http-restrict-req-hdr-names delete',
    `http-request del-header ${prefix} -m beg`,
    'http-request set-var(txn.path) path',
    "http-request set-var(txn.path) url,field(1,'?') if !{ var(txn.path) -m found }",
  ];
}

/** One policy's rules. */
interface Judged {
  readonly rules: TokenRules;
  readonly usual: UsualRules | null;
}

function walk(rules: TokenRules): readonly string[] {
  const { binding } = rules.policy;
  return [...tokenRules(rules), ...(binding === null ? [] : bindingRules(binding, rules))];
}

/** The usual request is over with the rules here; so is one that bears a forged token, where its reason can be no other. */
function quickRules(policy: PolicyFile, judged: readonly Judged[], byRoute: boolean): readonly string[] {
  if (judged.some(({ usual }) => usual === null)) return [];
  if (byRoute) {
    const whole = judged.map(({ usual }) => usual?.genuine ?? '');
    const exempt = '{ var(txn.exempt) -m bool }';
    return [
      '# A request that is exempt, or meets all that is demanded of it, goes on.',
      ...judged.map(({ rules }, index) => `http-request set-var(txn.walks) bool(true) if ${rules.when}!${whole[index]}`),
      `http-request set-var(txn.verdict) str(exempt) if !{ var(txn.walks) -m bool } ${exempt}`,
      `http-request set-var(txn.verdict) str(accepted) if !{ var(txn.walks) -m bool } !${exempt}`,
      ...['outcome) str(exempt)', 'key) str("")', 'unchecked) str("")', 'bound) str("")'].map(
        (rule) => `http-request set-var(txn.${rule} if ${exempt}`,
      ),
      'http-request allow if !{ var(txn.walks) -m bool }',
    ];
  }
  const [{ rules, usual } = { rules: null, usual: null }] = judged;
  const forged = rules?.policy.modes.token === 'enforce' ? (usual?.forged ?? null) : null;
  return [
    ...(forged === null ? [] : [`http-request set-var(txn.verdict) str(token-signature-invalid) if ${forged}`, refusal(policy, forged)]),
  ];
}

/** The verdict is the first failure that is enforced, else the first one. */
function verdictRules(placed: readonly Placed[], byRoute: boolean): readonly string[] {
  const numbered = placed.map(({ policy }, index) => ({ policy, id: idOf(placed, index) }));
  const parts = wholeLast(numbered).flatMap(({ policy, id }) => {
    return (['token', 'binding'] as const)
      .filter((part) => part === 'token' || policy.binding !== null)
      .map((part) => ({ id, part, mode: policy.modes[part] }));
  });
  const note = (mode: 'enforce' | 'observe', variable: string): readonly string[] =>
    parts
      .filter((one) => one.mode === mode)
      .map(
        ({ id, part }) =>
          `http-request set-var(txn.${variable}) var(txn.${id}${part}) if !{ var(txn.${variable}) -m found } { var(txn.${id}${part}) -m found }`,
      );
  return [
    '# ---- the verdict: the first failure that is enforced; one that is only observed is noted for the log and the server behind',
    ...note('enforce', 'verdict'),
    ...note('observe', 'observed'),
    'http-request set-var(txn.refused) bool(true) if { var(txn.verdict) -m found }',
    ...(byRoute ? ['http-request set-var(txn.verdict) str(exempt) if { var(txn.exempt) -m bool }'] : []),
    'http-request set-var(txn.verdict) str(accepted) if !{ var(txn.verdict) -m found } !{ var(txn.observed) -m found }',
    'http-request set-var(txn.verdict) var(txn.observed) if !{ var(txn.verdict) -m found }',
  ];
}

function decisionRules(policy: PolicyFile): readonly string[] {
  return [refusal(policy, '{ var(txn.refused) -m bool }')];
}

function refusal({ options }: PolicyFile, condition: string): string {
  const { status = 401, format = 'empty' } = options.refusal ?? {};
  const challenge = status === 401 ? ' hdr WWW-Authenticate Approov' : '';
  const body =
    format === 'problem'
      ? `content-type application/problem+json lf-string '{"type":"about:blank","title":"Unauthorized","status":${status},"instance":"urn:uuid:%[unique-id]"}'`
      : "content-type application/json string '{}'";
  return `http-request return status ${status} ${body} hdr Cache-Control no-store${challenge} if ${condition}`;
}
