import assert from 'node:assert/strict';
import test from 'node:test';
import { bindingHash, type HeaderLine, requestView } from '@approov-guard/testkit';
import { type BindingPolicy, checkBinding } from '../../../../src/core/binding/check-binding.ts';
import { PORTS } from '../../../both-ports.ts';

const policy: BindingPolicy = { headers: ['authorization'], missing: 'reject', value: 'whole' };

interface Case {
  readonly pay?: unknown;
  readonly headers?: readonly HeaderLine[];
  readonly policy?: Partial<BindingPolicy>;
  readonly joinsLines?: boolean;
}

async function found({ pay, headers = [], policy: changes = {}, joinsLines = false }: Case): Promise<string> {
  const view = requestView({ headers, joinsLines });
  const claims = { exp: 1, ...(pay === undefined ? {} : { pay }) };
  const states = [PORTS.node, PORTS.web].map((port) => checkBinding(view, { ...policy, ...changes }, claims, port.sha256Base64));
  const [node, web] = await Promise.all(states);
  assert.deepEqual(node, web);
  return typeof node === 'string' ? node : (node?.reason ?? '');
}
const authorization = (value: string): readonly HeaderLine[] => [['Authorization', value]];

test('pay is the hash of the whole header value, without the white space around it', async () => {
  const pay = bindingHash('Bearer abc');
  assert.equal(await found({ pay, headers: authorization('Bearer abc') }), 'verified');
  assert.equal(await found({ pay, headers: authorization(' \tBearer abc ') }), 'verified');
  for (const value of ['bearer abc', 'Bearer  abc', 'abc', 'Bearer abcd']) {
    assert.equal(await found({ pay, headers: authorization(value) }), 'binding-mismatch', value);
  }
});

test('without pay it depends on the policy', async () => {
  assert.equal(await found({ headers: authorization('x') }), 'binding-claim-missing');
  assert.equal(await found({ headers: authorization('x'), policy: { missing: 'accept' } }), 'absent');
  assert.equal(await found({ policy: { missing: 'accept' } }), 'absent');
});

test('a pay that is present is checked whatever the policy says of absent ones', async () => {
  const right = bindingHash('x');
  const wrong: readonly unknown[] = [
    null,
    7,
    true,
    {},
    [],
    [right],
    '',
    ' ',
    'x',
    right.slice(0, -1),
    `${right} `,
    `${right}\n`,
    right.toUpperCase(),
    right.replace(/=$/, ''),
    right.replaceAll('+', '-').replaceAll('/', '_').replace('=', ''),
    Buffer.from(right, 'base64').toString('hex'),
    Buffer.from(right, 'base64').subarray(0, 16).toString('base64'),
    bindingHash(right),
  ];
  for (const missing of ['reject', 'accept'] as const) {
    for (const pay of wrong) {
      assert.equal(await found({ pay, headers: authorization('x'), policy: { missing } }), 'binding-mismatch', JSON.stringify(pay));
    }
  }
});

test('a bound header that is absent, empty or repeated binds nothing', async () => {
  const pay = bindingHash('');
  assert.equal(await found({ pay }), 'binding-value-missing');
  assert.equal(await found({ pay, headers: authorization('') }), 'binding-value-missing');
  assert.equal(await found({ pay, headers: authorization(' \t ') }), 'binding-value-missing');
  const twice: readonly HeaderLine[] = [
    ['Authorization', 'x'],
    ['authorization', 'x'],
  ];
  assert.equal(await found({ pay: bindingHash('x'), headers: twice }), 'binding-value-duplicated');
});

test('where the platform joins lines, a comma in a value that does not match points at a repeated line', async () => {
  const twice: readonly HeaderLine[] = [
    ['Authorization', 'x'],
    ['authorization', 'x'],
  ];
  assert.equal(await found({ pay: bindingHash('x'), headers: twice, joinsLines: true }), 'binding-value-duplicated');
  assert.equal(await found({ pay: bindingHash('y'), headers: authorization('x'), joinsLines: true }), 'binding-mismatch');
  const digest = 'Digest username="u", realm="r"';
  assert.equal(await found({ pay: bindingHash(digest), headers: authorization(digest), joinsLines: true }), 'verified');
});

test('several headers are concatenated in configured order, without a separator', async () => {
  const headers: readonly HeaderLine[] = [
    ['X-Device', ' device '],
    ['Authorization', 'Bearer a'],
  ];
  const two = { headers: ['authorization', 'x-device'] };
  assert.equal(await found({ pay: bindingHash('Bearer adevice'), headers, policy: two }), 'verified');
  for (const text of ['deviceBearer a', 'Bearer a,device', 'Bearer a device', 'Bearer a', 'device']) {
    assert.equal(await found({ pay: bindingHash(text), headers, policy: two }), 'binding-mismatch', text);
  }
  assert.equal(await found({ pay: bindingHash('Bearer a'), headers: authorization('Bearer a'), policy: two }), 'binding-value-missing');
});

test('without-bearer hashes what follows the scheme, and needs the scheme', async () => {
  const bare = { value: 'without-bearer' } as const;
  const pay = bindingHash('abc');
  for (const value of ['Bearer abc', 'bearer abc', 'BEARER   abc'])
    assert.equal(await found({ pay, headers: authorization(value), policy: bare }), 'verified');
  for (const value of ['abc', 'Bearerabc', 'Bearer', 'Basic abc']) {
    assert.equal(await found({ pay, headers: authorization(value), policy: bare }), 'binding-value-missing', value);
  }
  const other: readonly HeaderLine[] = [...authorization('Bearer abc'), ['x-device', 'Bearer d']];
  const both = { ...bare, headers: ['authorization', 'x-device'] };
  assert.equal(await found({ pay: bindingHash('abcBearer d'), headers: other, policy: both }), 'verified', 'only of authorization');
});

test('without-bearer holds for the header that a gateway moves `authorization` to, wherever it is bound', async () => {
  const moved = ['x-forwarded-authorization', 'x-original-authorization', 'x-amzn-remapped-authorization', 'proxy-authorization'];
  for (const name of moved) {
    const policy = { value: 'without-bearer', headers: [name] } as const;
    const bound = (value: string) => found({ pay: bindingHash('abc'), headers: [[name, value]], policy });
    assert.equal(await bound('Bearer abc'), 'verified', name);
    assert.equal(await bound('abc'), 'binding-value-missing', name);
    assert.equal(await bound('Bearer abd'), 'binding-mismatch', name);
  }
  for (const name of ['x-authorization-hint', 'x-device', 'authorization-id']) {
    const policy = { value: 'without-bearer', headers: [name] } as const;
    assert.equal(
      await found({ pay: bindingHash('Bearer abc'), headers: [[name, 'Bearer abc']], policy }),
      'verified',
      `${name} is another header`,
    );
  }
});

test('non-ASCII values are hashed as the bytes that were on the wire', async () => {
  const onWire = Buffer.from('Bearer é', 'utf8').toString('latin1');
  assert.equal(await found({ pay: bindingHash('Bearer é'), headers: authorization(onWire) }), 'verified');
  const latin1 = PORTS.node.sha256Base64('Bearer \xe9');
  assert.equal(await found({ pay: await latin1, headers: authorization('Bearer \xe9') }), 'verified');
  assert.notEqual(await latin1, bindingHash('Bearer é'));
});
