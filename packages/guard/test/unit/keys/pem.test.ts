import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { freshSigningKey, mintToken } from '@approov-guard/testkit';
import { type ConfigurationCode, ConfigurationError, createGuard, type GuardOptions } from 'approov-guard';
import { guardPair, now } from '../../both-ports.ts';

const key = freshSigningKey('ES256', 'one');
const other = freshSigningKey('ES256', 'two');
const rsa = freshSigningKey('RS256');
const token = mintToken({ key: key.privateKey, algorithm: 'ES256', kid: 'one', now });

function refusal(pem: unknown, rest: object = { algorithm: 'ES256' }): ConfigurationError {
  try {
    createGuard({ keys: { pem, ...rest } } as GuardOptions);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
  }
  return assert.fail('not refused');
}

test('a PEM text may hold several public keys, with text around them and any line ends', async () => {
  const keys = { pem: `# ours\n${other.pem}\n${key.pem.replaceAll('\n', '\r\n')}\nend`, algorithm: 'ES256' } as const;
  const guard = guardPair({ keys });
  assert.equal(await guard.judgeToken(token), 'accepted');
  assert.deepEqual(
    guard.node.keyUse().map(({ id, uses }) => [id, uses]),
    [
      ['keys.pem[0]', 0],
      ['keys.pem[1]', 1],
    ],
  );
});

test('what is no public key is refused, with the command that makes one of it', () => {
  const der = rsa.pem.replace(/-----[^-]+-----|\s/g, '');
  const labelled = (label: string): string => `-----BEGIN ${label}-----\n${der}\n-----END ${label}-----\n`;
  const cases: readonly [unknown, ConfigurationCode, RegExp][] = [
    [labelled('CERTIFICATE'), 'key-invalid', /openssl x509 -pubkey/],
    [labelled('RSA PUBLIC KEY'), 'key-invalid', /openssl rsa -RSAPublicKey_in/],
    [labelled('SSH2 PUBLIC KEY'), 'key-invalid', /RFC 7468/],
    [key.privateKey.export({ format: 'pem', type: 'pkcs8' }), 'key-not-public', /getPEM/],
    [`${key.pem}${key.privateKey.export({ format: 'pem', type: 'sec1' })}`, 'key-not-public', /getPEM/],
    [key.pem.slice(0, -10), 'key-invalid', /PUBLIC KEY/],
    [`${key.pem}-----BEGIN PUBLIC KEY-----\nAAAA`, 'key-invalid', /PUBLIC KEY/],
    [key.pem.replace(/\n.{10}/, '\n*'), 'key-invalid', /PUBLIC KEY/],
    ['', 'key-invalid', /PUBLIC KEY/],
    [undefined, 'option-invalid', /PEM/],
  ];
  for (const [pem, code, remedy] of cases) {
    const error = refusal(pem);
    assert.equal(error.code, code, String(pem));
    assert.match(error.message, remedy);
    assert.ok(!error.message.includes(der.slice(10, 30)), 'no key material');
  }
});

test('several keys cannot share one kid, and a key of another type than its algorithm is refused', () => {
  assert.equal(refusal(`${key.pem}${other.pem}`, { algorithm: 'ES256', kid: 'x' }).code, 'options-contradict');
  assert.equal(refusal(rsa.pem).code, 'key-invalid');
  assert.equal(refusal(key.pem, {}).code, 'key-algorithm');
});

test('the command that a certificate is answered with makes a usable key', (context) => {
  try {
    const options = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', '/dev/null', '-subj', '/CN=x'];
    const certificate = execFileSync('openssl', options, { stdio: ['ignore', 'pipe', 'ignore'] });
    assert.match(refusal(certificate.toString()).message, /certificate/);
    const pem = execFileSync('openssl', ['x509', '-pubkey', '-noout'], { input: certificate }).toString();
    createGuard({ keys: { pem, algorithm: 'RS256' } });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    context.skip('openssl is not installed');
  }
});
