/**
 * The program for Bun and Deno: one process hosts many apps, each on a port of its own. It prints the port on which it is told what to do:
 * `POST /start` answers a port, `POST /verdicts?PORT` what the hook saw.
 */
import { type Hosted, hosted } from './hosted.ts';

interface Runtimes {
  readonly Bun?: { serve(options: object): { readonly port: number } };
  readonly Deno?: { serve(options: object, fetch: Hosted['fetch']): { readonly addr: { readonly port: number } } };
}

const { Bun, Deno }: Runtimes = globalThis as Runtimes;

/** Serves on a free port, and answers which. */
function listen({ fetch, onError }: Pick<Hosted, 'fetch' | 'onError'>): number {
  const address = { port: 0, hostname: '127.0.0.1' };
  if (Bun !== undefined) return Bun.serve({ ...address, fetch: (request: Request) => fetch(request), error: onError }).port;
  if (Deno === undefined) throw new Error('neither Bun nor Deno');
  return Deno.serve({ ...address, onListen: () => undefined, onError }, (request) => fetch(request)).addr.port;
}

const apps = new Map<string, Hosted>();

async function obey(request: Request): Promise<unknown> {
  const { pathname, search } = new URL(request.url);
  if (pathname !== '/start') return apps.get(search)?.takeVerdicts();
  const app = hosted(await request.json());
  const port = listen(app);
  apps.set(`?${port}`, app);
  return port;
}

const port = listen({
  fetch: async (request) => Response.json(await obey(request)),
  onError: (error) => new Response(String(error), { status: 500 }),
});
console.log(JSON.stringify({ port }));
