/** A real Chromium, and what it complains about. */
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

export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
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
  await page.goto(url);
  await page.waitForSelector('.live:not(.off)');
  return { page, complaints };
}
