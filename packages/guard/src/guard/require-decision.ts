/** The decision about a request, as present: for handlers behind a guard. */

import { ConfigurationError } from '../checks/configuration-error.ts';
import type { Decision } from '../http/decide.ts';

/**
 * Gives the decision of the guard before this handler. The types of `request.approov` (Express, Fastify), `context.approov` (Koa), `c.var.approov`
 * (Hono), `event.context.approov` (h3) and `event.locals.approov` (SvelteKit) allow for its absence, since nothing ties a route's type to the
 * guard before it. Does not judge anything, and is not a guard: it tells a route that was left open by mistake at its first request.
 *
 * @param judged - what carries the decision: `request`, `context`, `c.var`, `event.context` or `event.locals`
 * @returns the decision
 * @throws ConfigurationError `guard-missing` if no guard stood before the handler
 *
 * @example
 * ```ts
 * import { createGuard, requireDecision } from 'approov-guard';
 * import { approov } from 'approov-guard/express';
 * import express from 'express';
 * const guard = createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } });
 * const app = express();
 * app.get('/shapes', approov(guard), (request, response) => {
 *   response.json({ device: requireDecision(request).claims?.did });
 * });
 * ```
 */
export function requireDecision(judged: { readonly approov?: Decision | undefined }): Decision {
  if (judged.approov !== undefined) return judged.approov;
  throw new ConfigurationError('guard-missing', 'approov', 'is not there: put approov(guard) before this handler');
}
