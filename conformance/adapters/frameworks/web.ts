/** Web-standard fetch handlers, on a bridge from Node. Their own platforms are in `runtimes.ts`. */
import { errorResponse, fetchApp } from '../../app/fetch-app.ts';
import { startServer } from '../../app/in-node.ts';
import { serveFetch } from '../../app/web-bridge.ts';
import type { AdapterUnderTest, Setup } from '../adapter.ts';

export const web: AdapterUnderTest = {
  name: 'fetch',
  traits: { joinsLines: true, normalisesTargets: true, quirks: ['preflights-may-have-bodies'], crypto: ['platform', 'web'] },
  start: (setup: Setup) => startServer(setup, (guard) => serveFetch(fetchApp(setup, guard), errorResponse)),
};
