/**
 * The hook as SvelteKit calls it, and the type of `locals.approov`. SvelteKit is not installed here: what it passes and takes is written
 * down. Its real build runs in `conformance`.
 */
import { type Decision, type Guard, type GuardOptions, requireDecision } from 'approov-guard';
import { approov } from 'approov-guard/sveltekit';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

/** `RequestEvent`: an interface, whose `locals` an app declares. */
interface RequestEvent {
  readonly request: Request;
  readonly url: URL;
  readonly params: Partial<Record<string, string>>;
  readonly locals: App.Locals;
  setHeaders(headers: Record<string, string>): void;
}
/** `ResolveOptions`, of which hooks may pass on some. */
interface ResolveOptions {
  transformPageChunk?(input: { readonly html: string; readonly done: boolean }): string | undefined;
}
/** `Handle`. */
type Handle = (input: {
  event: RequestEvent;
  resolve(event: RequestEvent, options?: ResolveOptions): Response | Promise<Response>;
}) => Response | Promise<Response>;

export const handle: Handle = approov(options);
export const bound: Handle = approov(guard, { binding: { headers: ['authorization'] } });
/** As `sequence` chains them. */
export const handles: readonly Handle[] = [handle, ({ event, resolve }) => resolve(event)];

/** An endpoint, `+server.ts`. */
export function GET({ locals }: RequestEvent): Response {
  proves<Same<typeof locals.approov, Decision | undefined>>();
  // @ts-expect-error: claims may be absent
  requireDecision(locals).claims.did;
  return Response.json({ device: locals.approov?.claims?.did satisfies string | undefined });
}

// @ts-expect-error: a hook needs a guard or its options
approov();
// @ts-expect-error: a route has no keys
approov(guard, { keys: { secret: { base64: 'x' } } });
// @ts-expect-error: a hook resolves
approov(guard)({ event: { request: new Request('https://api.example.com/'), locals: {} } });
