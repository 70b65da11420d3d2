/** A Worker with keys at a URL. Its requests share one fetch, each being a world of its own to workerd. */
import { approov } from 'approov-guard/web';

type Handler = (request: Request) => Response | Promise<Response>;
let app: Handler | undefined;

export default {
  async fetch(request: Request, env: { readonly KEYS: string }): Promise<Response> {
    app ??= approov({ keys: { jwksUrl: env.KEYS } }, () => new Response('handled'));
    return app(request);
  },
};
