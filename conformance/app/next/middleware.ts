/** Next.js: one middleware before all routes, which judges and tells them what was decided. */
import { approov } from 'approov-guard/next';
import { NextResponse } from 'next/server';
import { fetchApp, type JudgedRequest } from '../fetch-app.ts';
import { recordedGuard } from '../guard-setup.ts';
import { perSetup, verdictsAnswer } from '../hosted-setup.ts';
import { headersWith } from './decision-header.ts';

const goOn = (request: JudgedRequest): Response => NextResponse.next({ request: { headers: headersWith(request, request.approov) } });

const hostedFor = perSetup((setup) => {
  const { guard, takeVerdicts } = recordedGuard(setup);
  return { fetch: fetchApp(setup, guard, { protect: approov, handlerFor: () => goOn }), takeVerdicts };
});

/** What `proxy.js` and `middleware.js` export. */
export async function judge(request: Request): Promise<Response> {
  const { fetch, takeVerdicts } = hostedFor(request);
  return verdictsAnswer(request, takeVerdicts) ?? fetch(request);
}
