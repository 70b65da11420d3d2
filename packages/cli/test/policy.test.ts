import assert from 'node:assert/strict';
import test from 'node:test';
import { mintToken } from '@approov-guard/testkit';
import { guard, now, secret } from './harness.ts';

const files = {
  'policy.yaml': `keys: { secret: { base64: { env: APPROOV_BASE64_SECRET } } }
token: { issuer: example.approov.io }
binding: { headers: [Authorization] }
routes:
  - { match: { path: /pay }, name: pay, signature: {} }
`,
  'bad.yaml': 'keys: {}\ntoken: { nonsense: 1 }\n',
  'request.http': 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
};
const token = (claims: object = {}): string => mintToken({ secret, now, claims: { iss: 'example.approov.io', ...claims }, bind: 'a' });

test('check judges a token by a policy file', async () => {
  const good = await guard(['check', token(), '--policy', 'policy.yaml', '--json'], { files });
  assert.deepEqual([good.code, JSON.parse(good.stdout).outcome], [0, 'accepted'], good.stderr);
  const other = await guard(['check', token({ iss: 'b' }), '--policy', 'policy.yaml', '--json'], { files });
  assert.deepEqual([other.code, JSON.parse(other.stdout).reason], [1, 'token-issuer-unexpected']);
});

test('explain judges a request by a policy file, routes included', async () => {
  const request = (path: string): string =>
    `GET ${path} HTTP/1.1\r\nHost: api.example.com\r\nApproov-Token: ${token()}\r\nAuthorization: a\r\n\r\n`;
  const explain = (path: string) =>
    guard(['explain', 'request.http', '--policy', 'policy.yaml', '--json'], { files: { ...files, 'request.http': request(path) } });
  const open = await explain('/');
  assert.equal(open.code, 0, open.stdout + open.stderr);
  const pay = await explain('/pay');
  assert.equal(pay.code, 1);
  assert.match(JSON.stringify(JSON.parse(pay.stdout).refused), /signature-key-missing/);
});

test('a bad policy file: exit code 2, with its line; other demands exclude it', async () => {
  const bad = await guard(['check', token(), '--policy', 'bad.yaml'], { files });
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /bad\.yaml:\d: /);
  for (const [command, ...argv] of [
    ['check', token(), '--issuer', 'a'],
    ['explain', 'request.http', '--label', 'none'],
  ] as const) {
    const { code, stderr } = await guard([command, ...argv, '--policy', 'policy.yaml'], { files });
    assert.equal(code, 2);
    assert.match(stderr, /--policy and --(?:issuer|label) exclude each other/);
  }
});
