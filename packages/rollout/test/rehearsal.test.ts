import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { rehearse } from './rehearsal/week.mjs';

type Options = Omit<Parameters<typeof rehearse>[0], 'folder'>;

async function week(context: TestContext, options: Options): ReturnType<typeof rehearse> {
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return rehearse({ ...options, folder });
}

function assertHeld({ checks, timeline }: Awaited<ReturnType<typeof rehearse>>): void {
  const failed = checks.filter(({ holds }) => !holds).map(({ text }) => text);
  assert.deepEqual(failed, [], timeline.join('\n'));
}

test('a week of a roll-out: who is who, nobody genuine refused who was not named, a wrong secret caught', async (context) => {
  const outcome = await week(context, { size: 400, seed: 1 });
  assertHeld(outcome);
  assert.ok(outcome.requests > 5000);
  const names = outcome.report.classes.map(({ name }) => name);
  for (const name of ['verified', 'wrong-key', 'proxy', 'fail-over', 'old-app', 'attestation-failed', 'forged', 'unknown'])
    assert.ok(
      names.some((known) => known === name),
      name,
    );
});

test('the same seed makes the same week', async (context) => {
  const options = { size: 100, seed: 3, callsADay: 0.5 };
  const [one, same] = [await week(context, options), await week(context, options)];
  assert.deepEqual([one.timeline, one.report], [same.timeline, same.report]);
});

test('ten thousand phones', {
  skip: process.env.REQUIRE_ALL === '1' ? false : 'skipped: the whole rehearsal runs with REQUIRE_ALL=1',
}, async (context) => {
  assertHeld(await week(context, { size: 10_000, seed: 1 }));
});
