/** The handler fits Workers, in front of a handler or of an origin, with the settings and the context of the platform. */
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/workers';
import { proves, type Same } from './same.ts';

interface Env {
  readonly APPROOV_BASE64_SECRET: string;
  readonly STORE: { get(key: string): Promise<string | null> };
}
interface ExecutionContext {
  waitUntil(work: Promise<unknown>): void;
}
/** What the platform calls: the members of `ExportedHandler` that matter here. */
interface Handler {
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response>;
}

const options = (env: Env): GuardOptions => ({ keys: { secret: { base64: env.APPROOV_BASE64_SECRET } } });

export const proxy: Handler = { fetch: approov(options, { origin: 'https://api.internal.example.com', stripToken: true }) };
export const plain: Handler = {
  fetch: approov(options, (request, env) => {
    proves<Same<typeof request.approov, Decision>>();
    proves<Same<typeof env, Env>>();
    // @ts-expect-error: claims may be absent
    request.approov.claims.did;
    return Response.json({ device: request.approov.claims?.did satisfies string | undefined });
  }),
};
export const whole: Handler = {
  fetch: approov(
    options,
    async (request, env: Env, context: ExecutionContext) => {
      context.waitUntil(env.STORE.get(request.approov.id));
      return new Response();
    },
    { binding: { headers: ['authorization'] } },
  ),
};

declare const guard: Guard;
// @ts-expect-error: the settings come with the request: options are made from them
approov(guard, { origin: 'https://api.internal.example.com' });
// @ts-expect-error: where to?
approov(options);
// @ts-expect-error: an origin is named
approov(options, { stripToken: true });
// @ts-expect-error: a handler answers a response
approov(options, () => 'ok');
// @ts-expect-error: a route has no keys
approov(options, () => new Response(), { keys: { secret: { base64: 'x' } } });
