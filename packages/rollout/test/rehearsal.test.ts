import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { htmlReport } from '@approov-guard/rollout';
import { skipUnless } from '../../../tools/optional.mjs';
import { barriers, chromiumPath, launch } from '../../console/test/browser.ts';
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
  await context.test(
    'its report as a page: axe finds nothing, nothing is loaded, and there is a picture',
    skipUnless(chromiumPath, 'chromium'),
    () => lookAt(htmlReport(outcome.report)),
  );
});

/** Where the pictures go; `SCREENSHOTS=docs/images` writes those of the documentation anew. */
const pictures = process.env.SCREENSHOTS ?? join(tmpdir(), `approov-guard-report-${process.pid}`);

async function lookAt(html: string): Promise<void> {
  const browser = await launch();
  try {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ colorScheme, viewport: { width: 1100, height: 1000 } });
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.setContent(html);
      assert.deepEqual(await barriers(page), []);
      assert.deepEqual(asked, []);
      mkdirSync(pictures, { recursive: true });
      const path = join(pictures, `report-${colorScheme}.png`);
      await page.screenshot({ path });
      assert.ok(statSync(path).size <= 300 * 1024, `${path} is at most 300 KB`);
      await page.setViewportSize({ width: 360, height: 740 });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than a phone');
      await page.close();
    }
  } finally {
    await browser.close();
  }
}

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
