/** Fetch handlers on Vercel's Edge Runtime, in a bundle made under its condition `edge-light`. */
import { fileURLToPath } from 'node:url';
import { findFramework } from '../../../tools/frameworks.mjs';
import type { BuildPlan } from '../../app/built-app.ts';
import type { AdapterUnderTest, Traits } from '../adapter.ts';
import { hostedAdapter } from './hosting-server.ts';

const traits: Traits = {
  joinsLines: true,
  normalisesTargets: true,
  quirks: ['first-line', 'preflights-may-have-bodies'],
  crypto: ['platform'],
  // Its development server ends with the process at a target such as `//user@host/`, before anybody of ours is asked.
  supports: ({ name }) => name !== 'paths',
};

const plan: BuildPlan = {
  whole: {
    path: 'edge.js',
    entry: fileURLToPath(new URL('../../app/programs/edge.ts', import.meta.url)),
    conditions: ['edge-light', 'worker'],
  },
  start: (port) => ['edge-runtime/dist/cli/index.js', '--listen', '--host', '127.0.0.1', '--port', String(port), './edge.js'],
};

/** That of the installed Edge Runtime. */
export const onEdgeRuntime: readonly AdapterUnderTest[] =
  findFramework('edge-runtime') === null ? [] : [hostedAdapter('fetch, edge-runtime', traits, plan)];
