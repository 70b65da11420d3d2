import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import test from 'node:test';
import { prepareHmac } from '../../../src/crypto/node.ts';
import { seededRandom } from '../../both-ports.ts';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
const repeated = (byte: number, times: number): Buffer => Buffer.alloc(times, byte);

// RFC 4231 §4.2 to §4.8; §4.6 (truncated output) has no counterpart in JOSE.
const RFC_4231 = [
  {
    section: '4.2',
    key: repeated(0x0b, 20),
    data: Buffer.from('Hi There'),
    sha256: 'b0344c61d8db38535ca8afceaf0bf12b 881dc200c9833da726e9376c2e32cff7',
    sha384: 'afd03944d84895626b0825f4ab46907f 15f9dadbe4101ec682aa034c7cebc59c faea9ea9076ede7f4af152e8b2fa9cb6',
    sha512:
      '87aa7cdea5ef619d4ff0b4241a1d6cb0 2379f4e2ce4ec2787ad0b30545e17cde daa833b7d6b8a702038b274eaea3f4e4 be9d914eeb61f1702e696c203a126854',
  },
  {
    section: '4.3',
    key: Buffer.from('Jefe'),
    data: Buffer.from('what do ya want for nothing?'),
    sha256: '5bdcc146bf60754e6a042426089575c7 5a003f089d2739839dec58b964ec3843',
    sha384: 'af45d2e376484031617f78d2b58a6b1b 9c7ef464f5a01b47e42ec3736322445e 8e2240ca5e69e2c78b3239ecfab21649',
    sha512:
      '164b7a7bfcf819e2e395fbe73b56e0a3 87bd64222e831fd610270cd7ea250554 9758bf75c05a994a6d034f65f8f0e6fd caeab1a34d4a6b4b636e070a38bce737',
  },
  {
    section: '4.4',
    key: repeated(0xaa, 20),
    data: repeated(0xdd, 50),
    sha256: '773ea91e36800e46854db8ebd09181a7 2959098b3ef8c122d9635514ced565fe',
    sha384: '88062608d3e6ad8a0aa2ace014c8a86f 0aa635d947ac9febe83ef4e55966144b 2a5ab39dc13814b94e3ab6e101a34f27',
    sha512:
      'fa73b0089d56a284efb0f0756c890be9 b1b5dbdd8ee81a3655f83e33b2279d39 bf3e848279a722c806b485a47e67c807 b946a337bee8942674278859e13292fb',
  },
  {
    section: '4.5',
    key: hex('0102030405060708090a0b0c0d0e0f10111213141516171819'),
    data: repeated(0xcd, 50),
    sha256: '82558a389a443c0ea4cc819899f2083a 85f0faa3e578f8077a2e3ff46729665b',
    sha384: '3e8a69b7783c25851933ab6290af6ca7 7a9981480850009cc5577c6e1f573b4e 6801dd23c4a7d679ccf8a386c674cffb',
    sha512:
      'b0ba465637458c6990e5a8c5f61d4af7 e576d97ff94b872de76f8050361ee3db a91ca5c11aa25eb4d679275cc5788063 a5f19741120c4f2de2adebeb10a298dd',
  },
  {
    section: '4.7',
    key: repeated(0xaa, 131),
    data: Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
    sha256: '60e431591ee0b67f0d8a26aacbf5b77f 8e0bc6213728c5140546040f0ee37f54',
    sha384: '4ece084485813e9088d2c63a041bc5b4 4f9ef1012a2b588f3cd11f05033ac4c6 0c2ef6ab4030fe8296248df163f44952',
    sha512:
      '80b24263c7c1a3ebb71493c1dd7be8b4 9b46d1f41b4aeec1121b013783f8f352 6b56d037e05f2598bd0fd2215d6a1e52 95e64f73f63f0aec8b915a985d786598',
  },
  {
    section: '4.8',
    key: repeated(0xaa, 131),
    data: Buffer.from(
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    sha256: '9b09ffa71b942fcb27635fbcd5b0e944 bfdc63644f0713938a7f51535c3a35e2',
    sha384: '6617178e941f020d351e2f254e8fd32c 602420feb0b8fb9adccebb82461e99c5 a678cc31e799176d3860e6110c46523e',
    sha512:
      'e37b6a775dc87dbaa4dfa9f96e5e3ffd debd71f8867289865df5a32d20cdc944 b6022cac3c4982b10d5eeb55c3e4de15 134676fb6de0446065c97440fa8c6a58',
  },
];

for (const { section, key, data, ...macs } of RFC_4231) {
  test(`RFC 4231 §${section} comes out`, () => {
    for (const [algorithm, expected] of Object.entries(macs)) {
      const mac = prepareHmac(algorithm as 'sha256', key)(data.toString('latin1'));
      assert.equal(Buffer.from(mac, 'base64url').toString('hex'), expected.replaceAll(' ', ''), algorithm);
    }
  });
}

test('random keys and texts of random lengths agree with createHmac', () => {
  const random = seededRandom(4231);
  for (const algorithm of ['sha256', 'sha384', 'sha512'] as const) {
    for (let round = 0; round < 60; round++) {
      const key = randomBytes(Math.floor(random() * 300));
      const mac = prepareHmac(algorithm, key);
      // The same prepared key, with texts that shrink and grow: what an earlier text left in the buffer must not matter.
      for (let text = 0; text < 8; text++) {
        const data = randomBytes(Math.floor(random() * 5000));
        assert.equal(mac(data.toString('latin1')), createHmac(algorithm, key).update(data).digest('base64url'));
      }
    }
  }
});

test('a later change of the caller’s key bytes changes nothing', () => {
  const key = randomBytes(64);
  const mac = prepareHmac('sha256', key);
  const before = mac('abc');
  key.fill(0);
  assert.equal(mac('abc'), before);
});
