/** Explanations over the options of a guard that serves requests at the same time, and over what cannot be explained. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import { mintToken, requestView } from '@approov-guard/testkit';
import { createGuard, type GuardOptions, KeySet, type KeySource } from 'approov-guard';
import { explainRequest } from 'approov-guard/explain';
import { now, secret } from '../../both-ports.ts';

const token = mintToken({ secret, now });
const request = requestView({ headers: [['approov-token', token]] });

test('a key source that serves a guard is asked, and not closed', async () => {
  let asked = 0;
  let closed = 0;
  const keys: KeySource = {
    current: () => new KeySet([]),
    refresh: () => {
      asked++;
      return true;
    },
    close: () => {
      closed++;
    },
  };
  for (const given of [keys, [keys], [keys, { secret }]] as const) await explainRequest(request, { keys: given, now: () => now });
  assert.equal(asked, 2);
  assert.equal(closed, 0);
  createGuard({ keys }).close();
  assert.equal(closed, 1);
});

test('mistakes in the options are the configuration errors of a guard', async () => {
  for (const options of [
    undefined,
    null,
    7,
    [],
    { keys: null },
    { keys: { secret }, now: 7 },
    { keys: { secret }, token: null },
    { keys: { secret }, tokens: {} },
  ]) {
    await assert.rejects(explainRequest(request, options as GuardOptions), { name: 'ConfigurationError' }, inspect(options));
  }
});
