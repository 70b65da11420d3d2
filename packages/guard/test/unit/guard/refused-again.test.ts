/** A token that no key had signed is refused again without asking the keys, for as long as they are the same; verdicts do not change. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freshSecret, freshSigningKey, mintToken, publicKeySet } from '@approov-guard/testkit';
import type { GuardOptions, KeySource } from 'approov-guard';
import { ALGORITHMS } from '../../../src/core/jws/algorithms.ts';
import { KeySet, type PreparedKey } from '../../../src/core/jws/jws.ts';
import type { CryptoPort } from '../../../src/core/ports.ts';
import { createGuardOn } from '../../../src/guard/create-guard.ts';
import type { Guard } from '../../../src/guard/guard.ts';
import { now, outcomeOf, PORTS, secret, withToken } from '../../both-ports.ts';

const stranger = freshSecret();
const keyPair = freshSigningKey('ES256', 'one');
const forged = {
  HS256: mintToken({ secret: stranger, now }),
  ES256: mintToken({ key: freshSigningKey('ES256', 'one').privateKey, algorithm: 'ES256', kid: 'one', now }),
};
const keysOf = { HS256: { secret }, ES256: { jwks: publicKeySet([keyPair]) } };

/** A port that counts what its keys are asked. */
function counting(port: CryptoPort): { readonly port: CryptoPort; readonly asked: () => number } {
  let asked = 0;
  const counted = (key: PreparedKey): PreparedKey => ({
    verify: (input, signature) => {
      asked++;
      return key.verify(input, signature);
    },
  });
  return {
    port: {
      ...port,
      prepareSecret: (...given) => counted(port.prepareSecret(...given)),
      preparePublicKey: (...given) => counted(port.preparePublicKey(...given)),
    },
    asked: () => asked,
  };
}

async function codeOf(guard: Guard, token: string): Promise<string> {
  const { verdict } = await guard.decide(withToken(token));
  assert.ok(verdict !== null);
  return outcomeOf(verdict);
}

for (const [name, port] of Object.entries(PORTS)) {
  describe(`port ${name}`, () => {
    for (const algorithm of ['HS256', 'ES256'] as const) {
      test(`${algorithm}: a forged token that comes again and again is verified twice`, async () => {
        const counts = counting(port);
        const guard = createGuardOn(counts.port, { keys: keysOf[algorithm], now: () => now, hints: false });
        for (let time = 0; time < 10; time++) assert.equal(await codeOf(guard, forged[algorithm]), 'token-signature-invalid');
        assert.equal(counts.asked(), 2);
        assert.equal(guard.counters().rejected['token-signature-invalid'], 10);
        const explained = await guard.explain(withToken(forged[algorithm]));
        assert.equal(explained.checks.find(({ outcome }) => outcome === 'failed')?.name, 'token-signature');
      });
    }

    test('nothing is remembered where the cache is off, and in observe mode the verdict stays', async () => {
      const counts = counting(port);
      const options: GuardOptions = { keys: { secret }, now: () => now, hints: false };
      const plain = createGuardOn(counts.port, { ...options, cache: null });
      for (let time = 0; time < 3; time++) assert.equal(await codeOf(plain, forged.HS256), 'token-signature-invalid');
      assert.equal(counts.asked(), 3);
      const observing = createGuardOn(counts.port, { ...options, mode: 'observe' });
      for (let time = 0; time < 3; time++) {
        const { action, verdict } = await observing.decide(withToken(forged.HS256));
        assert.deepEqual([action, verdict?.code], ['pass', 'token-signature-invalid']);
      }
    });

    test('with other keys it is verified again, and accepted if one of them signed it', async () => {
      const row = ALGORITHMS.get('HS256');
      assert.ok(row !== undefined);
      const setOf = (...secrets: readonly { readonly base64: string }[]): KeySet =>
        new KeySet(
          secrets.map(({ base64 }, index) => ({
            id: `${index}`,
            kid: null,
            algorithm: row,
            prepared: port.prepareSecret(row, Buffer.from(base64, 'base64')),
          })),
        );
      let current = setOf(secret);
      const source: KeySource = { current: () => current };
      const guard = createGuardOn(port, { keys: source, now: () => now, hints: false });
      for (let time = 0; time < 3; time++) assert.equal(await codeOf(guard, forged.HS256), 'token-signature-invalid');
      current = setOf(stranger, secret);
      for (let time = 0; time < 3; time++) assert.equal(await codeOf(guard, forged.HS256), 'accepted');
      current = setOf(secret);
      for (let time = 0; time < 3; time++) assert.equal(await codeOf(guard, forged.HS256), 'token-signature-invalid');
    });
  });
}
