/** SvelteKit 2, built with adapter-node, and started as that says: `node build`. */
import { fileURLToPath } from 'node:url';
import { findFramework } from '../../../tools/frameworks.mjs';
import type { BuildPlan } from '../../app/built-app.ts';
import type { AdapterUnderTest, Traits } from '../adapter.ts';
import { hostedAdapter } from './hosting-server.ts';

const traits: Traits = {
  joinsLines: true,
  normalisesTargets: true,
  quirks: ['first-line', 'absolute-form-not-found', 'final-slash-dropped', 'untyped-body-dropped'],
  crypto: ['platform'],
};
const source = (name: string): string => fileURLToPath(new URL(`../../app/sveltekit/${name}`, import.meta.url));

const plan: BuildPlan = {
  copied: {
    'vite.config.js': source('vite.config.js'),
    'src/app.html': source('app.html'),
    'src/error.html': source('error.html'),
  },
  bundled: { 'src/hosting.js': source('hosting.ts') },
  written: {
    'package.json': '{ "private": true, "type": "module" }',
    'src/hooks.server.js': "export { handle, handleError } from './hosting.js';\n",
    'src/routes/[...path]/+server.js': "export { fallback } from '../../hosting.js';\nexport const trailingSlash = 'ignore';\n",
  },
  build: ['vite/bin/vite.js', 'build'],
  start: () => ['./build/index.js'],
  // Without ORIGIN, adapter-node believes that every request came by https.
  environment: (port) => ({ PORT: String(port), ORIGIN: 'http://api.example.com', BODY_SIZE_LIMIT: 'Infinity' }),
};

/** That of the installed SvelteKit. */
export const onSvelteKit: readonly AdapterUnderTest[] =
  findFramework('sveltekit') === null ? [] : [hostedAdapter('sveltekit 2', traits, plan)];
