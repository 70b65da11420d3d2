/** The collected attacks on message signatures, each on both crypto ports. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type HeaderLine, requestView } from '@approov-guard/testkit';
import type { GuardOptions } from 'approov-guard';
import { readVectors, skipUnless } from '../../../../tools/optional.mjs';
import { guardPair } from '../both-ports.ts';
import type { SignatureOptions } from '../signed-requests.ts';

interface SignatureProfile {
  readonly label: 'install' | 'account';
  readonly account_secret_base64?: string;
  readonly required_components: readonly string[];
  readonly content_digest?: string;
  readonly nonce?: string;
  readonly max_age_s: number;
  readonly skew_s: number;
}
interface MessageCase {
  readonly id: string;
  readonly family: string;
  readonly description: string;
  readonly profile: string;
  readonly must: 'accept' | 'reject' | 'policy';
  readonly now_ms?: number;
  readonly input: {
    readonly request: {
      readonly method: string;
      readonly scheme: string;
      readonly target: string;
      readonly headers: readonly HeaderLine[];
      readonly body_base64: string | null;
    };
  };
}
interface Attacks {
  readonly generated_for_now: number;
  readonly profiles: { readonly [name: string]: { readonly secret_base64: string; readonly message_signature: SignatureProfile } };
  readonly cases: readonly MessageCase[];
}
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

function optionsOf(given: MessageCase, { profiles, generated_for_now }: Attacks): GuardOptions {
  const profile = profiles[given.profile];
  assert.ok(profile !== undefined);
  const { message_signature: demands, secret_base64 } = profile;
  const signature: SignatureOptions = {
    required: demands.required_components,
    maxAgeSeconds: demands.max_age_s,
    clockToleranceSeconds: demands.skew_s,
    digest: demands.content_digest === undefined ? 'if-present' : 'required',
    nonce: demands.nonce === undefined ? 'optional' : 'required',
    ...(demands.label === 'account'
      ? { label: 'account', accountKeys: [{ base64: demands.account_secret_base64 }] }
      : { label: 'install' }),
  };
  return { keys: { secret: { base64: secret_base64 } }, signature, now: () => given.now_ms ?? generated_for_now * 1000 };
}

describe('attacks on message signatures', skipUnless(attacks, 'vectors'), () => {
  const cases = (attacks?.cases ?? []).filter(({ family }) => family === 'message-signature');
  test('there are cases', () => assert.ok(cases.length >= 100));
  for (const given of cases) {
    test(`${given.id}: ${given.description}: ${given.must}`, async () => {
      const { request } = given.input;
      const authority = request.headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? null;
      const body = request.body_base64 === null ? null : Uint8Array.from(Buffer.from(request.body_base64, 'base64'));
      const view = requestView({ ...request, authority, body, peer: '192.0.2.1' });
      const found = await guardPair(optionsOf(given, attacks as Attacks)).judge(view);
      if (given.must === 'accept') assert.equal(found, 'accepted');
      if (given.must === 'reject') assert.match(found, /^(?:token|signature|digest)-/);
      if (given.must === 'policy') assert.equal(found, OUR_ANSWERS[given.id]);
    });
  }
});
