/** A real Chromium, and what it complains about. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { findProgram } from '../../../tools/optional.mjs';

/** Where it is, as Debian calls it and as others do. */
export const chromiumPath: string | null =
  ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
    .map((name) => findProgram(name))
    .find((path) => path !== null) ?? null;

export function launch(): Promise<Browser> {
  // Without a sandbox it also runs as root, as in containers; it opens the test's own page only.
  return chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** A page and everything that went wrong in it: errors of scripts, messages of the console, violations of the policy. */
export interface Watched {
  readonly page: Page;
  readonly complaints: string[];
}

/** Opens the page. @param before - a script that runs before those of the page */
export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}, before = ''): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1500, height: 1000 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error(`policy: ${violatedDirective} ${blockedURI}`),
    );
  });
  await page.addInitScript(before);
  await page.goto(url);
  await page.waitForSelector('.live:not(.off)');
  return { page, complaints };
}

/** The windows in which the page must be without fault. */
export const WINDOWS = {
  light: { colorScheme: 'light', viewport: { width: 1440, height: 1000 } },
  dark: { colorScheme: 'dark', viewport: { width: 1440, height: 1000 } },
  phone: { colorScheme: 'light', viewport: { width: 360, height: 740 } },
  wide: { colorScheme: 'light', viewport: { width: 2560, height: 1300 } },
} as const;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds. Not loaded by the page's own policy, which takes no script from elsewhere: the debugger may. */
export async function barriers(page: Page): Promise<unknown> {
  await page.evaluate(axe);
  return page.evaluate('axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))');
}
