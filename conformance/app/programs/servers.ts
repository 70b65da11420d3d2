/** The program for Bun and Deno: one process hosts many apps of fetch handlers. */
import { type Listen, obeyOn } from './control.ts';
import { hosted } from './hosted.ts';

interface Runtimes {
  readonly Bun?: { serve(options: object): { readonly port: number } };
  readonly Deno?: { serve(options: object, fetch: Parameters<Listen>[0]): { readonly addr: { readonly port: number } } };
}

const { Bun, Deno }: Runtimes = globalThis as Runtimes;

const listen: Listen = (fetch, onError) => {
  const address = { port: 0, hostname: '127.0.0.1' };
  if (Bun !== undefined) return Bun.serve({ ...address, fetch: (request: Request) => fetch(request), error: onError }).port;
  if (Deno === undefined) throw new Error('neither Bun nor Deno');
  return Deno.serve({ ...address, onListen: () => undefined, onError }, (request) => fetch(request)).addr.port;
};

obeyOn(listen, (hosting) => {
  const { fetch, onError, takeVerdicts } = hosted(hosting);
  return { port: listen(fetch, onError), takeVerdicts };
});
