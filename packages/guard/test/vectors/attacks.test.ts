/** The collected attacks on tokens, bindings and configurations, each on both crypto ports. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type HeaderLine, requestView } from '@approov-guard/testkit';
import { ConfigurationError, createGuard, type GuardOptions } from 'approov-guard';
import { readVectors, skipUnless } from '../../../../tools/optional.mjs';
import { outcomeOf } from '../both-ports.ts';
import { type AttackCase, type Attacks, guardOptions, judgeAttack } from './attack-cases.ts';

const FAMILIES = ['control', 'alg', 'key-confusion', 'crit', 'json', 'base64url', 'claims', 'sig-encoding', 'transport', 'binding'];

/** Our answers where several are defensible, each documented. */
const OUR_ANSWERS: { readonly [id: string]: string } = {
  'alg/eddsa-name-ed25519': 'token-algorithm-not-allowed',
  'claims/exp-raw-1e308': 'accepted',
  'claims/exp-raw-1e21': 'accepted',
  'claims/exp-raw-ms': 'accepted',
  'claims/iat-future': 'accepted',
  'claims/did-object': 'token-claim-invalid',
  'claims/did-number': 'token-claim-invalid',
  'transport/dup-same': 'token-duplicated',
  'transport/options-no-token': 'token-missing',
  'binding/falsy-optional-null': 'binding-mismatch',
  'binding/two-shifted': 'accepted',
};

const attacks = readVectors<Attacks>('attacks.json');
const cases = attacks?.cases ?? [];

describe('attacks on requests', skipUnless(attacks, 'vectors'), () => {
  for (const family of FAMILIES) {
    const members = cases.filter((given) => given.family === family);
    test(`${family}: there are cases`, () => assert.ok(members.length > 0));
    for (const given of members) {
      test(`${given.id}: ${given.description}: ${given.must}`, async () => {
        const found = await judgeAttack(attacks as Attacks, given);
        assertAnswer(given, found);
        if (given.must === 'policy') assert.equal(found, OUR_ANSWERS[given.id], 'the documented answer');
      });
    }
  }
});

/** A rejection is the client's: an attack that ends in `unavailable` would be our outage. */
function assertAnswer({ must }: AttackCase, found: string): void {
  if (must === 'accept') assert.equal(found, 'accepted');
  if (must === 'reject') assert.match(found, /^(?:token|binding)-/);
}

describe('attacks on configurations', skipUnless(attacks, 'vectors'), () => {
  for (const given of cases.filter(({ family }) => family === 'config')) {
    test(`${given.id}: ${given.description}: ${given.must}`, async () => {
      const options = guardOptions(given.input.config ?? {}, 0);
      if (given.must === 'reject') assert.throws(() => createGuard(options), ConfigurationError);
      else assert.doesNotThrow(() => createGuard(options));
    });
  }
});

test('the same request gets the same answer from a guard that has seen all the others', skipUnless(attacks, 'vectors'), async () => {
  const given = attacks as Attacks;
  const profile = given.profiles.hs ?? {};
  const options: GuardOptions = guardOptions(profile, given.generated_for_now * 1000);
  const used = createGuard(options);
  const tokens = cases.filter(({ profile: name, input, now_ms }) => name === 'hs' && input.token !== undefined && now_ms === undefined);
  for (const round of [1, 2]) {
    for (const { id, input } of tokens) {
      const headers: readonly HeaderLine[] = [['Approov-Token', input.token ?? '']];
      const fresh = await createGuard(options).judge(requestView({ headers }));
      assert.equal(outcomeOf(await used.judge(requestView({ headers }))), outcomeOf(fresh), `${id}, round ${round}`);
    }
  }
});
