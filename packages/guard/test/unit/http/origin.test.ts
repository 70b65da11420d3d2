/** The origin as the client saw it: whom we believe, and what we refuse. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type HeaderLine, type RequestContent, requestView } from '@approov-guard/testkit';
import type { GuardOptions } from 'approov-guard';
import { originOf } from '../../../src/http/origin.ts';
import { compileOrigin } from '../../../src/shell/compile-origin.ts';

type OriginOptions = GuardOptions['origin'];

function found(options: OriginOptions, content: RequestContent = {}): string | null {
  const origin = originOf(requestView({ peer: '127.0.0.1', scheme: 'http', authority: 'inner:8080', ...content }), compileOrigin(options));
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
  test('several hops, several lines and malformed fields have no origin', () => {
    assert.equal(behind(['X-Forwarded-Proto', 'https, http']), null);
    assert.equal(behind(['X-Forwarded-Host', 'a'], ['X-Forwarded-Host', 'a']), null);
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
    assert.equal(behind(['Forwarded', 'host=a'], ['Forwarded', 'host=a']), null);
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
