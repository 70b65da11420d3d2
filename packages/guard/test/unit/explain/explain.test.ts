import assert from 'node:assert/strict';
import test from 'node:test';
import {
  bindingHash,
  type ClientName,
  freshAccountKey,
  freshInstallationKey,
  lookalikeToken,
  mintToken,
  type RequestContent,
  requestView,
  type SignRequestOptions,
  signRequest,
} from '@approov-guard/testkit';
import type { GuardOptions } from 'approov-guard';
import { type Explanation, explainRequest } from 'approov-guard/explain';
import { now, secret } from '../../both-ports.ts';

const installationKey = freshInstallationKey();
const accountKey = freshAccountKey();
const token = mintToken({
  secret,
  now,
  claims: { ipk: installationKey.ipk, mskid: accountKey.id, pay: bindingHash('Bearer alice-secret') },
});
const request = {
  method: 'GET',
  url: 'https://api.example.com/v1/items?x=1',
  headers: [['Authorization', 'Bearer alice-secret']] as const,
};
const options: GuardOptions = { keys: { secret }, now: () => now, signature: {}, binding: { headers: ['authorization'] } };

const sent = (client: ClientName, more: Partial<SignRequestOptions> = {}) =>
  signRequest({ client, sign: 'install', request, token, installationKey, accountKey, now, ...more });
const view = (content: RequestContent) => requestView(content);
const explained = (content: RequestContent, more: Partial<GuardOptions> = {}) => explainRequest(view(content), { ...options, ...more });
const failures = ({ checks }: Explanation) =>
  checks.filter(({ outcome }) => outcome === 'failed').map(({ name, reason }) => `${name} ${reason}`);
const changed = ({ differences }: Explanation) => differences?.map(({ identifier, client }) => [identifier, client]);

test('a good request passes every check', async () => {
  const found = await explained(sent('okhttp-3.8'));
  assert.deepEqual(
    found.checks.filter(({ outcome }) => outcome === 'skipped').map(({ name }) => name),
    ['token-rules', 'signing-share', 'signature-share', 'signature-replay', 'token-replay'],
  );
  assert.deepEqual(failures(found), []);
  assert.equal(found.verdict.code, 'accepted');
  assert.equal(found.tokenVerified, true);
  assert.equal(found.differences, null);
  assert.deepEqual(found.origin, { scheme: 'https', authority: 'api.example.com' });
});

test('the base is shown with credentials shortened, and nothing else holds them', async () => {
  const found = await explained(sent('okhttp-3.8'));
  assert.match(found.base ?? '', /^"@method": GET\n"@target-uri": https:\/\/api.example.com\/v1\/items\?x=1\n"approov-token": eyJ/);
  assert.match(
    found.base ?? '',
    /"approov-token": .{10}…\(\d+ characters\)\n"authorization": Bearer al.*…\(19 characters\)|"authorization": Bearer al…/,
  );
  const text = JSON.stringify(found);
  for (const part of [token, token.split('.')[2] ?? '', 'alice-secret', secret.base64]) assert.equal(text.includes(part), false);
});

test('a check that failed does not end the explanation', async () => {
  const bad = lookalikeToken({ secret, now: now - 999_000_000, claims: { ipk: installationKey.ipk, pay: 'x' } });
  const signed = sent('urlsession', {
    token: bad,
    now: now - 400_000,
    components: ['@method'],
    request: { ...request, method: 'POST', body: 'x' },
  });
  const headers = [...signed.headers, ['content-digest', 'sha-256=:LXEWQrcmsEQBYnyp+6wyFIAINZzGJD3wU5lLJmfPyPc=:'] as const];
  const found = await explained({ ...signed, headers }, { signature: { digest: 'required' } });
  assert.equal(found.tokenVerified, false);
  assert.deepEqual(failures(found), [
    'token-signature token-signature-invalid',
    'token-times token-expired',
    'binding binding-mismatch',
    'signature-parameters signature-too-old',
    'signature-coverage signature-component-not-covered',
    'digest digest-mismatch',
  ]);
  assert.equal(found.checks.find(({ name }) => name === 'signature-proof')?.outcome, 'passed');
});

test('what is wrong with form, key, algorithm and components is named', async () => {
  const { headers } = sent('okhttp-3.8');
  const without = (name: string) => headers.filter(([given]) => given.toLowerCase() !== name);
  assert.deepEqual(failures(await explained({ headers: without('signature') })), ['signature-form signature-missing']);
  assert.deepEqual(failures(await explained({ headers: without('approov-token') })).slice(0, 2), [
    'token-header token-missing',
    'signature-base signature-component-unresolvable',
  ]);
  const keyless = sent('okhttp-3.8', { token: mintToken({ secret, now }) });
  const found = await explained(keyless, { binding: null });
  assert.deepEqual(failures(found), ['signing-key signature-key-missing']);
  const accepting = await explained(keyless, { binding: null, signature: { missingKey: 'accept' } });
  assert.equal(accepting.verdict.code, 'accepted');
  assert.deepEqual(failures(accepting), []);
  const account = { label: 'account', accountKeys: [{ id: 'other', base64url: accountKey.base64url }] } as const;
  assert.deepEqual(failures(await explained(sent('okhttp-3.8', { sign: 'account' }), { signature: account })), [
    'signing-key signature-key-missing',
  ]);
  const lied = headers.map(([name, value]) => [name, value.replace('ecdsa-p256-sha256', 'hmac-sha256')] as const);
  const target = sent('okhttp-3.8').target;
  assert.deepEqual(failures(await explained({ headers: lied, target })), [
    'signature-parameters signature-algorithm-not-allowed',
    'signature-proof signature-invalid',
  ]);
});

