/** Built apps whose frameworks know a handler by several paths (a base path, a locale, `rewrites`, `reroute`, the data of a page): no row is missed. */
import { deepStrictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { devSecret, mintToken } from '@approov-guard/testkit';
import { end } from '../../../packages/guard/test/runtimes/ends-with-us.ts';
import { findFramework } from '../../../tools/frameworks.mjs';
import { skipUnless } from '../../../tools/optional.mjs';
import { type BuildPlan, buildApp, startApp } from '../../app/built-app.ts';
import { send } from '../../run/wire.ts';

const token = mintToken({ secret: devSecret, lifetimeSeconds: 3600 });
/** All is observed but for rows, each of which takes its token from a header of its own. */
const options = (base: string): string =>
  JSON.stringify({
    keys: { secret: { base64: devSecret.base64 } },
    environment: 'development',
    mode: 'observe',
    exempt: ['/open', '/shop/open'],
    routes: [
      { match: { path: `${base}/pay` }, mode: 'enforce', token: { header: 'pay-token' } },
      { match: { path: `${base}/account` }, mode: 'enforce', token: { header: 'account-token' } },
    ],
  });
const NEXT = 'next/dist/bin/next';
const source = (name: string): string => fileURLToPath(new URL(`../../app/${name}`, import.meta.url));

/** Rows as the files of the app are named, or as clients ask. */
const nextPlan = (base: string): BuildPlan => ({
  written: {
    'next.config.mjs': `export default { basePath: '/shop', skipTrailingSlashRedirect: true, skipProxyUrlNormalize: true,
      generateBuildId: () => 'x', i18n: { locales: ['en', 'de'], defaultLocale: 'en' } };\n`,
    'app/open/route.js': "export const dynamic = 'force-dynamic';\nexport const GET = () => new Response('open');\n",
    'app/pay/route.js': "export const dynamic = 'force-dynamic';\nexport const GET = () => new Response('pay');\n",
    'pages/account.js':
      "export const getServerSideProps = () => ({ props: { ran: 'account' } });\nexport default function Page() { return null; }\n",
    'proxy.js': `import { approov } from 'approov-guard/next';\nexport const proxy = approov(${options(base)});\n`,
  },
  build: [NEXT, 'build'],
  start: (port) => [NEXT, 'start', '--hostname', '127.0.0.1', '--port', String(port)],
});
const kitPlan = (base: string): BuildPlan => ({
  copied: { 'src/app.html': source('sveltekit/app.html') },
  written: {
    'package.json': '{ "private": true, "type": "module" }',
    'vite.config.js': readFileSync(source('sveltekit/vite.config.js'), 'utf8').replace(
      'sveltekit({',
      "sveltekit({ paths: { base: '/shop' },",
    ),
    'src/hooks.js': "export const reroute = ({ url }) => (url.pathname === '/shop/alias' ? '/shop/account' : undefined);\n",
    'src/hooks.server.js': `import { base } from '$app/paths';\nimport { approov } from 'approov-guard/sveltekit';
      export const handle = approov(${options(base)}, undefined, base);\n`,
    'src/routes/open/+server.js': "export const GET = () => new Response('open');\n",
    'src/routes/pay/+server.js': "export const GET = () => new Response('pay');\n",
    'src/routes/account/+page.server.js': "export const load = () => ({ ran: 'account' });\n",
    'src/routes/account/+page.svelte': '<p>account</p>\n',
  },
  build: ['vite/bin/vite.js', 'build'],
  start: () => ['./build/index.js'],
  environment: (port) => ({ PORT: String(port), ORIGIN: 'http://api.example.com' }),
});

const PAY = ['/shop/pay', '/shop/pay/', '/shop/PAY', '/shop/p%61y'];
const suites = [
  {
    name: 'next',
    plan: nextPlan,
    pay: PAY,
    account: ['/shop/account', '/shop/de/account', '/shop/_next/data/x/account.json', '/shop/_next/data/x/de/account.json'],
  },
  {
    name: 'sveltekit',
    plan: kitPlan,
    pay: PAY,
    account: ['/shop/account', '/shop/account/__data.json', '/shop/alias', '/shop/alias/__data.json'],
  },
];

for (const { name, plan, pay, account } of suites) {
  for (const base of ['', '/shop']) {
    describe(`${name}, rows ${base === '' ? 'without' : 'with'} the base path`, skipUnless(findFramework(name), name), () => {
      it('runs no handler for who does not satisfy its row, and every one for who does', async () => {
        const made = plan(base);
        const { port, child } = await startApp(made, await buildApp(made));
        const ask = async (target: string, headers: readonly string[] = []): Promise<boolean> => {
          const lines = headers.map((header) => [header, token] as const);
          const { status } = await send(`http://127.0.0.1:${port}`, { target, headers: lines });
          return status === 200;
        };
        try {
          const ran: string[] = [];
          for (const target of [...pay, ...account]) if (await ask(target)) ran.push(target);
          for (const target of pay) if (await ask(target, ['account-token'])) ran.push(`${target} by another's row`);
          deepStrictEqual(ran, []);
          const stopped: string[] = [];
          for (const target of [pay[0] ?? '', ...account]) if (!(await ask(target, ['pay-token', 'account-token']))) stopped.push(target);
          if (!(await ask('/shop/open'))) stopped.push('/shop/open');
          deepStrictEqual(stopped, []);
        } finally {
          await end(child);
        }
      });
    });
  }
}
