/** What the programs for other runtimes share: an app by its kind, and what its guard's hook saw. */
import type { Setup } from '../../adapters/adapter.ts';
import { errorResponse, type Fetch, fetchApp } from '../fetch-app.ts';
import { recordedGuard } from '../guard-setup.ts';
import { honoApp } from '../hono-app.ts';

/** Which app: of plain handlers, or of Hono. */
export type AppKind = 'fetch' | 'hono';

/** What a program is told to host. */
export interface Hosting {
  readonly kind: AppKind;
  readonly setup: Setup;
}

/** An app that is ready to serve. */
export interface Hosted {
  readonly fetch: Fetch;
  readonly onError: (error: unknown) => Response;
  takeVerdicts(): readonly unknown[];
}

/** Makes the app. */
export function hosted({ kind, setup }: Hosting): Hosted {
  const { guard, takeVerdicts } = recordedGuard(setup);
  const app = kind === 'hono' ? honoApp(setup, guard) : null;
  const fetch: Fetch = app === null ? fetchApp(setup, guard) : (request) => app.fetch(request);
  return { fetch, onError: errorResponse, takeVerdicts };
}
