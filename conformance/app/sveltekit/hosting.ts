/** What the SvelteKit app under test does: the `handle` hook, before all routes or for a route, the hook for errors, and the routes. */
import type { Decision, Guard } from 'approov-guard';
import { approov } from 'approov-guard/sveltekit';
import type { Setup } from '../../adapters/adapter.ts';
import { answer, errorAnswer } from '../behaviours.ts';
import { demandsOf, recordedGuard } from '../guard-setup.ts';
import { perSetup, verdictsAnswer } from '../hosted-setup.ts';
import { routeOf } from '../routes.ts';

/** What is used of SvelteKit, which is installed only where its apps are built. */
interface KitEvent {
  readonly request: Request;
  readonly url: URL;
  readonly locals: { approov?: Decision; failed?: true };
}
interface Input {
  readonly event: KitEvent;
  readonly resolve: (event: KitEvent) => Response | Promise<Response>;
}
type Handle = (input: Input) => Response | Promise<Response>;

const unprotected: Handle = ({ event, resolve }) => resolve(event);

function handleOf(setup: Setup, guard: Guard): Handle {
  if (setup.scope === 'app') return approov(guard);
  const handles = new Map<string, Handle>(
    setup.routes.map((route) => {
      const demands = demandsOf(route);
      return [route.path, demands === null ? unprotected : approov(guard, demands)];
    }),
  );
  return (input) => (handles.get(input.event.url.pathname) ?? unprotected)(input);
}

const hostedFor = perSetup((setup) => {
  const { guard, takeVerdicts } = recordedGuard(setup);
  return { handle: handleOf(setup, guard), takeVerdicts };
});

export async function handle(input: Input): Promise<Response> {
  const { request, locals } = input.event;
  const hosted = hostedFor(request);
  const response = verdictsAnswer(request, hosted.takeVerdicts) ?? (await hosted.handle(input));
  // SvelteKit answers errors with its page `error.html`, which shows what `handleError` says.
  return locals.failed === true ? new Response(response.body, { status: response.status, headers: errorAnswer(null).headers }) : response;
}

export function handleError({ error, event }: { readonly error: unknown; readonly event: KitEvent }): { readonly message: string } {
  event.locals.failed = true;
  return { message: errorAnswer(error).body };
}

const routesFor = perSetup(({ routes }) => routes);

/** The route of every path. */
export function fallback({ request, url, locals }: KitEvent): Promise<Response> {
  return answer(routeOf(routesFor(request), url.pathname).behaviour, {
    decision: locals.approov,
    method: request.method,
    target: request.url.slice(url.origin.length),
    readBody: async () => new Uint8Array(await request.arrayBuffer()),
  }).then((given) => new Response(given.body, given));
}
