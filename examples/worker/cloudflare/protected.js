// A Cloudflare Worker in front of an API: genuine requests go on to API_ORIGIN, without their token; all others are answered here.
// Settings: `wrangler secret put APPROOV_BASE64_SECRET`, and API_ORIGIN (such as https://origin.example.com) under `vars`.
import { approov } from 'approov-guard/web';

/** @typedef {{ readonly APPROOV_BASE64_SECRET: string, readonly API_ORIGIN: string }} Env */

/** @param {Request} request @param {Env} env */
function forward(request, env) {
  const { pathname, search } = new URL(request.url);
  // Never `new URL(pathname, API_ORIGIN)`: a path that begins with two slashes would name another host.
  const url = Object.assign(new URL(env.API_ORIGIN), { pathname, search });
  const onward = new Request(url, new Request(request, { redirect: 'manual' }));
  onward.headers.delete('approov-token');
  return fetch(onward);
}

/** @type {((request: Request, env: Env) => Response | Promise<Response>) | undefined} */
let guarded;

export default {
  /** @param {Request} request @param {Env} env */
  fetch(request, env) {
    // Workers learn their settings with the first request.
    guarded ??= approov({ keys: { secret: { base64: env.APPROOV_BASE64_SECRET } } }, forward);
    return guarded(request, env);
  },
};
