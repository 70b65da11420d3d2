/** How a server that hosts every setup at once learns which one a request is for. Runs on every runtime. */
import type { ObservedVerdict, Setup } from '../adapters/adapter.ts';

/** The name of the line that the relay adds. */
export const SETUP_HEADER = 'x-conformance-setup';

/** Where a hosted app answers what its hook saw. */
export const VERDICTS_PATH = '/--verdicts';

/** A setup as the value of a header. */
export function setupToHeader(setup: Setup): string {
  return encodeURIComponent(JSON.stringify(setup));
}

/** What was made for the setup that a request names, once for each. */
export function perSetup<Made>(make: (setup: Setup) => Made): (request: Request) => Made {
  const made = new Map<string, Made>();
  return ({ headers }) => {
    const named = headers.get(SETUP_HEADER) ?? '';
    const known = made.get(named);
    if (known !== undefined) return known;
    const fresh = make(JSON.parse(decodeURIComponent(named)));
    made.set(named, fresh);
    return fresh;
  };
}

/** The answer to whoever asks what the hook saw; `null` for all other requests. */
export function verdictsAnswer(request: Request, takeVerdicts: () => readonly ObservedVerdict[]): Response | null {
  return new URL(request.url).pathname === VERDICTS_PATH ? Response.json(takeVerdicts()) : null;
}
