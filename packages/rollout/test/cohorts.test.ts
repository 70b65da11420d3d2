import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cohortModes } from '@approov-guard/rollout';
import { requestView } from '@approov-guard/testkit';

const cohortKey = 'a key that the instances share';
const request = requestView({ headers: {} });
const devices = Array.from({ length: 4000 }, (_, index) => `device-${index}`);
const enforced = (share: number, key = cohortKey): ReadonlySet<string> => {
  const mode = cohortModes({ share, cohortKey: key });
  return new Set(devices.filter((did) => mode({ request, claims: { exp: 1, did }, at: 5 }) === 'enforce'));
};

test('a share of devices is enforced, always the same, and all of them at a larger share, too', () => {
  const [small, large] = [enforced(0.1), enforced(0.3)];
  assert.ok(small.size > 300 && small.size < 500, `${small.size}`);
  assert.ok([...small].every((device) => large.has(device)));
  assert.deepEqual(enforced(0.1), small);
  assert.notDeepEqual(enforced(0.1, 'another key of the instances'), small);
  assert.deepEqual([enforced(0).size, enforced(1).size], [0, devices.length]);
});

test('who is not known joins at the whole, and a ramp follows the clock of the guard', () => {
  const mode = cohortModes({
    share: [
      { from: 100, share: 0.5 },
      { from: 200, share: 1 },
    ],
    cohortKey,
  });
  assert.deepEqual(
    [99, 150, 200].map((at) => mode({ request, claims: null, at })),
    ['observe', 'observe', 'enforce'],
  );
  const known = devices.map((did) => mode({ request, claims: { exp: 1, did }, at: 150 }));
  assert.ok(known.includes('enforce') && known.includes('observe'));
});

test('settings that cannot be used are refused by name', () => {
  assert.throws(() => cohortModes({ share: 5, cohortKey }), /share\[0\]\.share/);
  assert.throws(
    () =>
      cohortModes({
        share: [
          { from: 2, share: 0 },
          { from: 1, share: 1 },
        ],
        cohortKey,
      }),
    /share\[1\]\.from/,
  );
  assert.throws(() => cohortModes({ share: 0.5, cohortKey: 'x' }), /cohortKey/);
});
