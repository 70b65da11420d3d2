/**
 * How a program that hosts many apps, each on a port of its own, is told what to do: it prints the port on which it listens for that.
 * `POST /start` answers a port, `POST /verdicts?PORT` what the hook saw.
 */
import type { Recorded } from '../guard-setup.ts';
import type { Hosting } from './hosted.ts';

/** An app that listens. */
export interface Listening extends Pick<Recorded, 'takeVerdicts'> {
  readonly port: number;
}

/** Serves what is given on a free port, and answers which. */
export type Listen = (fetch: (request: Request) => Response | Promise<Response>, onError: (error: unknown) => Response) => number;

/** Obeys from now on. */
export function obeyOn(listen: Listen, start: (hosting: Hosting) => Listening): void {
  const apps = new Map<string, Listening>();
  const obey = async (request: Request): Promise<unknown> => {
    const { pathname, search } = new URL(request.url);
    if (pathname !== '/start') return apps.get(search)?.takeVerdicts();
    const app = start(await request.json());
    apps.set(`?${app.port}`, app);
    return app.port;
  };
  const port = listen(
    async (request) => Response.json(await obey(request)),
    (error) => new Response(String(error), { status: 500 }),
  );
  console.log(JSON.stringify({ port }));
}
