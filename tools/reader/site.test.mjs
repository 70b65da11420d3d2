/** The documentation as a site: every link on it leads somewhere, nothing is fetched from elsewhere, it is searched, and axe finds nothing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromiumPath, launch } from '../../packages/console/test/browser.ts';
import { files, filesIn, root } from '../checks/lib/source.mjs';
import { skipUnless } from '../optional.mjs';
import { everyRuntime } from '../runtimes.mjs';

/** Pages of one form, each with thousands of lines: the shortest of them stands for all. */
const MADE_ALIKE = /reference\/api-(?!cli\.)/;
const TYPES = new Map(Object.entries({ '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const site = mkdtempSync(join(tmpdir(), 'approov-guard-site-'));
const server = createServer(({ url = '' }, response) => {
  const path = join(site, new URL(url, 'http://site').pathname.replace(/\/$/, '/index.html'));
  response.writeHead(existsSync(path) ? 200 : 404, { 'content-type': TYPES.get(extname(path)) ?? 'application/octet-stream' });
  response.end(existsSync(path) ? readFileSync(path) : '');
});

// Half a minute of work: asked for by REQUIRE_ALL=1, as other runtimes are.
describe('the site', everyRuntime ? {} : { skip: 'skipped: the site not asked for' }, () => {
  let origin = '';
  /** @type {Promise<import('playwright-core').Browser>} */
  let browser;
  before(async () => {
    const { status, stdout, stderr } = spawnSync('npm', ['run', 'docs', '--', '--outDir', site], { cwd: root, encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}${stderr}`);
    await new Promise((listening) => server.listen(0, '127.0.0.1', () => listening(null)));
    const address = /** @type {import('node:net').AddressInfo} */ (server.address());
    if (chromiumPath) browser = launch();
    origin = `http://127.0.0.1:${address.port}`;
  });
  after(async () => {
    await (await browser)?.close();
    server.close();
    server.closeAllConnections();
    rmSync(site, { recursive: true });
  });

  test('every page of docs is on it, and every link leads to a file and a heading', () => {
    const pages = filesIn(site, /\.html$/);
    assert.equal(pages.length, files(/^docs\/.*\.md$/).length + 1, 'the pages, and the one that says 404');
    const texts = new Map(pages.map((path) => [path, readFileSync(join(site, path), 'utf8')]));
    const lost = [...texts].flatMap(([path, text]) =>
      [...text.matchAll(/ (?:href|src)="([^"]+)"/g)]
        .filter(([, link = '']) => !/^(?:https?|data|mailto):/.test(link) && !leads(path, link.replaceAll('&amp;', '&'), texts))
        .map(([, link]) => `${path}: ${link}`),
    );
    assert.deepEqual(lost, []);
  });

  // Every rule in the light; in the dark those of colours. A phone shows each page without a bar to push it aside.
  test(
    'every page: axe finds nothing, nothing comes from elsewhere, and a phone shows it whole',
    skipUnless(chromiumPath, 'chromium'),
    async () => {
      const page = await (await browser).newPage();
      const found = /** @type {string[]} */ ([]);
      page.on('request', (request) => request.url().startsWith(origin) || found.push(`from elsewhere: ${request.url()}`));
      page.on('pageerror', ({ message }) => found.push(message));
      for (const path of filesIn(site, /\.html$/).filter((path) => !MADE_ALIKE.test(path))) {
        // What stands around the text is the same on all: it is looked at once.
        const part = /^(?:index|404)\.html$/.test(path) ? 'html' : 'main';
        await page.emulateMedia({ colorScheme: 'light' });
        await page.setViewportSize({ width: 1440, height: 1000 });
        await page.goto(`${origin}/${path}`);
        // Its name comes with the scripts: the page is alive.
        if (path !== '404.html') await page.waitForSelector('.VPSwitchAppearance:not([title=""])', { state: 'attached' });
        await page.evaluate(axe);
        found.push(...(await barriers(page, `${path}, light`, part, {})));
        await page.emulateMedia({ colorScheme: 'dark' });
        await page.waitForSelector('html.dark');
        found.push(...(await barriers(page, `${path}, dark`, part, { runOnly: ['color-contrast'] })));
        await page.setViewportSize({ width: 360, height: 740 });
        const width = await page.evaluate('document.documentElement.scrollWidth');
        if (width !== 360) found.push(`${path}: ${width} pixels wide on a phone of 360`);
      }
      assert.deepEqual(found, []);
    },
  );

  test('the search finds a reason by its code', skipUnless(chromiumPath, 'chromium'), async () => {
    const page = await (await browser).newPage();
    await page.goto(origin, { waitUntil: 'networkidle' });
    await page.keyboard.press('Control+k');
    await page.fill('.search-input', 'token-replayed');
    await page.waitForSelector('.results a[href*="reasons.html#token-replayed"]');
  });
});

/** @param {import('playwright-core').Page} page @param {string} where @param {string} part @param {object} options */
async function barriers(page, where, part, options) {
  const run = `axe.run(${JSON.stringify(part)}, ${JSON.stringify(options)}).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))`;
  return /** @type {string[][]} */ (await page.evaluate(run)).map((violation) => [where, ...violation].join(' '));
}

/** @param {string} from @param {string} link @param {Map<string, string>} texts */
function leads(from, link, texts) {
  const [path = '', anchor = ''] = link.split('#');
  const target = path === '' ? from : path.startsWith('/') ? path.slice(1) : join(dirname(from), path);
  const file = target === '' || target.endsWith('/') ? `${target}index.html` : target;
  if (!existsSync(join(site, decodeURI(file)))) return false;
  return anchor === '' || (texts.get(file) ?? '').includes(` id="${decodeURIComponent(anchor)}"`);
}