test('the difference is located: scheme, host, port, path, query, method', async () => {
  const signed = sent('flutter', { debug: true });
  const at = (content: RequestContent) => explained({ ...signed, ...content });
  const uri = [['"@target-uri"', 'https://api.example.com/v1/items?x=1']];
  assert.deepEqual(changed(await at({ scheme: 'http' })), uri);
  const forwarded = [...signed.headers, ['X-Forwarded-Host', 'api.example.com'] as const];
  const behind = await at({ scheme: 'http', authority: '10.0.0.1:8080', headers: forwarded });
  assert.deepEqual(changed(behind), uri);
  assert.match(behind.differences?.[0]?.cause ?? '', /https.*X-Forwarded-Host/);
  assert.equal(behind.differences?.[0]?.server, 'http://10.0.0.1:8080/v1/items?x=1');
  assert.deepEqual(changed(await at({ authority: 'api.example.com:8443' })), uri);
  assert.deepEqual(changed(await at({ target: '/v1/items/?x=1' })), uri);
  assert.deepEqual(changed(await at({ target: '/items?x=1', headers: [...signed.headers, ['X-Forwarded-Prefix', '/v1'] as const] })), uri);
  assert.deepEqual(changed(await at({ target: '/x', headers: [...signed.headers, ['X-Original-URI', '/v1/items?x=1'] as const] })), uri);
  assert.deepEqual(changed(await at({ method: 'HEAD' })), [['"@method"', 'GET']]);
  assert.equal(behind.baseDigest, 'differs');
});

test('the difference is located without the debug header too, by the signature itself', async () => {
  const found = await explained({ ...sent('unity'), scheme: 'http' });
  assert.equal(found.baseDigest, null);
  assert.deepEqual(changed(found), [['"@target-uri"', 'https://api.example.com/v1/items?x=1']]);
});

test('the difference is located: header values, lines and parameters', async () => {
  const headers = [
    ['Content-Type', 'application/json'],
    ['X-List', 'a'],
    ['X-List', 'b'],
  ] as const;
  const signed = sent('unity', { request: { ...request, headers }, components: ['@method', '@target-uri', 'x-list'] });
  const replaced = (name: string, ...values: string[]) => [
    ...signed.headers.filter(([given]) => given !== name),
    ...values.map((value) => [name, value] as const),
  ];
  const at = (lines: RequestContent['headers']) =>
    explained({ ...signed, ...(lines === undefined ? {} : { headers: lines }) }, { binding: null });
  assert.equal(failures(await at(signed.headers)).length, 0);
  assert.deepEqual(changed(await at(replaced('Content-Type', 'application/json; charset=utf-8'))), [
    ['"content-type"', 'application/json'],
  ]);
  assert.deepEqual(changed(await at(replaced('X-List', 'a,b'))), [['"x-list"', 'a, b']]);
  assert.deepEqual(changed(await at(replaced('X-List', 'a,  b'))), [['"x-list"', 'a, b']]);
});

test('a deviation that tolerances refuse is located', async () => {
  const signed = sent('retrofit', { components: ['@method', '@target-uri', '@query'] });
  const found = await explained(signed, { signature: { tolerances: null } });
  assert.deepEqual(changed(found), [['"@query"', 'x=1']]);
  assert.match(found.differences?.[0]?.cause ?? '', /tolerances/);
  assert.equal(
    (await explained(signed)).checks.find(({ name }) => name === 'signature-proof')?.detail,
    'by a tolerated deviation of the client',
  );
});

test('an agreeing base with a wrong signature points at the key', async () => {
  const signed = sent('flutter', { debug: true, installationKey: freshInstallationKey() });
  const found = await explained(signed);
  assert.equal(found.baseDigest, 'agrees');
  assert.deepEqual(failures(found), ['signature-proof signature-invalid']);
  assert.match(found.checks.find(({ name }) => name === 'signature-proof')?.detail ?? '', /the key is another/);
  const nothing = await explained({ ...sent('unity', { installationKey: freshInstallationKey() }) });
  assert.equal(nothing.differences, null);
});

test('the label account, by label in the debug header', async () => {
  const signature = { label: 'account', accountKeys: [accountKey] } as const;
  const signed = sent('okhttp-3.8', { sign: 'both', debug: true });
  const found = await explained(signed, { signature });
  assert.deepEqual(failures(found), []);
  assert.equal(found.baseDigest, 'agrees');
});

test('without signature only token and binding are explained', async () => {
  const { checks } = await explained(sent('unity'), { signature: null });
  assert.deepEqual(
    new Set(checks.filter(({ outcome }) => outcome === 'passed').map(({ name }) => name.split('-')[0])),
    new Set(['request', 'token', 'binding']),
  );
  assert.equal(
    failures(await explained({ headers: { 'approov-token': 'NO_NETWORK' } }, { signature: null }))[0],
    'token-header token-sdk-status',
  );
});

test('mistakes of the configuration are thrown as createGuard throws them', async () => {
  await assert.rejects(explained({}, { signature: { maxAgeSeconds: 0 } }), { code: 'option-invalid' });
});
