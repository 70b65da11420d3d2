/** The extension fits hapi 21, for a server, a plugin and a route, and types `request.plugins.approov`. */
import { server as createServer, type Lifecycle, type Plugin } from '@hapi/hapi';
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/hapi';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

export const method: Lifecycle.Method = approov(guard);

const server = createServer();
server.ext('onPreAuth', approov(options));
server.route({
  method: 'GET',
  path: '/shapes',
  options: { ext: { onPreAuth: { method: approov(guard, { binding: { headers: ['authorization'] } }) } } },
  handler: (request) => {
    proves<Same<typeof request.plugins.approov, Decision>>();
    // @ts-expect-error: claims may be absent
    request.plugins.approov.claims.did;
    return { device: request.plugins.approov.claims?.did satisfies string | undefined };
  },
});
export const plugin: Plugin<undefined> = {
  name: 'shapes',
  register: (scope) => scope.ext('onPreAuth', approov(guard, { mode: 'observe' }), { sandbox: 'plugin' }),
};

// @ts-expect-error: an extension needs a guard or its options
approov();
// @ts-expect-error: a route has no keys
approov(guard, { keys: { secret: { base64: 'x' } } });
// @ts-expect-error: it is an extension, no authentication scheme
server.auth.scheme('approov', approov(guard));
