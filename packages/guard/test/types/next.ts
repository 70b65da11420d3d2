/**
 * Route handlers and middleware as Next.js calls them, and the type of `request.approov`. Next is not installed here: what it passes and
 * takes is written down. Its real build runs in `conformance`.
 */
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { approov, type Judged, type Middleware } from 'approov-guard/next';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

/** `NextRequest`: a Fetch request with more. */
interface NextRequest extends Request {
  readonly nextUrl: { readonly pathname: string; readonly searchParams: URLSearchParams };
  readonly cookies: { get(name: string): { readonly name: string; readonly value: string } | undefined };
}
/** What a route handler gets after the request; from Next 15 on a promise. */
interface RouteContext {
  readonly params: Promise<{ readonly id: string }>;
}
/** What Next's own check of routes takes: an answer may be missing. */
type RouteHandler = (request: NextRequest, context: RouteContext) => Response | undefined | Promise<Response | undefined>;
type MiddlewareAnswer = Response | null | undefined;
/** `NextMiddleware`, and what `proxy.ts` exports. */
type NextMiddleware = (request: NextRequest, event: object) => MiddlewareAnswer | Promise<MiddlewareAnswer>;

export const GET: (request: Request) => Promise<Response> = approov(options, (request) => {
  proves<Same<typeof request, Judged<Request>>>();
  proves<Same<typeof request.approov, Decision>>();
  // @ts-expect-error: claims may be absent
  request.approov.claims.did;
  // @ts-expect-error: the decision is not written to
  request.approov = null;
  return Response.json({ device: request.approov.claims?.did satisfies string | undefined });
});
export const POST: RouteHandler = approov(
  guard,
  async (request: Judged<NextRequest>, { params }: RouteContext) => Response.json([request.nextUrl.pathname, (await params).id]),
  { binding: { headers: ['authorization'] } },
);
export const PUT: RouteHandler = approov(options, () => undefined);
export const middleware: NextMiddleware = approov(guard);
export const observing: NextMiddleware = approov(guard, undefined, { mode: 'observe' });
export const inMiddleware: NextMiddleware = approov(guard, (request) => (request.approov.claims === null ? undefined : Response.error()));

// @ts-expect-error: a handler needs a guard or its options
approov();
const goingOn = approov(guard);
proves<Same<typeof goingOn, Middleware>>();
// @ts-expect-error: a middleware answers no route
export const noHandler: RouteHandler = goingOn;
// @ts-expect-error: nor does it where Next asks for the handler itself
export const forgotten: RouteHandler = approov(guard, undefined, { binding: { headers: ['authorization'] } });
// @ts-expect-error: nor where a route takes a request alone
export const alone: (request: Request) => Promise<Response | undefined> = approov(options);
// @ts-expect-error: a route has no keys
approov(guard, undefined, { keys: { secret: { base64: 'x' } } });
