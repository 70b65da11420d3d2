/** nginx that enforces a policy by itself: the library's own token and binding checks, in njs. */
import { existsSync, readFileSync } from 'node:fs';
import { ConfigurationError } from 'approov-guard';
import { orderOf } from 'approov-guard/order';
import type { Policy as PolicyFile } from 'approov-guard/policy-file';
import { NEVER_SAID, titled } from '../authorizer/asking-policy.ts';
import type { CompiledFile } from '../authorizer/dialects/dialect.ts';
import { behind, NAMES, passedOn } from '../authorizer/dialects/nginx.ts';
import { IDENTITY_NAMES } from '../proxy/identity.ts';
import { type Engine, expressible, type Placed, TOKEN_CHECKS } from './expressible.ts';
import type { NativeSettings } from './haproxy.ts';
import { type NativeKey, nativeKeys } from './native-keys.ts';
import type { NjsKey, NjsPolicy } from './njs/njs-policy.ts';
import { shortWayConditions, shortWayText, shortWayVariables } from './njs/short-way.ts';
import { rowsOf } from './rows.ts';

const ENGINE: Engine = { name: 'nginx with njs', makes: TOKEN_CHECKS };

/**
 * The configuration, and the module that judges.
 * @throws ConfigurationError for what nginx cannot hold by itself, with the check's name and who can
 */
export function compileNginxNjs(policy: PolicyFile, settings: NativeSettings): readonly CompiledFile[] {
  const placed = expressible(policy, ENGINE);
  const keys = nativeKeys(policy, ENGINE.name);
  const compiled = compiledPolicy(policy, placed, keys, settings);
  return [
    { name: 'nginx.conf', text: configuration(policy, placed, keys, settings, compiled) },
    { name: 'approov.js', text: moduleText(compiled) },
  ];
}

function compiledPolicy({ options }: PolicyFile, placed: readonly Placed[], keys: readonly NativeKey[], { at }: NativeSettings): NjsPolicy {
  const { status = 401, format = 'empty' } = options.refusal ?? {};
  return {
    policies: placed.map(({ policy }) => ({
      policy: { token: policy.token, binding: policy.binding, modes: policy.modes },
      order: orderOf(policy).map(({ name, part }) => ({ name, part })),
    })),
    rows: rowsOf(options).map(({ policy, patterns, methods }) => ({ paths: patterns, methods, leadsTo: policy ?? 'exempt' })),
    keys: keys.map(njsKey),
    usualHeaders: usualHeaders(keys),
    refusal: { status, format },
    at: at === null ? null : at * 1000,
  };
}

function moduleText(compiled: NjsPolicy): string {
  const needsFiles = compiled.keys.some(({ secret }) => secret.file !== undefined);
  return `// approov-guard: what nginx.conf beside this file calls, for njs 0.7.9 and newer.
// Made of the policy; make it anew when the policy changes. No secret is in it.
import crypto from 'crypto';
${needsFiles ? "import fs from 'fs';\n" : ''}
// The short way: it answers the claims of ordinary requests, of which nginx.conf reads the rest. What it answers nothing for is judged below.
${shortWayText(compiled)}

// The whole judgement: the policy, and the checks of the library approov-guard. njs runs this file anew for each request, so all of it is in one function.
function judge(request) {
  return (function () {
var POLICY = ${JSON.stringify(compiled, null, 2)};
${engineText()}  })().judge(request);
}

export default { claims, judge };
`;
}

function njsKey({ id, kid, ...key }: NativeKey): NjsKey {
  if (key.kind !== 'secret' || key.algorithm !== 'HS256') {
    const remedy = `asks for the check token-signature by ${key.algorithm}, which ${ENGINE.name} cannot make by itself: HS256 only; HAProxy, the gateway, the authoriser and the library can`;
    throw new ConfigurationError('option-unavailable', 'keys', remedy);
  }
  const algorithm = {
    name: 'HS256',
    family: 'hmac',
    keyType: 'oct',
    hash: 'sha256',
    curve: null,
    signatureBytes: 32,
    minimumKey: 32,
  } as const;
  return { id, kid, algorithm, secret: key.source };
}

/** For a key without a name any such token is one of its own; where keys have names, headers name them, and are read. */
function usualHeaders(keys: readonly NativeKey[]): NjsPolicy['usualHeaders'] {
  const texts = ['{"alg":"HS256","typ":"JWT"}', '{"typ":"JWT","alg":"HS256"}', '{"alg":"HS256"}'];
  const all = keys.slice(0, MOST_KEYS_TRIED).map((_, index) => index);
  return Object.fromEntries(texts.map((text) => [Buffer.from(text).toString('base64url'), all]));
}

