import { deepEqual, equal, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { exampleToken, requestView } from '@approov-guard/testkit';
import type { Browser, Page } from 'playwright-core';
import { skipUnless } from '../../../tools/optional.mjs';
import { SCENARIOS } from '../src/actions/scenarios.ts';
import { barriers, chromiumPath, launch, open, WINDOWS } from './browser.ts';
import { type Demonstration, demonstrate } from './demonstration.ts';

/** Where the pictures go; `SCREENSHOTS=docs/images` writes those of the documentation anew. */
const pictures = process.env.SCREENSHOTS ?? join(tmpdir(), `approov-guard-console-${process.pid}`);

/** Which check has to be marked for a code; codes that are not here name their check by themselves. */
const CHECK_OF: { readonly [code: string]: string } = {
  'token-missing': 'token-header',
  'token-duplicated': 'token-header',
  'token-sdk-status': 'token-header',
  'token-malformed': 'token-form',
  'token-algorithm-not-allowed': 'token-key',
  'token-signature-invalid': 'token-signature',
  'token-expiry-missing': 'token-times',
  'token-expired': 'token-times',
  'token-not-yet-valid': 'token-times',
  'binding-claim-missing': 'binding',
  'binding-value-missing': 'binding',
  'binding-mismatch': 'binding',
  'signature-missing': 'signature-form',
  'signature-too-old': 'signature-parameters',
  'signature-invalid': 'signature-proof',
  'signature-replayed': 'signature-replay',
  'digest-mismatch': 'digest',
};

/** Which lines of the signature base have to be marked. */
const LINES_OF: { readonly [scenario: string]: readonly string[] } = {
  moved: ['"@target-uri"'],
  method: ['"@method"'],
  exchanged: ['"approov-token"'],
};

/** Texts that break pages which take them for something else. */
const HOSTILE: readonly string[] = [
  '<script>globalThis.stolen = 1</script>',
  '"><img src=x onerror="globalThis.stolen = 1">',
  "'-globalThis.stolen=1-'",
  '</title></style></textarea><svg onload=globalThis.stolen=1>',
  'javascript:globalThis.stolen=1',
  '{{constructor.constructor("globalThis.stolen=1")()}}',
  '${globalThis.stolen = 1}',
  '__proto__',
  'constructor',
  '\u202eesrever\u2066\u200b\ufeff',
  '\u0000\u0007\u001b[2J\r\ndata: {}\n\n',
  'x'.repeat(6000),
  'W'.repeat(300),
  '\u0301'.repeat(2000),
  '\ud800',
  '&lt;b&gt;&#x3c;script>',
  '<base href=https://evil.example><link rel=stylesheet href=//evil.example>',
  '\n'.repeat(2000),
];

/** In the page: how many frames counted a request and did not list it, and in how many animation frames its row was there after the one that did. */
const FRAMES = `{
  const listeners = new Set();
  globalThis.EventSource = class extends EventSource {
    constructor(url) {
      super(url);
      this.addEventListener('message', ({ data }) => listeners.forEach((listen) => listen(JSON.parse(data))));
    }
  };
  globalThis.rowOf = (path, before) => new Promise((done) => {
    let withoutIt = 0;
    listeners.add(function listen({ codes, decisions }) {
      if ((codes['token-sdk-status'] ?? 0) <= before) return;
      if (!decisions.some((decision) => decision.path === path)) return void withoutIt++;
      listeners.delete(listen);
      let turns = 0;
      const look = () => {
        if (document.querySelector('.rows')?.textContent?.includes(path)) done({ withoutIt, turns });
        else requestAnimationFrame(() => { turns++; look(); });
      };
      look();
    });
  });
}`;

async function press(page: Page, scenario: string): Promise<void> {
  await page.click(`[data-scenario="${scenario}"]`);
  await page.waitForSelector(`[data-scenario="${scenario}"][aria-pressed="true"]`);
  await page.waitForSelector('.builder[aria-busy="false"]');
}

const attributes = (page: Page, selector: string, name: string): Promise<(string | null)[]> =>
  page.locator(selector).evaluateAll((elements, attribute) => elements.map((element) => element.getAttribute(attribute)), name);

describe('the page in Chromium', skipUnless(chromiumPath, 'chromium'), () => {
  let browser: Browser;
  let demo: Demonstration;
  before(async () => {
    [browser, demo] = await Promise.all([launch(), demonstrate()]);
  });
  after(async () => {
    await browser?.close();
    await demo?.close();
  });

  test('each button leads to the verdict that it promises, and to the line where it fell', async () => {
    const { page, complaints } = await open(browser, demo.console.url);
    for (const { id, expects } of SCENARIOS) {
      await press(page, id);
      equal(await page.locator('.way [data-verdict]').getAttribute('data-verdict'), expects.code, id);
      ok((await page.locator('.verdict small').textContent())?.includes(`The client sees: ${expects.status}`), id);
      deepEqual(
        await attributes(page, '[data-decisive="true"]', 'data-check'),
        expects.code === 'accepted' ? [] : [CHECK_OF[expects.code]],
        id,
      );
      deepEqual(await attributes(page, '.base .differs', 'data-line'), LINES_OF[id] ?? [], id);
      if (expects.code === 'accepted') equal(await page.locator('.checks .failed').count(), 0, id);
    }
    deepEqual(complaints, []);
  });

  test('an edited request is judged as it is sent, and compared with what was signed', async () => {
    const { page, complaints } = await open(browser, demo.console.url);
    await press(page, 'genuine-signed');
    equal(await page.locator('.way [data-verdict]').getAttribute('data-verdict'), 'accepted');
    await page.fill('.editor .wide input', '/v5/shapes?amount=1000000');
    await page.click('.editor button[type=submit]');
    await page.waitForSelector('[data-verdict="signature-invalid"]');
    deepEqual(await attributes(page, '.base .differs', 'data-line'), ['"@target-uri"']);
    const curl = (await page.locator('.curl').textContent()) ?? '';
    ok(curl.startsWith('curl ') && curl.endsWith(`'${demo.api}/v5/shapes?amount=1000000'`), curl);
    deepEqual(complaints, []);
  });

  test('a request from elsewhere is in the first frame after it, and on the page three animation frames later', async () => {
    // A frame of the stream comes each 100 ms: two of them would be there before 300 ms, and here it is the first. Counted, not timed.
    const { page, complaints } = await open(browser, demo.console.url, {}, FRAMES);
    const before = demo.guard.counters().rejected['token-sdk-status'];
    const path = '/v2/shapes/from-elsewhere';
    await page.evaluate(`void (globalThis.seen = globalThis.rowOf(${JSON.stringify(path)}, ${before}))`);
    const outgoing = request(`${demo.api}${path}`, { headers: { 'user-agent': 'okhttp/4.12', 'approov-token': 'NO_NETWORK' } });
    outgoing.end();
    const [response] = await once(outgoing, 'response');
    response.resume();
    const { withoutIt, turns } = (await page.evaluate('globalThis.seen')) as { withoutIt: number; turns: number };
    deepEqual(withoutIt, 0, 'frames that counted it and did not list it');
    ok(turns <= 3, `${turns} animation frames`);
    const row = page.locator('.rows tbody tr', { hasText: 'from-elsewhere' }).first();
    equal(await row.getAttribute('data-code'), 'token-sdk-status');
    await row.locator('button').click();
    await page.waitForSelector('.way [data-verdict="token-sdk-status"]');
    deepEqual(complaints, []);
  });

  test('it says what enforcing would refuse, live, and what apps call themselves is text', async () => {
    const { page, complaints } = await open(browser, demo.console.url);
    const version = '<img src=x onerror=1>';
    const headers = { 'approov-token': exampleToken({ secret: demo.secret }), 'x-app-version': version, 'x-app-platform': '"\'&' };
    for (let count = 0; count < 3; count++) {
      const outgoing = request(`${demo.api}/v2/shapes`, { headers, agent: false });
      outgoing.end();
      const [response] = await once(outgoing, 'response');
      response.resume();
    }
    await page.waitForFunction(() => document.querySelector('.readiness')?.textContent?.includes('<img src=x onerror=1>'));
    equal(await page.locator('.readiness [data-ready]').getAttribute('data-ready'), 'false');
    deepEqual(await attributes(page, '.readiness [data-finding]', 'data-finding'), [
      'days',
      'unavailable',
      'genuine',
      'oldApps',
      'signatureInvalid',
    ]);
    ok((await attributes(page, '.readiness [data-class]', 'data-class')).includes('verified'));
    await page.locator('.readiness summary', { hasText: 'By version' }).click();
    const row = page.locator('.readiness details[open] tr', { hasText: version });
    equal(await row.locator('td').nth(1).textContent(), '3');
    equal(await page.locator('.readiness img').count(), 0);
    deepEqual(complaints, []);
  });

  test('whatever a request holds is text: no script runs, nothing grows, the page stays whole', async () => {
    const { page, complaints } = await open(browser, demo.console.url);
    const before = await page.evaluate(() => document.documentElement.scrollWidth);
    for (const [index, text] of HOSTILE.entries()) {
      const short = text.slice(0, 1000);
      const claims = { did: short, iss: short, [text.slice(0, 100)]: short, nested: [[[{ a: short }]]] };
      const token = exampleToken({ secret: demo.secret, claims });
      const path = `/v2/shapes/../${encodeURIComponent(Buffer.from(text).toString()).slice(0, 2000)}`;
      for (const target of [path, '/v2/shapes']) {
        const printable = text.replace(/[^\x20-\x7e]/g, '?').slice(0, 3000);
        const headers = { 'user-agent': printable, 'approov-token': index % 2 === 0 ? token : printable, 'signature-input': printable };
        const outgoing = request(demo.api, { path: target, headers, agent: false });
        outgoing.end();
        const [response] = await once(outgoing, 'response');
        response.resume();
      }
    }
    ok(await page.locator('[data-tile=rejected] dd').textContent());
    const rows = page.locator('.rows tbody tr');
    await rows.nth(HOSTILE.length - 1).waitFor();
    for (let index = 0; index < HOSTILE.length; index++) {
      const row = page.locator('.rows tbody button').nth(index);
      await row.click();
      await page.waitForSelector('.way [data-verdict], .way .problem');
    }
    equal(await page.evaluate(() => document.querySelectorAll('script:not([src]), iframe, img, object, embed, base, style').length), 0);
    equal(await page.evaluate('globalThis.stolen'), undefined);
    equal(await page.title(), 'approov-guard console');
    ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= before);
    ok((await page.evaluate(() => document.querySelectorAll('*').length)) < 1500);
    ok((await rows.count()) <= 40);
    deepEqual(complaints, []);
  });

  test('10,000 requests a second do not freeze it: it says that it shows a sample, and still answers', async () => {
    const { page, complaints } = await open(browser, demo.console.url);
    const before = demo.guard.counters().rejected['token-missing'];
    let isOver = false;
    const view = requestView({ target: '/v2/shapes' });
    // Straight into the guard: as many as sockets could not bring on a busy machine.
    const flood = (async () => {
      while (!isOver) {
        for (let count = 0; count < 1000; count++) void demo.guard.decide(view);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    await page.waitForFunction(() =>
      /^Busy: \d+ of [\d,]{5,} requests a second/.test(document.querySelector('.sampled')?.textContent ?? ''),
    );
    // Each frame of the animation is a turn in which the page was free: the page that is frozen has none.
    const turns =
      'new Promise((done) => { let seen = 0; const turn = () => (++seen === 30 ? done(seen) : requestAnimationFrame(turn)); turn(); })';
    equal(await page.evaluate(turns), 30);
    await press(page, 'expired');
    equal(await page.locator('.way [data-verdict]').getAttribute('data-verdict'), 'token-expired');
    isOver = true;
    await flood;
    const sent = demo.guard.counters().rejected['token-missing'] - before;
    ok(sent >= 1000);
    ok((await page.evaluate(() => document.querySelectorAll('*').length)) < 1500);
    deepEqual(complaints, []);
  });

  test('the token inspector decodes without a request', async () => {
    const { page, complaints } = await open(browser, demo.console.url);
    const asked: string[] = [];
    page.on('request', (sent) => asked.push(sent.url()));
    const token = exampleToken({
      secret: { base64: Buffer.alloc(32, 7).toString('base64') },
      claims: { did: '<img src=x onerror=alert(1)>' },
    });
    await page.getByLabel(/Paste a token/).fill(token);
    await page.waitForSelector('.inspected pre');
    ok((await page.locator('.inspected').textContent())?.includes('<img src=x onerror=alert(1)>'));
    await page.getByLabel(/Paste a token/).fill('nonsense');
    await page.waitForSelector('.inspected .problem');
    deepEqual(asked, []);
    deepEqual(complaints, []);
  });

  test('everything is reached with the keyboard', async () => {
    const { page } = await open(browser, demo.console.url);
    await page.keyboard.press('Tab');
    equal(await page.evaluate(() => document.activeElement?.textContent?.trim()), 'Skip to the content');
    for (let steps = 0; steps < 20; steps++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate(() => document.activeElement?.getAttribute('data-scenario'))) === 'tampered') break;
    }
    await page.keyboard.press('Enter');
    await page.waitForSelector('.way [data-verdict="token-signature-invalid"]');
  });

  for (const [name, options] of Object.entries(WINDOWS)) {
    test(`${name}: axe finds nothing, nothing is wider than the window, and there is a picture`, async () => {
      const { page, complaints } = await open(browser, demo.console.url, options);
      for (const scenario of name === 'light' ? [null, 'genuine', 'moved'] : ['moved']) {
        if (scenario !== null) {
          await press(page, scenario);
          await page.waitForSelector('.way [data-verdict]');
        }
        deepEqual(await barriers(page), []);
        ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      }
      mkdirSync(pictures, { recursive: true });
      const path = join(pictures, `console-${name}.png`);
      await page.evaluate(() => scrollTo(0, 0));
      await page.screenshot({ path });
      ok(name === 'wide' || statSync(path).size <= 300 * 1024, `${path} is at most 300 KB`);
      deepEqual(complaints, []);
    });
  }
});
