/** What is printed for APISIX: held against the schemas that it publishes, and the function in it run by the engine that APISIX has inside. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { compileFor } from '@approov-guard/gateway';
import ajv from 'ajv';
import { findProgram, skipUnless } from '../../../tools/optional.mjs';
import { env, keys, raw, upstream } from './harness.ts';
import { freePort, running } from './program.ts';

const text = { type: 'string' };
const texts = { type: 'array', items: text };

/** What APISIX demands of the parts that are printed: `apisix/plugins/forward-auth.lua` (commit 000fce27). */
const FORWARD_AUTH = {
  type: 'object',
  required: ['uri'],
  additionalProperties: false,
  properties: {
    uri: text,
    allow_degradation: { type: 'boolean' },
    status_on_error: { type: 'integer', minimum: 200, maximum: 599 },
    ssl_verify: { type: 'boolean' },
    request_method: { enum: ['GET', 'POST'] },
    request_headers: texts,
    upstream_headers: texts,
    client_headers: texts,
    timeout: { type: 'integer', minimum: 1, maximum: 60_000 },
    keepalive: { type: 'boolean' },
    keepalive_timeout: { type: 'integer', minimum: 1000 },
    keepalive_pool: { type: 'integer', minimum: 1 },
  },
};
/** `apisix/plugins/serverless/init.lua` (commit 06e60aa0). */
const SERVERLESS = {
  type: 'object',
  required: ['functions'],
  additionalProperties: false,
  properties: {
    phase: { enum: ['rewrite', 'access', 'header_filter', 'body_filter', 'log', 'balancer'] },
    functions: { ...texts, minItems: 1 },
  },
};
/** `apisix/schema_def.lua` (commit 01a5d170). */
const ROUTE = {
  type: 'object',
  additionalProperties: false,
  properties: {
    desc: { type: 'string', maxLength: 256 },
    uri: { type: 'string', minLength: 1, maxLength: 4096 },
    plugins: {
      type: 'object',
      // Other plugins are not printed.
      additionalProperties: false,
      properties: { 'forward-auth': FORWARD_AUTH, 'serverless-pre-function': SERVERLESS },
    },
    upstream: {
      type: 'object',
      required: ['type', 'nodes'],
      additionalProperties: false,
      properties: {
        type: { enum: ['chash', 'roundrobin', 'ewma', 'least_conn'] },
        nodes: { type: 'object', patternProperties: { '.*': { type: 'integer', minimum: 0 } } },
        pass_host: { enum: ['pass', 'node', 'rewrite'] },
      },
    },
  },
};

const places = { to: '127.0.0.1:5000', listen: '127.0.0.1:8002' };

interface Route {
  readonly plugins: {
    readonly 'forward-auth': { readonly allow_degradation: boolean; readonly request_method: string };
    readonly 'serverless-pre-function': { readonly phase: string; readonly functions: readonly string[] };
  };
}
const routeOf = (policy: object): Route => JSON.parse(compileFor('apisix', { keys, ...policy }, places, env)[0]?.text ?? '');

test('the printed route is one for APISIX, whatever the policy says', () => {
  const isRoute = new ajv.Ajv({ allErrors: true }).compile(ROUTE);
  const signature = { required: ['@method', 'content-digest', 'x-user'], replay: null };
  const policies = [
    {},
    { token: { header: 'X-App-Token' }, binding: { headers: ['X-Session', 'Authorization'] }, authorizer: { stripToken: true } },
    { signature, authorizer: { bodies: 'forwarded', identityPrefix: 'X-Own-' } },
  ];
  for (const policy of policies) {
    const route = routeOf(policy);
    isRoute(route);
    assert.deepEqual(isRoute.errors, null);
    assert.equal(route.plugins['forward-auth'].allow_degradation, false);
    assert.equal(route.plugins['forward-auth'].request_method, 'authorizer' in policy && 'bodies' in policy.authorizer ? 'POST' : 'GET');
    assert.equal(route.plugins['serverless-pre-function'].phase, 'rewrite');
  }
});

const lua = '/usr/lib/nginx/modules/ngx_http_lua_module.so';
const hasLua = existsSync(lua) ? findProgram('nginx') : null;

test('no name with an underscore goes further, however many there are', skipUnless(hasLua, 'nginx with Lua'), async (context) => {
  const { url, received } = await upstream(context);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'apisix-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const [code = ''] = routeOf({}).plugins['serverless-pre-function'].functions;
  // APISIX loads the text, calls it, and keeps what it returns. It has `underscores_in_headers on`.
  writeFileSync(join(folder, 'function.lua'), code);
  const module = (name: string): string => `load_module /usr/lib/nginx/modules/${name}_module.so;`;
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${module('ndk_http')} ${module('ngx_http_lua')}
daemon off; user root; pid nginx.pid; error_log stderr error; events {}
http {
  access_log off; underscores_in_headers on; large_client_header_buffers 8 32k;
  client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  server {
    listen 127.0.0.1:${port};
    location / {
      rewrite_by_lua_block { local text = assert(io.open("${folder}/function.lua")):read("*a"); loadstring(text)()() }
      proxy_pass ${url};
    }
  }
}`,
  );
  const { child } = await running('nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], {}, port, folder);
  context.after(() => new Promise((resolve) => child.once('close', resolve) && child.kill('SIGTERM')));
  const strange = ['X_Attestation_Verdict', 'x-attestation_verdict', 'X_ATTESTATION-VERDICT', 'Approov_Token', '_', 'X-_'];
  const many = Array.from({ length: 300 }, (_, index) => `X_${index}`);
  const lines = [...many, ...strange, 'X-Attestation_Mode', 'X-Kept'].map((name) => `${name}: 1\r\n`).join('');
  const answer = await raw(port, `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}\r\n`);
  assert.equal(answer.status, 200);
  const names = received[0]?.lines.filter((_, index) => index % 2 === 0) ?? [];
  assert.deepEqual(
    names.filter((name) => name !== 'Host' && name !== 'Connection'),
    ['X-Kept'],
  );
});
