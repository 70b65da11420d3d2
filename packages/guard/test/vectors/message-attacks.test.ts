/** The collected attacks on message signatures, each on both crypto ports. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestView } from '@approov-guard/testkit';
import type { GuardOptions } from 'approov-guard';
import { readVectors, skipUnless } from '../../../../tools/optional.mjs';
import { guardPair } from '../both-ports.ts';
import { type AttackCase, type Attacks, authorityOf, guardOptions, signatureOptions } from './attack-cases.ts';

const attacks = readVectors<Attacks>('attacks.json');

/** Our answers where several are defensible. */
const OUR_ANSWERS: { readonly [id: string]: string } = {
  'message-signature/label-other-both': 'signature-label-missing',
  'message-signature/dup-key-weak-first': 'accepted',
  'message-signature/two-lines': 'accepted',
  'message-signature/alg-missing': 'accepted',
  'message-signature/digest-param': 'accepted',
  'message-signature/ipk-raw-point': 'signature-key-invalid',
  'message-signature/ipk-trailing': 'signature-key-invalid',
  'message-signature/ipk-type-empty': 'signature-key-invalid',
};

function optionsOf(given: AttackCase, { profiles, generated_for_now }: Attacks): GuardOptions {
  const profile = profiles[given.profile];
  assert.ok(profile?.message_signature !== undefined);
  const options = guardOptions(profile, given.now_ms ?? generated_for_now * 1000);
  return { ...options, signature: signatureOptions(profile.message_signature) };
}

describe('attacks on message signatures', skipUnless(attacks, 'vectors'), () => {
  const cases = (attacks?.cases ?? []).filter(({ family }) => family === 'message-signature');
  test('there are cases', () => assert.ok(cases.length >= 100));
  for (const given of cases) {
    test(`${given.id}: ${given.description}: ${given.must}`, async () => {
      const { request } = given.input;
      assert.ok(request !== undefined);
      const { body_base64 = null } = request;
      const body = body_base64 === null ? null : Uint8Array.from(Buffer.from(body_base64, 'base64'));
      const view = requestView({ ...request, authority: authorityOf(request) ?? null, body, peer: '192.0.2.1' });
      const found = await guardPair(optionsOf(given, attacks as Attacks)).judge(view);
      if (given.must === 'accept') assert.equal(found, 'accepted');
      if (given.must === 'reject') assert.match(found, /^(?:token|signature|digest)-/);
      if (given.must === 'policy') assert.equal(found, OUR_ANSWERS[given.id]);
    });
  }
});