/** As in the library. */
const MOST_KEYS_TRIED = 8;

/** From the sources, from the ES modules, and from CommonJS. */
const PLACES = ['../../dist/njs/engine.js', '../njs/engine.js'];

function engineText(): string {
  const file = PLACES.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
  if (file === undefined) throw new ConfigurationError('option-unavailable', 'target', 'its engine was not built: run `npm run build`');
  return readFileSync(file, 'utf8');
}

/** Statuses that stand for a decision inside nginx only: no server behind and no other module answers with them. */
const [REFUSED, UNAVAILABLE] = [470, 471];

function configuration(
  policy: PolicyFile,
  placed: readonly Placed[],
  keys: readonly NativeKey[],
  settings: NativeSettings,
  compiled: NjsPolicy,
): string {
  const { listen, to, prefix, stripToken } = settings;
  const variables = [...new Set(keys.flatMap((key) => (key.kind === 'secret' ? (key.source.env ?? []) : [])))];
  const files = keys.flatMap((key) => (key.kind === 'secret' ? (key.source.file ?? []) : []));
  const tokens = [...new Set(placed.map(({ policy: one }) => one.token.header))];
  const told = ['code', 'observed', 'body', ...IDENTITY_NAMES];
  return `${HEAD}
load_module modules/ngx_http_js_module.so;
# Patterns as machine code: without it they are slower, and the same.
pcre_jit on;
${files.map((file) => `# The secret in ${file} is read at each request: the user that the workers run as must be able to.\n`).join('')}${variables.map((name) => `# The account secret, base64, is taken from the environment in which nginx starts. Without it every request is answered 503.\nenv ${name};\n`).join('')}worker_processes auto;
events {
  worker_connections 1024;
}

http {
js_import approov from approov.js;
js_set $approov_judged approov.judge;
${told.map((name) => `js_var $approov_${name};`).join('\n')}
${logged(compiled)}${behind(to)}

server {
  listen ${listen};
${NAMES}

  # Before any location is looked for: judged once, and only the word "pass" lets a request through. First the short way: a pattern takes the
  # token apart, approov.js verifies the signature, and another pattern takes claims as issuers write them. Whatever is not accepted so is judged whole.
${shortWayConditions(compiled)}  if ($approov_action = "") { set $approov_action $approov_judged; }
  error_page ${REFUSED} = @approov_refused;
  error_page ${UNAVAILABLE} = @approov_unavailable;
  if ($approov_action = refuse) { return ${REFUSED}; }
  if ($approov_action != pass) { return ${UNAVAILABLE}; }

  location / {
${passedOn(
  IDENTITY_NAMES.map((name) => `${titled(prefix + name)} $approov_${name}`),
  [...(stripToken ? tokens : []), ...NEVER_SAID],
)}
  }

${refusals(policy)}}
}
`;
}

/** What is told of a request: to the log, and to the server behind. */
function logged(compiled: NjsPolicy): string {
  return `# No token, no query, no bound value: URLs carry them, too.
map $request_uri $approov_path {
  "~^(?<approov_before_query>[^?]*)" $approov_before_query;
}
log_format approov escape=json '{"time":"$time_iso8601","peer":"$remote_addr","method":"$request_method","path":"$approov_path","status":"$status","verdict":"$approov_code","observed":"$approov_observed","id":"$approov_id"}';
access_log /var/log/nginx/access.log approov;
${shortWayVariables(compiled)}`;
}

const HEAD = `# approov-guard: nginx with njs (0.7.9 or newer) that lets only requests of genuine apps through, by itself. approov.js lies beside this file.
#   nginx -c "$PWD/nginx.conf"
# Made of the policy; make it again when the policy changes, then: nginx -s reload
#
# Held here, by the library's own checks: one token header, size, form, algorithm of the key, signature (HS256), exp, nbf, aud, iss, types of
# claims, token binding, exemptions, routes by path and method, modes.`;

function refusals({ options }: PolicyFile): string {
  const { status = 401, format = 'empty' } = options.refusal ?? {};
  const type = format === 'problem' ? 'application/problem+json' : 'application/json';
  return `  location @approov_refused {
    default_type ${type};
    add_header Cache-Control no-store always;
${status === 401 ? '    add_header WWW-Authenticate Approov always;\n' : ''}    return ${status} $approov_body;
  }

  # The secret is absent, or the judgement could not be made: nothing passes.
  location @approov_unavailable {
    default_type application/json;
    add_header Cache-Control no-store always;
    add_header Retry-After 5 always;
    return 503 '{}';
  }
`;
}
