/** The program for Vercel's Edge Runtime: one script hosts every setup. */
import { errorResponse, fetchApp } from '../fetch-app.ts';
import { recordedGuard } from '../guard-setup.ts';
import { perSetup, verdictsAnswer } from '../hosted-setup.ts';

interface FetchEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const hostedFor = perSetup((setup) => {
  const { guard, takeVerdicts } = recordedGuard(setup);
  return { fetch: fetchApp(setup, guard), takeVerdicts };
});

async function answered(request: Request): Promise<Response> {
  const { fetch, takeVerdicts } = hostedFor(request);
  try {
    return verdictsAnswer(request, takeVerdicts) ?? (await fetch(request));
  } catch (error) {
    // There is no hook for errors: what a handler throws has to come out of the guard untouched.
    return errorResponse(error);
  }
}

// The cast holds in the Edge Runtime.
const { addEventListener } = globalThis as unknown as { addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void };
addEventListener('fetch', (event) => event.respondWith(answered(event.request)));
