/** The handler fits fetch platforms, with whatever they pass after the request. */
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/web';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

/** As Bun and Deno want it. */
export const plain: (request: Request) => Response | Promise<Response> = approov(options, (request) => {
  proves<Same<typeof request.approov, Decision>>();
  // @ts-expect-error: claims may be absent
  request.approov.claims.did;
  return Response.json({ device: request.approov.claims?.did satisfies string | undefined });
});

interface Environment {
  readonly SECRET: string;
}
interface Context {
  waitUntil(work: Promise<unknown>): void;
}

/** As Workers want it. */
export const worker: { fetch(request: Request, environment: Environment, context: Context): Response | Promise<Response> } = {
  fetch: approov(guard, async (request: Request & { readonly approov: Decision }, environment: Environment, context: Context) => {
    context.waitUntil(Promise.resolve());
    return new Response(environment.SECRET + request.approov.id);
  }),
};

/** A platform's own request survives. */
interface OwnRequest extends Request {
  readonly geo: string;
}
export const own: (request: OwnRequest) => Response | Promise<Response> = approov(
  guard,
  (request: OwnRequest & { readonly approov: Decision }) => new Response(request.geo),
  { binding: { headers: ['authorization'] } },
);

// @ts-expect-error: a handler answers a response
approov(guard, () => 'ok');
approov(guard, (request) => {
  const decision: Decision = request.approov;
  // @ts-expect-error: the decision is not written to
  request.approov = decision;
  return new Response();
});
// @ts-expect-error: a further argument is not optional
worker.fetch(new Request('https://api.example.com/'));
