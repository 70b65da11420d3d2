/** nginx, `auth_request`: takes 2xx, 401 and 403, and turns everything else into 500. The module shows the client nothing of the answer. */
import { STATUS_CODES } from 'node:http';
import { IDENTITY_NAMES } from '../../proxy/identity.ts';
import { BRIEF_HEADER, foldedRefusal, STATUS_HEADER } from '../answer.ts';
import { type AskingPolicy, titled } from '../asking-policy.ts';
import { type Dialect, ORIGINAL } from './dialect.ts';

/** The statuses that a refusal can have. The configuration gives the client the one that was meant. */
const STATUSES = [400, 408, 413, 429, 503];

/** The location that asks. The authoriser is asked for it, too: then the answer is brief. */
const ASKING = '/.approov-brief';
/** What the brief answer says of a request that passes, each in a variable. No value holds a tab. */
const IDENTITY = `^${IDENTITY_NAMES.map((name) => `(?<approov_${name}>[^\\t]*+)`).join('\\t')}$`;

export const nginx: Dialect = {
  name: 'nginx',
  statedIn: ORIGINAL,
  mayForwardBodies: false,
  partialIn: null,
  headsOnly: true,
  answersItself: true,
  brief: ASKING,
  refuse: (refusal) => foldedRefusal(refusal, refusal.status === 401 ? 401 : 403),
  configuration: (policy) => [{ name: 'approov.conf', text: configuration(policy) }],
};

function configuration(policy: AskingPolicy): string {
  const { asks, listen, to } = policy;
  return `# approov-guard: nginx asks the authoriser about each request. Put it into http { }, for instance as /etc/nginx/conf.d/approov.conf.
# Start the authoriser:  approov-guard authorizer --for nginx --policy FILE
# If it does not answer, nothing passes: nginx answers 503.
upstream approov_authorizer {
  server ${asks};
  keepalive 32;
}
${behind(to)}
# Which refusals say when to come again.
map $approov_status $approov_retry {
  default "";
  429 5;
  503 5;
}
# What the authoriser found out about a request that passes: the pattern fills the variables of the headers below, the first of which asks for it.
map $approov_identity $approov_identified {
  default "";
  "~${IDENTITY}" $approov_verdict;
}

server {
  listen ${listen};
${NAMES}

${judged(policy)}${ASK}${refused(policy)}}
`;
}

/** What every configuration of nginx says of the server behind. */
export function behind(to: string): string {
  return `upstream approov_behind {
  server ${to};
  keepalive 32;
}
# WebSockets pass; an upgrade to HTTP/2 would carry requests that nobody judges.
map $http_upgrade $approov_upgrade {
  default "";
  ~*^websocket$ $http_upgrade;
}
map $approov_upgrade $approov_connection {
  default upgrade;
  "" "";
}`;
}

/** Which names come in, and how long heads and bodies may be. */
export const NAMES = `  # Names such as X_Attestation_Verdict, which servers behind read as X-Attestation-Verdict, go no further (the defaults, in writing).
  underscores_in_headers off;
  ignore_invalid_headers on;
  large_client_header_buffers 8 16k;
  client_max_body_size 100m;`;

/**
 * How a request goes on.
 * @param told - names of headers with what they say
 * @param dropped - names of headers that go no further
 */
export function passedOn(told: readonly string[], dropped: readonly string[]): string {
  return `    # No URI after the address: the target goes on as it came.
    proxy_pass http://approov_behind;
    proxy_http_version 1.1;
    # Bodies go on as they arrive.
    proxy_request_buffering off;
    proxy_set_header Host $http_host;
    proxy_set_header Upgrade $approov_upgrade;
    proxy_set_header Connection $approov_connection;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header Forwarded "";
    # What the client sends under these names is replaced. A header that would be empty is not sent: nginx sends no empty ones.
${[...told, ...dropped.map((name) => `${titled(name)} ""`)].map((line) => `    proxy_set_header ${line};`).join('\n')}`;
}

/** The requests of clients. */
function judged({ prefix, stripped, problem }: AskingPolicy): string {
  const inAnswer = (name: string): string => `$upstream_http_${name.replace(/-/g, '_')}`;
  const told = IDENTITY_NAMES.map((name, at) => `${titled(prefix + name)} $approov_${at === 0 ? 'identified' : name}`);
  return `  location / {
    auth_request ${ASKING};
    auth_request_set $approov_identity ${inAnswer(BRIEF_HEADER)};
    auth_request_set $approov_status ${inAnswer(STATUS_HEADER)};
${problem ? `    auth_request_set $approov_refused_id ${inAnswer(`${prefix}id`)};\n` : ''}    error_page 401 403 = @approov_refused;
    error_page 500 = @approov_unavailable;

${passedOn(told, stripped)}
  }

`;
}

const ASK = `  location = ${ASKING} {
    internal;
    proxy_pass http://approov_authorizer;
    proxy_http_version 1.1;
    proxy_pass_request_body off;
    proxy_set_header Connection "";
    proxy_set_header Content-Length "";
    proxy_set_header Transfer-Encoding "";
    proxy_set_header X-Original-Content-Length $http_content_length;
    proxy_set_header X-Original-Method $request_method;
    proxy_set_header X-Original-URI $request_uri;
    proxy_set_header X-Original-Host $http_host;
    proxy_set_header X-Original-Scheme $scheme;
    proxy_connect_timeout 1s;
    proxy_read_timeout 5s;
    # An answer holds for one request: never cache it.
    proxy_cache off;
  }

`;

/** What clients get in place of an answer of the server behind. */
function refused(policy: AskingPolicy): string {
  const { problem, refusalStatus } = policy;
  const type = problem ? 'application/problem+json' : 'application/json';
  const statuses = [...new Set([...STATUSES, refusalStatus])].filter((status) => status !== 401);
  return `  location @approov_refused {
    internal;
    default_type ${type};
    add_header Cache-Control no-store always;
    # WWW-Authenticate of a 401 comes from the authoriser: nginx copies it.
    add_header Retry-After $approov_retry always;
${statuses.map((status) => `    if ($approov_status = ${status}) { return ${status} '${bodyOf(policy, status)}'; }`).join('\n')}
    return 401 '${bodyOf(policy, 401)}';
  }

  location @approov_unavailable {
    internal;
    default_type ${type};
    add_header Cache-Control no-store always;
    add_header Retry-After 5 always;
    return 503 '${bodyOf(policy, 503)}';
  }
`;
}

function bodyOf({ problem }: AskingPolicy, status: number): string {
  if (!problem) return '{}';
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, instance: 'urn:uuid:$approov_refused_id' });
}
