/** Both crypto ports, asked the same questions. */
import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import test from 'node:test';
import { freshKeySet, PRIVATE_KEY_ALGORITHMS, signerFor } from '@approov-guard/testkit';
import { settled } from '../../../../../tools/until.mjs';
import { ALGORITHMS, type AlgorithmRow } from '../../../src/core/jws/algorithms.ts';
import { PORTS, secret } from '../../both-ports.ts';
import { weakDer } from '../../weak-keys.ts';

const rowOf = (name: string): AlgorithmRow => ALGORITHMS.get(name) as AlgorithmRow;
const pairs = freshKeySet();
const input = 'eyJhbGciOiJub25lIn0.e30';

for (const [name, port] of Object.entries(PORTS)) {
  test(`${name}: every public-key algorithm verifies its own signature, from JWK and from SPKI, and no other's`, async () => {
    for (const { algorithm, privateKey, jwk, pem } of pairs) {
      const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
      const signature = Buffer.from(signerFor({ key: privateKey, algorithm })(Buffer.from(input))).toString('base64url');
      for (const material of [{ form: 'jwk', jwk } as const, { form: 'spki', der } as const]) {
        const key = port.preparePublicKey(rowOf(algorithm), material);
        assert.equal(await key.verify(input, signature), true, algorithm);
        assert.equal(await key.verify(`${input}.`, signature), false, algorithm);
        assert.equal(await key.verify(input, `AAAA${signature}`), false, algorithm);
        assert.equal(await key.verify(input, signature.slice(4)), false, algorithm);
      }
    }
  });

  test(`${name}: every HMAC algorithm verifies whole MACs only`, async () => {
    for (const algorithm of ['HS256', 'HS384', 'HS512'] as const) {
      const key = port.prepareSecret(rowOf(algorithm), Buffer.from(secret.base64, 'base64'));
      const mac = signerFor({ secret, algorithm })(Buffer.from(input));
      for (let length = 0; length <= mac.length + 2; length++) {
        const cut = Buffer.concat([mac, Buffer.alloc(2)]).subarray(0, length);
        assert.equal(await key.verify(input, cut.toString('base64url')), length === mac.length, `${algorithm}, ${length} bytes`);
      }
    }
  });

  test(`${name}: a key that protects nothing never verifies`, async () => {
    assert.ok(weakDer.length > 15, `${weakDer.length} keys`);
    for (const { name: weakness, algorithm, der } of weakDer) {
      const { signatureBytes } = rowOf(algorithm);
      const signature = Buffer.alloc(signatureBytes ?? 256).toString('base64url');
      await assert.rejects(async () => port.preparePublicKey(rowOf(algorithm), { form: 'spki', der }).verify(input, signature), weakness);
    }
  });

  test(`${name}: a failed import is reported, and does not end the process when nobody waits for it`, async () => {
    const verifying = async (signature: string): Promise<boolean> =>
      port.preparePublicKey(rowOf('ES256'), { form: 'spki', der: Buffer.from('no key') }).verify(input, signature);
    await assert.rejects(verifying('A'.repeat(86)));
    await verifying('AAAA').catch(() => false);
    await settled();
  });

  test(`${name}: a PEM key of another algorithm is refused when it is prepared, not with the first token`, () => {
    for (const { algorithm, pem } of pairs) {
      const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
      for (const other of PRIVATE_KEY_ALGORITHMS.filter((row) => rowOf(row).keyType !== rowOf(algorithm).keyType))
        assert.throws(() => port.preparePublicKey(rowOf(other), { form: 'spki', der }), TypeError, `${algorithm} as ${other}`);
    }
  });

  test(`${name}: a key of another type or curve is refused`, async () => {
    const ed448 = generateKeyPairSync('ed448').publicKey;
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey;
    const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
    const others = [ed448, pss, k256, ...pairs.map(({ pem }) => createPublicKey(pem))];
    const family = (algorithm: string): string => rowOf(algorithm).keyType + rowOf(algorithm).curve;
    for (const algorithm of PRIVATE_KEY_ALGORITHMS) {
      const signature = Buffer.alloc(rowOf(algorithm).signatureBytes ?? 256).toString('base64url');
      for (const [index, other] of others.entries()) {
        const fits = index > 2 && family(pairs[index - 3]?.algorithm ?? '') === family(algorithm);
        const material = { form: 'spki', der: other.export({ type: 'spki', format: 'der' }) } as const;
        if (!fits) await assert.rejects(async () => port.preparePublicKey(rowOf(algorithm), material).verify(input, signature), algorithm);
      }
    }
  });

  test(`${name}: texts are hashed as one byte a character, else as UTF-8`, async () => {
    const hashed = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');
    assert.equal(await port.sha256Base64('abc'), hashed(Buffer.from('abc')));
    assert.equal(await port.sha256Base64('\xe9\xff'), hashed(Buffer.from([0xe9, 0xff])));
    assert.equal(await port.sha256Base64('€'), hashed(Buffer.from('€')));
    assert.equal(await port.sha256Base64(''), '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
  });

  test(`${name}: segments are decoded as strict UTF-8`, () => {
    const segment = (bytes: Uint8Array | string): string => Buffer.from(bytes as string).toString('base64url');
    assert.equal(port.decodeText(segment('{"a":"Zoë 日 😀"}')), '{"a":"Zoë 日 😀"}');
    assert.equal(port.decodeText(segment('\ufeff{}')), '\ufeff{}');
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x61, 0xc3]]) {
      assert.equal(port.decodeText(segment(Uint8Array.from(bytes))), null);
    }
  });
}
