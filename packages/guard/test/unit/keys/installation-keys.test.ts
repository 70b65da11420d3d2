import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshInstallationKey, freshSecret } from '@approov-guard/testkit';
import { ConfigurationError, createGuard } from 'approov-guard';
import type { PreparedKey } from '../../../src/core/jws/jws.ts';
import { InstallationKeys } from '../../../src/core/signature/signing-key.ts';
import { crypto as nodeCrypto } from '../../../src/crypto/node.ts';

test('as many installation keys are remembered as it says', async () => {
  let opened = 0;
  const key: PreparedKey = { verify: () => true };
  const openPublicKey = (): PreparedKey => {
    opened++;
    return key;
  };
  const port = { ...nodeCrypto, openPublicKey };
  const keys = new InstallationKeys(port, 300);
  const ipks = Array.from({ length: 300 }, () => freshInstallationKey().ipk);
  for (let round = 0; round < 5; round++) for (const ipk of ipks) assert.equal(await keys.open(ipk), key);
  assert.equal(opened, 300);
  assert.deepEqual(keys.gauge, { keys: 300, capacity: 300, hits: 1200, misses: 300 });
});

test('a key that cannot be opened is not remembered, and takes no place', async () => {
  const keys = new InstallationKeys({ ...nodeCrypto, openPublicKey: () => null }, 1);
  const outcome = await keys.open(freshInstallationKey().ipk);
  assert.equal('outcome' in outcome && outcome.reason, 'signature-key-invalid');
});

test('the sizes of both caches are options, and checked', () => {
  const keys = { secret: freshSecret() };
  for (const cache of [{ maxInstallationKeys: 2 }, { maxTokens: 2, maxInstallationKeys: 1_000_000 }, {}, null])
    createGuard({ keys, cache });
  for (const cache of [{ maxInstallationKeys: 1 }, { maxInstallationKeys: 1_000_001 }, { maxTokens: 1 }, { maxKeys: 5 }]) {
    assert.throws(() => createGuard({ keys, cache }), ConfigurationError, JSON.stringify(cache));
  }
});
