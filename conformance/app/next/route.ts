/** Next.js: route handlers that are protected each by itself. */
import { approov } from 'approov-guard/next';
import { errorResponse, fetchApp } from '../fetch-app.ts';
import { recordedGuard } from '../guard-setup.ts';
import { perSetup, verdictsAnswer } from '../hosted-setup.ts';

const hostedFor = perSetup((setup) => {
  const { guard, takeVerdicts } = recordedGuard(setup);
  return { fetch: fetchApp(setup, guard, { protect: approov }), takeVerdicts };
});

async function handler(request: Request): Promise<Response> {
  const { fetch, takeVerdicts } = hostedFor(request);
  try {
    return verdictsAnswer(request, takeVerdicts) ?? (await fetch(request));
  } catch (error) {
    // Next answers errors with a text of its own: what a handler throws has to come out of the guard untouched.
    return errorResponse(error);
  }
}

export { handler as DELETE, handler as GET, handler as HEAD, handler as OPTIONS, handler as PATCH, handler as POST, handler as PUT };
