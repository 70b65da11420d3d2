import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCloud } from '@approov-guard/cloud';
import type { Browser } from 'playwright-core';
import { skipUnless } from '../../../tools/optional.mjs';
import { until } from '../../../tools/until.mjs';
import type { ShownDesk } from '../src/wire.ts';
import { barriers, chromiumPath, launch, open, WINDOWS } from './browser.ts';
import { type Demonstration, demonstrate } from './demonstration.ts';

const APP = 'com.example.shapes';

describe('the cloud and its phones', () => {
  let cloud: Awaited<ReturnType<typeof startCloud>>;
  let demo: Demonstration;
  before(async () => {
    cloud = await startCloud();
    cloud.cloud.change((account) => {
      account.policy.installPubKey = true;
    });
    cloud.cloud.addDomain('localhost');
    cloud.cloud.addApp({ package: APP });
    const secret = { base64: cloud.cloud.account().secret.base64 };
    demo = await demonstrate({ secret, cloud: { url: cloud.url, adminKey: cloud.cloud.adminKey, domain: 'localhost', app: APP } });
  });
  after(async () => {
    await demo?.close();
    await cloud?.close();
  });

  const desk = async (change?: object): Promise<{ status: number; shown: ShownDesk; text: string }> => {
    const url = `${demo.console.url}api/desk`;
    const headers = { 'content-type': 'application/json' };
    const response = await (change === undefined ? fetch(url) : fetch(url, { method: 'POST', headers, body: JSON.stringify(change) }));
    const text = await response.text();
    return { status: response.status, shown: JSON.parse(text), text };
  };

  test('a fleet calls, and each kind of device gets what it deserves', async () => {
    const mix = { genuine: 10, repackaged: 10, old: 10 };
    equal((await desk({ fleet: { isRunning: true, rate: 200, mix } })).status, 200);
    await until(async () => (await desk()).shown.fleet.devices.filter(({ calls }) => calls >= 10).length === 3, 'all three call');
    const { shown, text } = await desk({ fleet: { isRunning: false } });
    equal(shown.fleet.isRunning, false);
    for (const { name, calls, passed } of shown.fleet.devices) equal(passed, name === 'genuine' ? calls : 0, name);
    ok(!text.includes(cloud.cloud.adminKey) && !text.includes(cloud.cloud.account().secret.base64));
  });

  test('switches reach the cloud, and what cannot be is refused with a sentence', async () => {
    equal((await desk({ faults: { outage: true, clockOffsetSeconds: -60 } })).shown.faults.outage, true);
    deepEqual([cloud.cloud.faults.outage, cloud.cloud.faults.clockOffsetSeconds], [true, -60]);
    await desk({ faults: { outage: false, clockOffsetSeconds: 0 } });
    for (const wrong of [
      { faults: { outage: 'yes' } },
      { faults: { nothing: true } },
      { fleet: { rate: 0 } },
      { fleet: { rate: '5' } },
      { fleet: { mix: {} } },
      { fleet: { mix: { genuine: -1 } } },
      // This domain signs with the account secret.
      { rotate: true },
    ]) {
      const { status, text } = await desk(wrong);
      equal(status, 400, JSON.stringify(wrong));
      match(JSON.parse(text).error.message, /\w+ \w+/);
    }
  });

  describe('on the page', skipUnless(chromiumPath, 'chromium'), () => {
    let browser: Browser;
    before(async () => {
      browser = await launch();
    });
    after(() => browser?.close());

    test('the buttons start the phones and break the cloud', async () => {
      const { page, complaints } = await open(browser, demo.console.url);
      await page.click('[data-fleet="start"]');
      await page.waitForSelector('[data-fleet="stop"]');
      await page.locator('.rows tbody tr', { hasText: 'fleet: ' }).first().waitFor();
      await page.click('[data-fault="outage"]');
      await until(() => cloud.cloud.faults.outage, 'the outage is on');
      await page.click('[data-fault="outage"]');
      await until(() => !cloud.cloud.faults.outage, 'the outage is over');
      await page.click('[data-fleet="stop"]');
      await page.waitForSelector('[data-fleet="start"]');
      deepEqual(complaints, []);
    });

    for (const [name, options] of Object.entries(WINDOWS)) {
      test(`${name}, with the cloud and its phones: axe finds nothing, and nothing is wider than the window`, async () => {
        const { page, complaints } = await open(browser, demo.console.url, options);
        await page.waitForSelector('.desk .devices');
        await page.click('[data-scenario="tampered"]');
        await page.waitForSelector('.readiness [data-class]');
        await page.evaluate(() => {
          for (const details of document.querySelectorAll<HTMLDetailsElement>('.readiness details')) details.open = true;
        });
        deepEqual(await barriers(page), []);
        ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
        deepEqual(complaints, []);
      });
    }
  });
});
