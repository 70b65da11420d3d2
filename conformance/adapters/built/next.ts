/** Next.js 16, built and started with `next start`: route handlers, `proxy.js` (Node), `middleware.js` (its edge runtime). */
import { fileURLToPath } from 'node:url';
import { findFramework } from '../../../tools/frameworks.mjs';
import type { BuildPlan } from '../../app/built-app.ts';
import type { AdapterUnderTest, Traits } from '../adapter.ts';
import { hostedAdapter } from './hosting-server.ts';

const middlewareTraits: Traits = {
  joinsLines: true,
  normalisesTargets: true,
  quirks: ['first-line', 'redirects-targets', 'preflights-may-have-bodies'],
  crypto: ['platform'],
};
/** Routes see less of the target than `proxy.js` does. */
const routeTraits: Traits = {
  ...middlewareTraits,
  quirks: ['first-line', 'redirects-targets', 'decodes-paths', 'fragment-dropped', 'query-rewritten', 'preflights-may-have-bodies'],
};
const source = (name: string): string => fileURLToPath(new URL(`../../app/next/${name}`, import.meta.url));
const NEXT = 'next/dist/bin/next';
const EVERY_PATH = 'app/[[...path]]/route.js';

function planOf(files: Pick<BuildPlan, 'bundled' | 'written'>): BuildPlan {
  return {
    copied: { 'next.config.mjs': source('next.config.mjs') },
    ...files,
    build: [NEXT, 'build'],
    start: (port) => [NEXT, 'start', '--hostname', '127.0.0.1', '--port', String(port)],
  };
}

/** Next looks for the name in the text of the file itself. */
function behind(name: 'proxy' | 'middleware'): BuildPlan {
  return planOf({
    bundled: { 'judge.mjs': source('middleware.ts'), [EVERY_PATH]: source('route-behind.ts') },
    written: { [`${name}.js`]: `import { judge } from './judge.mjs';\nexport const ${name} = (request) => judge(request);\n` },
  });
}

/** Those of the installed Next.js. */
export const onNext: readonly AdapterUnderTest[] =
  findFramework('next') === null
    ? []
    : [
        hostedAdapter('next 16, routes', routeTraits, planOf({ bundled: { [EVERY_PATH]: source('route.ts') } })),
        hostedAdapter('next 16, proxy', middlewareTraits, behind('proxy')),
        hostedAdapter('next 16, edge middleware', middlewareTraits, behind('middleware')),
      ];
