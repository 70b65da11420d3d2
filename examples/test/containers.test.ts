import { equal, ok } from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadGatewayPolicy } from '@approov-guard/gateway';
import { freshSecret } from '@approov-guard/testkit';
import { ReplayStores } from 'approov-guard/policy-file';
import { root } from './running-example.ts';

test('the Dockerfile and the compose file name examples that are there', () => {
  const text = ['Dockerfile', 'compose.yaml'].map((file) => readFileSync(join(root, 'examples', file), 'utf8')).join('\n');
  const names = [...new Set(text.match(/\b(?:hello|shapes-api)\/\w+\/[\w-]+/g))];
  equal(names.length, 5);
  for (const name of names) ok(existsSync(join(root, 'examples', `${name}.js`)), name);
});

test('the containers of the gateway name files that are there, and a policy that is valid', () => {
  const folder = join(root, 'examples/gateway');
  const text = ['Dockerfile', 'compose.yaml'].map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  for (const name of text.match(/\b(?:examples|packages)\/[\w./-]+\w/g) ?? []) ok(existsSync(join(root, name)), name);
  ok(existsSync(join(folder, 'flask/shapes.py')));
  const env = { APPROOV_BASE64_SECRET: freshSecret().base64 };
  for (const file of ['policy.yaml', 'container-policy.yaml']) {
    const policy = loadGatewayPolicy(join(folder, file), { env, stores: new ReplayStores(() => async () => 'OK') });
    equal(policy.document.gateway !== undefined, true);
    policy.guard.close();
  }
});
