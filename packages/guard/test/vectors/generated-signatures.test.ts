/** Families of attacks on the signature, generated for each algorithm. */
import assert from 'node:assert/strict';
import { type KeyObject, sign as nodeSign } from 'node:crypto';
import { test } from 'node:test';
import { freshKeySet, mintToken, publicKeySet, signCompact, signerFor } from '@approov-guard/testkit';
import { type GuardPair, guardPair, now, nowSeconds, secret } from '../both-ports.ts';

const pairs = freshKeySet();
const guard = guardPair({ keys: { jwks: publicKeySet(pairs) } });
const payload = { exp: nowSeconds + 300 };

function keyFor(algorithm: string): { readonly privateKey: KeyObject; readonly kid: string } {
  const found = pairs.find((pair) => pair.algorithm === algorithm);
  assert.ok(found !== undefined);
  return found;
}

function parts(token: string): { readonly input: string; readonly signature: Buffer } {
  const dot = token.lastIndexOf('.');
  return { input: token.slice(0, dot), signature: Buffer.from(token.slice(dot + 1), 'base64url') };
}
const withSignature = (input: string, signature: Uint8Array): string => `${input}.${Buffer.from(signature).toString('base64url')}`;

async function refuses(pair: GuardPair, input: string, signature: Uint8Array, what: string): Promise<void> {
  assert.equal(await pair.judgeToken(withSignature(input, signature)), 'token-signature-invalid', what);
}

test('a MAC is whole: every shorter and longer one is refused', async () => {
  for (const algorithm of ['HS256', 'HS384', 'HS512'] as const) {
    const pair = guardPair({ keys: { secret: { ...secret, algorithm } } });
    const { input, signature } = parts(mintToken({ secret, algorithm, now }));
    assert.equal(await pair.judgeToken(withSignature(input, signature)), 'accepted');
    for (let length = 0; length < signature.length; length++)
      await refuses(pair, input, signature.subarray(0, length), `${algorithm}, ${length}`);
    for (const more of [1, 2, 16, 32, 500]) {
      await refuses(pair, input, Buffer.concat([signature, Buffer.alloc(more)]), 'longer');
      await refuses(pair, input, Buffer.concat([Buffer.alloc(more), signature]), 'longer at the front');
    }
    await refuses(pair, input, Buffer.concat([signature, signature]), 'twice');
    await refuses(pair, input, Buffer.alloc(signature.length), 'zeros');
    await refuses(pair, input, Buffer.from(signature).reverse(), 'reversed');
    await refuses(pair, input, Buffer.from(signature.toString('hex')), 'hexadecimal');
    await refuses(pair, input, Buffer.from(signature.toString('base64')), 'encoded twice');
  }
});

test('a MAC by another hash or over another text is refused', async () => {
  const pair = guardPair({ keys: { secret } });
  const { input } = parts(mintToken({ secret, now }));
  for (const algorithm of ['HS384', 'HS512'] as const) {
    const mac = signerFor({ secret, algorithm })(Buffer.from(input));
    await refuses(pair, input, mac, algorithm);
    await refuses(pair, input, mac.subarray(0, 32), `${algorithm}, truncated`);
  }
  const [header = '', content = ''] = input.split('.');
  for (const text of [
    header,
    content,
    `${header}${content}`,
    `${input}.`,
    `${content}.${header}`,
    '',
    Buffer.from(content, 'base64url').toString(),
  ]) {
    await refuses(pair, input, signerFor({ secret })(Buffer.from(text)), text);
  }
});

