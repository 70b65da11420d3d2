/** The program for Elysia on Bun, which makes its own server by listening. Bun runs this file as it is. */
import { elysiaApp } from '../elysia-app.ts';
import { recordedGuard } from '../guard-setup.ts';
import { obeyOn } from './control.ts';

// The cast holds on Bun.
const { Bun } = globalThis as unknown as { Bun: { serve(options: object): { readonly port: number } } };
const address = { port: 0, hostname: '127.0.0.1' };

obeyOn(
  (fetch, error) => Bun.serve({ ...address, fetch, error }).port,
  ({ setup }) => {
    const { guard, takeVerdicts } = recordedGuard(setup);
    const { server } = elysiaApp(setup, guard).listen(address);
    if (server?.port === undefined) throw new Error('Elysia listens on no port');
    return { port: server.port, takeVerdicts };
  },
);
