/** Content digests of RFC 9530 (sections 2, 3, appendices B and D), each on both crypto ports. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestView } from '@approov-guard/testkit';
import { readVectors, skipUnless } from '../../../../tools/optional.mjs';
import { checkContentDigest, statedDigests } from '../../src/core/digest/content-digest.ts';
import { PORTS } from '../both-ports.ts';

interface DigestCase {
  readonly id: string;
  readonly field: 'Content-Digest' | 'Repr-Digest';
  readonly value: string;
  readonly body_base64: string;
  readonly expected: 'match' | 'mismatch' | 'malformed' | 'unsupported';
}

const OUTCOMES = {
  match: 'verified',
  mismatch: 'digest-mismatch',
  malformed: 'digest-malformed',
  unsupported: 'digest-algorithm-unsupported',
} as const;
const vectors = readVectors<{ readonly cases: readonly DigestCase[] }>('rfc/rfc9530.json');

describe('RFC 9530', skipUnless(vectors, 'vectors'), () => {
  test('there are 26', () => assert.equal(vectors?.cases.length, 26));
  for (const { id, field, value, body_base64, expected } of vectors?.cases ?? []) {
    for (const [name, port] of Object.entries(PORTS)) {
      test(`${id} on ${name}: ${expected}${field === 'Repr-Digest' ? ', taken as a digest of this content' : ''}`, async () => {
        const stated = statedDigests(requestView({ headers: [['Content-Digest', value]] }), false);
        assert.ok(stated !== null);
        const chunks = [Uint8Array.from(Buffer.from(body_base64, 'base64'))];
        const found = 'outcome' in stated ? stated : await checkContentDigest(stated, (algorithm) => port.digest(algorithm, chunks));
        assert.equal(typeof found === 'string' ? found : found.reason, OUTCOMES[expected]);
      });
    }
  }
  test('Repr-Digest is no Content-Digest', () => {
    const headers = { 'Repr-Digest': vectors?.cases[0]?.value ?? '' };
    assert.equal(statedDigests(requestView({ headers }), false), null);
  });
});