const CURVES = [
  { algorithm: 'ES256', bytes: 32, order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n },
  {
    algorithm: 'ES384',
    bytes: 48,
    order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  {
    algorithm: 'ES512',
    bytes: 66,
    order:
      0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  },
] as const;

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const bytesOf = (number: bigint, length: number): Buffer => Buffer.from(number.toString(16).padStart(length * 2, '0'), 'hex');

for (const { algorithm, bytes, order } of CURVES) {
  test(`${algorithm}: r and s out of range, swapped, or of another length are refused; the twin with n - s is not`, async () => {
    const { privateKey, kid } = keyFor(algorithm);
    const { input, signature } = parts(mintToken({ key: privateKey, algorithm, now, kid }));
    const r = signature.subarray(0, bytes);
    const s = signature.subarray(bytes);
    const numbers = [0n, 1n, order - 1n, order, order + 1n, (1n << BigInt(bytes * 8)) - 1n];
    for (const one of numbers) {
      for (const other of numbers)
        await refuses(guard, input, Buffer.concat([bytesOf(one, bytes), bytesOf(other, bytes)]), `${one} ${other}`);
      await refuses(guard, input, Buffer.concat([r, bytesOf(one, bytes)]), `s = ${one}`);
      await refuses(guard, input, Buffer.concat([bytesOf(one, bytes), s]), `r = ${one}`);
    }
    const beyond = numberOf(s) + order;
    if (beyond < 1n << BigInt(bytes * 8)) await refuses(guard, input, Buffer.concat([r, bytesOf(beyond, bytes)]), 's + n');
    await refuses(guard, input, Buffer.concat([s, r]), 'swapped');
    // JWA does not ask for the smaller s.
    assert.equal(
      await guard.judgeToken(withSignature(input, Buffer.concat([r, bytesOf(order - numberOf(s), bytes)]))),
      'accepted',
      'the twin',
    );
    const zero = Buffer.alloc(1);
    for (const other of [
      Buffer.concat([zero, signature]),
      Buffer.concat([signature, zero]),
      Buffer.concat([zero, r, zero, s]),
      signature.subarray(1),
      signature.subarray(0, -1),
      r,
      Buffer.concat([signature, signature]),
      nodeSign(algorithm.replace('ES', 'sha'), Buffer.from(input), privateKey),
    ]) {
      await refuses(guard, input, other, `${other.length} bytes`);
    }
  });
}

test('ECDSA numbers that begin with zeros keep them', async () => {
  const { privateKey, kid } = keyFor('ES256');
  let found = 0;
  for (let attempt = 0; attempt < 3000 && found < 2; attempt++) {
    const token = mintToken({ key: privateKey, algorithm: 'ES256', now, kid, claims: { attempt } });
    const { input, signature } = parts(token);
    const at = [0, 32].find((place) => signature[place] === 0);
    if (at === undefined) continue;
    found++;
    assert.equal(await guard.judgeToken(token), 'accepted');
    await refuses(guard, input, Buffer.concat([signature.subarray(0, at), signature.subarray(at + 1)]), 'the zero stripped');
  }
  assert.ok(found > 0);
});

const ED25519_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const littleEndian = (number: bigint): Buffer => bytesOf(number, 32).reverse();

for (const algorithm of ['EdDSA', 'Ed25519'] as const) {
  test(`${algorithm}: s that is not reduced, points of small order and other lengths are refused`, async () => {
    const { privateKey, kid } = keyFor(algorithm);
    const { input, signature } = parts(mintToken({ key: privateKey, algorithm, now, kid }));
    const r = signature.subarray(0, 32);
    const s = numberOf(Buffer.from(signature.subarray(32)).reverse());
    for (let factor = 1n; s + factor * ED25519_ORDER < 2n ** 256n && factor < 16n; factor++) {
      await refuses(guard, input, Buffer.concat([r, littleEndian(s + factor * ED25519_ORDER)]), `s + ${factor} L`);
    }
    const points = [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      `ec${'ff'.repeat(30)}7f`,
      `ed${'ff'.repeat(30)}7f`,
      'ff'.repeat(32),
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    ];
    for (const point of points) {
      for (const number of [0n, 1n, ED25519_ORDER, ED25519_ORDER - 1n, s]) {
        await refuses(guard, input, Buffer.concat([Buffer.from(point, 'hex'), littleEndian(number)]), point);
      }
    }
    for (const other of [
      signature.subarray(0, 63),
      signature.subarray(1),
      Buffer.concat([signature, Buffer.alloc(1)]),
      Buffer.concat([Buffer.alloc(1), signature]),
      Buffer.concat([signature.subarray(32), r]),
      r,
    ]) {
      await refuses(guard, input, other, `${other.length} bytes`);
    }
  });
}

for (const algorithm of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const) {
  test(`${algorithm}: a signature as long as the modulus, below it, and by this scheme`, async () => {
    const { privateKey, kid } = keyFor(algorithm);
    const { input, signature } = parts(mintToken({ key: privateKey, algorithm, now, kid }));
    const modulus = numberOf(Buffer.from(String(privateKey.export({ format: 'jwk' }).n ?? ''), 'base64url'));
    const number = numberOf(signature);
    const zeros = (count: number): Buffer => Buffer.alloc(count);
    for (const other of [
      Buffer.concat([zeros(1), signature]),
      Buffer.concat([zeros(4), signature]),
      Buffer.concat([signature, zeros(1)]),
      signature.subarray(1),
      signature.subarray(0, -1),
      signature.subarray(0, 128),
      zeros(256),
      bytesOf(1n, 256),
      bytesOf(modulus - 1n, 256),
      bytesOf(modulus, 256),
      bytesOf(modulus - number, 256),
      Buffer.alloc(256, 0xff),
      Buffer.from(signature).reverse(),
    ]) {
      await refuses(guard, input, other, `${algorithm}, ${other.length} bytes`);
    }
    if (number + modulus < 1n << 2048n) await refuses(guard, input, bytesOf(number + modulus, 256), 's + n');
  });

  test(`${algorithm}: the other schemes and hashes of the same key are refused under this name`, async () => {
    const { privateKey, kid } = keyFor(algorithm);
    const header = { alg: algorithm, kid };
    for (const other of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const) {
      const token = signCompact({ header, payload, sign: signerFor({ key: privateKey, algorithm: other }) });
      assert.equal(await guard.judgeToken(token), other === algorithm ? 'accepted' : 'token-signature-invalid', other);
      const relabelled = signCompact({ header: { alg: other, kid }, payload, sign: signerFor({ key: privateKey, algorithm: other }) });
      assert.equal(await guard.judgeToken(relabelled), other === algorithm ? 'accepted' : 'token-algorithm-not-allowed', other);
    }
  });
}

test('an RSA signature that begins with a zero byte keeps it', async () => {
  const { privateKey, kid } = keyFor('RS256');
  for (let attempt = 0; attempt < 2000; attempt++) {
    const token = mintToken({ key: privateKey, algorithm: 'RS256', now, kid, claims: { attempt } });
    const { input, signature } = parts(token);
    if (signature[0] !== 0) continue;
    assert.equal(await guard.judgeToken(token), 'accepted');
    await refuses(guard, input, signature.subarray(1), 'the zero stripped');
    return;
  }
});

test('an empty or foreign signature is refused for every algorithm', async () => {
  for (const { privateKey, kid, algorithm } of pairs) {
    const { input } = parts(mintToken({ key: privateKey, algorithm, now, kid }));
    await refuses(guard, input, Buffer.alloc(0), 'empty');
    for (const length of [1, 2, 32, 64, 72, 96, 132, 256, 512]) await refuses(guard, input, Buffer.alloc(length, 0x5a), `${length} bytes`);
    for (const other of pairs) {
      if (other.privateKey === privateKey) continue;
      const foreign = signerFor({ key: other.privateKey, algorithm: other.algorithm })(Buffer.from(input));
      await refuses(guard, input, foreign, `${other.algorithm} under ${algorithm}`);
    }
  }
});

test('an RSA signature whose leading zero was cut off is refused: one in 256 has one, and OpenSSL takes it', async () => {
  const { privateKey, kid } = keyFor('PS256');
  const mint = (index: number): ReturnType<typeof parts> =>
    parts(mintToken({ key: privateKey, algorithm: 'PS256', now, kid, claims: { index } }));
  for (let index = 0; index < 5000; index++) {
    const { input, signature } = mint(index);
    if (signature[0] !== 0) continue;
    await refuses(guard, input, signature.subarray(1), 'without its zero');
    return;
  }
});
