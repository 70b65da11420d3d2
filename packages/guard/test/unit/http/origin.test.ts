/** The origin as the client saw it: whom we believe, and what we refuse. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type HeaderLine, type RequestContent, requestView } from '@approov-guard/testkit';
import type { GuardOptions } from 'approov-guard';
import { isGiven } from '../../../src/checks/option-checks.ts';
import { compileOrigin } from '../../../src/guard/compile/routes.ts';
import { AS_ARRIVED, findOrigin, originOf } from '../../../src/http/origin.ts';

type OriginOptions = GuardOptions['origin'];

function found(options: OriginOptions, content: RequestContent = {}): string | null {
  const request = requestView({ peer: '127.0.0.1', scheme: 'http', authority: 'inner:8080', ...content });
  const origin = originOf(request, isGiven(options) ? compileOrigin(options) : AS_ARRIVED);
  return origin === null ? null : `${origin.scheme}://${origin.authority}`;
}
const PROXIES: OriginOptions = { trustedProxies: ['loopback'] };
const behind = (...headers: readonly HeaderLine[]): string | null => found(PROXIES, { headers });

describe('without options', () => {
  test('the request says it', () => {
    assert.equal(found(undefined), 'http://inner:8080');
    assert.equal(found(null, { scheme: 'https', authority: 'API.Example.com:443' }), 'https://api.example.com');
  });
  test('nobody else does', () => {
    const headers: HeaderLine[] = [
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'api.example.com'],
      ['Forwarded', 'host=evil;proto=https'],
      ['X-Forwarded-Port', '1'],
      ['X-Original-Host', 'evil'],
      ['X-Host', 'evil'],
    ];
    assert.equal(found(undefined, { headers }), 'http://inner:8080');
  });
  test('unknown, malformed or doubled hosts have no origin', () => {
    for (const content of [
      { scheme: null },
      { authority: null },
      { scheme: 'ftp' },
      { authority: 'a b' },
      { authority: 'user@host' },
      { authority: '' },
    ])
      assert.equal(found(undefined, content), null);
    assert.equal(
      found(undefined, {
        headers: [
          ['Host', 'a'],
          ['Host', 'a'],
        ],
      }),
      null,
    );
  });
  test('a target in absolute form names the same host or there is none', () => {
    assert.equal(found(undefined, { target: 'http://INNER:8080/a' }), 'http://inner:8080');
    assert.equal(found(undefined, { target: 'http://evil/a' }), null);
    assert.equal(found(undefined, { target: 'http://user@inner:8080/a' }), null);
    assert.equal(found(undefined, { target: '//evil/a' }), 'http://inner:8080');
  });
});

describe('a fixed origin', () => {
  test('is believed whatever the request says', () => {
    const headers: HeaderLine[] = [
      ['Forwarded', 'host=evil'],
      ['Host', 'evil'],
    ];
    assert.equal(found('HTTPS://API.Example.com:443/', { headers, authority: 'evil', scheme: null }), 'https://api.example.com');
    assert.equal(found('http://[::1]:8080'), 'http://[::1]:8080');
  });
});

describe('behind a trusted proxy', () => {
  test('X-Forwarded-Proto and -Host are believed, each by itself', () => {
    assert.equal(behind(['X-Forwarded-Proto', 'https'], ['X-Forwarded-Host', 'API.example.com:443']), 'https://api.example.com');
    assert.equal(behind(['X-Forwarded-Proto', ' HTTPS ']), 'https://inner:8080');
    assert.equal(behind(['X-Forwarded-Host', 'api.example.com']), 'http://api.example.com');
    assert.equal(behind(), 'http://inner:8080');
    assert.equal(behind(['X-Forwarded-Proto', '']), 'http://inner:8080');
  });
  test('Forwarded is believed', () => {
    assert.equal(behind(['Forwarded', 'for=192.0.2.1;Proto=https;HOST="api.example.com:8443"']), 'https://api.example.com:8443');
    assert.equal(behind(['Forwarded', 'proto=https; by=_x']), 'https://inner:8080');
    assert.equal(behind(['Forwarded', 'for="[2001:db8::1]:80"']), 'http://inner:8080');
  });
  test('several hops and lines that differ, and malformed fields, have no origin', () => {
    assert.equal(behind(['X-Forwarded-Proto', 'https, http']), null);
    assert.equal(behind(['X-Forwarded-Host', 'a'], ['X-Forwarded-Host', 'b']), null);
    assert.equal(behind(['X-Forwarded-Proto', 'ftp']), null);
    assert.equal(behind(['X-Forwarded-Host', 'a/b']), null);
    for (const value of [
      'host=a, host=b',
      'host=a;host=b',
      'proto=http;proto=https',
      'host',
      'host=',
      'host=a b',
      'host="a',
      'host=a;;',
      'host="a\\"b"',
      '',
      ';',
      `host=${'a'.repeat(2000)}`,
      'host="a b"',
    ]) {
      assert.equal(behind(['Forwarded', value]), null, value);
    }
    assert.equal(behind(['Forwarded', 'host=a'], ['Forwarded', 'host=b']), null);
  });
  test('Forwarded and X-Forwarded-* that contradict each other have no origin: one of them is the client’s', () => {
    assert.equal(behind(['Forwarded', 'host=evil'], ['X-Forwarded-Host', 'api.example.com']), null);
    assert.equal(behind(['Forwarded', 'proto=http'], ['X-Forwarded-Proto', 'https']), null);
    assert.equal(
      behind(['Forwarded', 'host=API.example.com;proto=https'], ['X-Forwarded-Host', 'api.example.com'], ['X-Forwarded-Proto', 'https']),
      'https://api.example.com',
    );
    assert.equal(behind(['Forwarded', 'host=api.example.com'], ['X-Forwarded-Proto', 'https']), 'https://api.example.com');
  });
  test('a proxy that states the scheme only does not vouch for the host', () => {
    const https: HeaderLine = ['X-Forwarded-Proto', 'https'];
    const doubled: readonly HeaderLine[] = [
      ['Host', 'inner:8080'],
      ['Host', 'evil'],
    ];
    assert.equal(behind(https, ...doubled), null);
    assert.equal(behind(https, ['X-Forwarded-Host', 'api.example.com'], ...doubled), 'https://api.example.com');
    assert.equal(found(PROXIES, { headers: [https], target: 'https://evil/a' }), null);
    assert.equal(found(PROXIES, { headers: [https], target: 'https://inner:8080/a' }), 'https://inner:8080');
  });
  test('the scheme of a WebSocket is that of its handshake', () => {
    assert.equal(behind(['X-Forwarded-Proto', 'wss'], ['X-Forwarded-Host', 'api.example.com:443']), 'https://api.example.com');
    assert.equal(behind(['Forwarded', 'proto=ws;host=api.example.com']), 'http://api.example.com');
    assert.equal(behind(['Forwarded', 'proto=https'], ['X-Forwarded-Proto', 'wss']), 'https://inner:8080');
  });
  test('an unknown or untrusted peer is not believed', () => {
    for (const peer of [null, '192.0.2.1', '::ffff:192.0.2.1', 'unix:', '']) {
      assert.equal(
        found(PROXIES, {
          peer,
          headers: [
            ['X-Forwarded-Proto', 'https'],
            ['Forwarded', 'host=evil'],
          ],
        }),
        'http://inner:8080',
      );
    }
  });
});

describe('several hops', () => {
  test('whose members say the same leave nothing to choose', () => {
    const host: HeaderLine = ['X-Forwarded-Host', 'api.example.com, API.example.com'];
    for (const proto of ['https, https', 'https,https', ' HTTPS ,https,wss'])
      assert.equal(behind(['X-Forwarded-Proto', proto], host), proto.includes('wss') ? null : 'https://api.example.com', proto);
    assert.equal(behind(['X-Forwarded-Proto', 'https'], ['X-Forwarded-Proto', 'https'], host), 'https://api.example.com');
    assert.equal(behind(['Forwarded', 'for=192.0.2.1;host=a;proto=https, for=10.0.0.1;proto=https']), 'https://a');
    assert.equal(behind(['Forwarded', 'for="192.0.2.1";proto=https'], ['Forwarded', 'for=_b;host=a']), 'https://a');
  });
  test('whose members differ have no origin, wherever the lie stands', () => {
    for (const members of ['http, https', 'https, http', 'https, , https', ',https', 'https,'])
      assert.equal(behind(['X-Forwarded-Proto', members]), null, members);
    assert.equal(behind(['X-Forwarded-Host', 'evil, api.example.com']), null);
    assert.equal(behind(['Forwarded', 'host=evil, host=api.example.com']), null);
    assert.equal(behind(['Forwarded', 'proto=https, proto=http;host=a']), null);
  });
  test('that are counted: the member of the outermost counts, from whatever peer', () => {
    const counted = (hops: number, ...headers: readonly HeaderLine[]): string | null =>
      found({ trustedHops: hops }, { peer: '203.0.113.9', headers });
    assert.equal(
      counted(1, ['X-Forwarded-Proto', 'http, https'], ['X-Forwarded-Host', 'evil, api.example.com']),
      'https://api.example.com',
    );
    assert.equal(
      counted(2, ['X-Forwarded-Proto', 'ftp, https, http'], ['X-Forwarded-Host', 'evil, a.example, b.example']),
      'https://a.example',
    );
    assert.equal(counted(2, ['Forwarded', 'host=evil, host=a;proto=https, host=b;proto=http']), 'https://a');
    assert.equal(counted(2, ['X-Forwarded-Proto', 'https']), null, 'one hop less than configured');
    assert.equal(counted(2), 'http://inner:8080');
  });
  test('are counted or known by address, not both', () => {
    for (const origin of [{ trustedHops: 0 }, { trustedHops: 17 }, { trustedHops: 1.5 }, { trustedHops: 1, trustedProxies: ['loopback'] }])
      assert.throws(() => compileOrigin(origin), /origin\.trustedHops/);
  });
});

describe('X-Forwarded-Port', () => {
  const https: HeaderLine = ['X-Forwarded-Proto', 'https'];
  const port = (number: string): HeaderLine => ['X-Forwarded-Port', number];
  test('is the port of a host that names none', () => {
    assert.equal(behind(https, ['X-Forwarded-Host', 'api.example.com'], port('8443')), 'https://api.example.com:8443');
    assert.equal(behind(https, ['X-Forwarded-Host', 'api.example.com'], port('443')), 'https://api.example.com');
    assert.equal(behind(https, ['Forwarded', 'host=api.example.com'], port('8443, 8443')), 'https://api.example.com:8443');
    assert.equal(found(PROXIES, { authority: 'api.example.com', headers: [https, port('8443')] }), 'https://api.example.com:8443');
    assert.equal(behind(https, ['X-Forwarded-Host', '[2001:db8::1]'], port('8443')), 'https://[2001:db8::1]:8443');
  });
  test('leaves the port of Host as it is, and may not contradict a forwarded one', () => {
    assert.equal(behind(https, port('8443')), 'https://inner:8080');
    assert.equal(behind(https, ['X-Forwarded-Host', 'api.example.com:1'], port('2')), null);
    assert.equal(behind(https, ['Forwarded', 'host="api.example.com:1"'], port('2')), null);
    assert.equal(behind(https, ['X-Forwarded-Host', 'api.example.com:1'], port('1')), 'https://api.example.com:1');
    for (const wrong of ['x', '0443x', '65536', '1, 2', '-1'])
      assert.equal(behind(https, ['X-Forwarded-Host', 'a'], port(wrong)), null, wrong);
  });
  test('that is the default of the other scheme is where the balancer was reached', () => {
    assert.equal(behind(https, ['X-Forwarded-Host', 'api.example.com'], port('80')), 'https://api.example.com');
  });
});

describe('why there is none', () => {
  const why = (...headers: readonly HeaderLine[]): unknown =>
    findOrigin(requestView({ peer: '127.0.0.1', scheme: 'http', authority: 'inner', headers }), compileOrigin(PROXIES));
  test('names the sources, and none of their values', () => {
    assert.equal(why(['Forwarded', 'host=evil'], ['X-Forwarded-Host', 'api']), 'Forwarded and X-Forwarded-Host contradict each other');
    assert.equal(why(['Forwarded', 'proto=http'], ['X-Forwarded-Proto', 'https']), 'Forwarded and X-Forwarded-Proto contradict each other');
    assert.equal(
      why(['X-Forwarded-Host', 'a:1'], ['X-Forwarded-Port', '2']),
      'X-Forwarded-Host and X-Forwarded-Port contradict each other',
    );
    assert.equal(why(['X-Forwarded-Proto', 'http, https']), 'the members of X-Forwarded-Proto contradict each other');
    assert.equal(why(['Forwarded', 'host']), 'Forwarded cannot be read');
    assert.equal(why(['Host', 'a'], ['Host', 'b']), 'there are several Host lines');
  });
});

describe('peers on a Unix socket', () => {
  test('are believed by name alone', () => {
    const headers: readonly HeaderLine[] = [['X-Forwarded-Proto', 'https']];
    assert.equal(found({ trustedProxies: ['unix'] }, { peer: 'unix', headers }), 'https://inner:8080');
    for (const peer of [null, '', '127.0.0.1', 'unix:', '::1'])
      assert.equal(found({ trustedProxies: ['unix'] }, { peer, headers }), 'http://inner:8080');
    for (const names of [['loopback'], ['0.0.0.0/0', '::/0']])
      assert.equal(found({ trustedProxies: names }, { peer: 'unix', headers }), 'http://inner:8080');
  });
});

describe('hosts', () => {
  const hosts: OriginOptions = { hosts: ['api.example.com', 'B.example.com:8443'], trustedProxies: ['loopback'] };
  test('only those listed are ours', () => {
    assert.equal(found(hosts, { authority: 'API.example.com' }), 'http://api.example.com');
    assert.equal(found(hosts, { authority: 'b.example.com:8443' }), 'http://b.example.com:8443');
    for (const authority of ['evil.example.com', 'b.example.com', 'api.example.com:1', 'xapi.example.com'])
      assert.equal(found(hosts, { authority }), null);
    assert.equal(found(hosts, { headers: [['X-Forwarded-Host', 'evil']] }), null);
  });
});
