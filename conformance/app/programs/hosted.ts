/** What the programs for other runtimes share: an app by its kind, and what its guard's hook saw. */
import type { Setup } from '../../adapters/adapter.ts';
import { errorResponse, type Fetch, fetchApp } from '../fetch-app.ts';
import { type Recorded, recordedGuard } from '../guard-setup.ts';
import { honoApp } from '../hono-app.ts';

/** Which app: of plain handlers, or of a framework. */
export type AppKind = 'fetch' | 'hono' | 'elysia';

/** What a program is told to host. */
export interface Hosting {
  readonly kind: AppKind;
  readonly setup: Setup;
}

/** An app that is ready to serve. */
export interface Hosted extends Pick<Recorded, 'takeVerdicts'> {
  readonly fetch: Fetch;
  readonly onError: (error: unknown) => Response;
}

/** Makes the app. */
export function hosted({ kind, setup }: Hosting): Hosted {
  const onError = errorResponse;
  const { guard, takeVerdicts } = recordedGuard(setup);
  const app = kind === 'hono' ? honoApp(setup, guard) : null;
  return { fetch: app === null ? fetchApp(setup, guard) : (request) => app.fetch(request), onError, takeVerdicts };
}
