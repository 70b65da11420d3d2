/** Addresses, blocks, and who lies in them. */
import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import { describe, test } from 'node:test';
import { isTrusted, parseRange } from '../../../src/http/forwarded.ts';
import { seededRandom } from '../../both-ports.ts';

const inside = (peer: string | null, ...texts: readonly string[]): boolean =>
  isTrusted(
    peer,
    texts.flatMap((text) => parseRange(text) ?? assert.fail(text)),
  );

describe('blocks', () => {
  test('names stand for the usual ones', () => {
    for (const peer of ['127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1'])
      assert.ok(inside(peer, 'loopback'), peer);
    for (const peer of ['10.1.2.3', '172.31.255.255', '192.168.0.1', 'fd00::1']) assert.ok(inside(peer, 'uniquelocal'), peer);
    for (const peer of ['169.254.1.1', 'fe80::1', 'fe80::1%eth0', 'febf::1']) assert.ok(inside(peer, 'linklocal'), peer);
    for (const peer of ['128.0.0.1', '172.32.0.0', '::2', 'fec0::1', '2001:db8::1', '192.169.0.1'])
      assert.ok(!inside(peer, 'loopback', 'linklocal', 'uniquelocal'), peer);
  });
  test('an address is a block of one', () => {
    assert.ok(inside('192.0.2.1', '192.0.2.1'));
    assert.ok(!inside('192.0.2.2', '192.0.2.1'));
    assert.ok(inside('2001:DB8:0::1', '2001:db8::1'));
  });
  test('the whole of IPv4 holds no IPv6 address, and the other way round', () => {
    assert.ok(inside('8.8.8.8', '0.0.0.0/0') && !inside('2001::1', '0.0.0.0/0'));
    assert.ok(inside('2001::1', '::/0') && !inside('8.8.8.8', '::/0'));
  });
  test('what is no address is never trusted', () => {
    for (const peer of [
      null,
      '',
      'localhost',
      '127.0.0.1:80',
      '127.1',
      '127.0.0.256',
      '[::1]',
      ':::1',
      '1::2::3',
      '::1::',
      '0127.0.0.1',
      '::ffff:127.0.0.1.1',
      '/run/socket',
    ]) {
      assert.ok(!inside(peer, 'loopback', '0.0.0.0/0', '::/0'), String(peer));
    }
  });
  test('no block trusts nobody', () => assert.ok(!isTrusted('127.0.0.1', [])));
  for (const text of [
    '',
    'localhost',
    'Loopback',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '::/129',
    ':',
    '1:2:3',
    '1:2:3:4:5:6:7:8:9',
    '1::2:3:4:5:6:7:8',
    'g::',
    '10.0.0.0/0x8',
    ' 10.0.0.1',
    '__proto__',
    '*',
  ]) {
    test(`no block: ${JSON.stringify(text)}`, () => assert.equal(parseRange(text), null));
  }
});

test('agrees with node:net about random addresses and blocks', () => {
  const random = seededRandom(7);
  const number = (below: number): number => Math.floor(random() * below);
  for (let round = 0; round < 2000; round++) {
    const v4 = random() < 0.5;
    const address = (): string =>
      v4
        ? [10, number(2), number(256), number(256)].join('.')
        : `fd0${number(2)}::${number(3).toString(16)}:${number(65_536).toString(16)}`;
    const [peer, network, prefix] = [address(), address(), number(v4 ? 33 : 129)];
    assert.ok(isIP(peer) !== 0);
    const list = new BlockList();
    list.addSubnet(network, prefix, v4 ? 'ipv4' : 'ipv6');
    assert.equal(inside(peer, `${network}/${prefix}`), list.check(peer, v4 ? 'ipv4' : 'ipv6'), `${peer} in ${network}/${prefix}`);
  }
});
