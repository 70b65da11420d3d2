/** GraphQL Yoga 5, on Node and every fetch platform: a plugin. */
import type { Decision } from '../http/decide.ts';
import { viewOfEither } from '../http/view-either.ts';
import type { WebRequest } from '../http/view-web.ts';
import type { Guard } from '../shell/guard.ts';
import { guardOf } from '../shell/guard-of.ts';
import type { GuardOptions, RouteOptions } from '../shell/options.ts';

/** What is needed of Yoga's hooks. */
interface RequestHook {
  readonly request: WebRequest;
  /** On Node, Yoga keeps Node's request here. */
  readonly serverContext?: object | undefined;
  endResponse(response: Response): void;
}
interface ContextHook {
  readonly context: { readonly request: WebRequest };
  /** A method that takes any object: Yoga's takes only what the plugin's context names, and a bare `Plugin` names nothing. */
  extendContext(extension: object): void;
}

/** A plugin for `createYoga`. */
export type YogaPlugin = { onRequest(hook: RequestHook): Promise<void>; onContextBuilding(hook: ContextHook): void };

/**
 * A plugin that answers requests which do not pass (`401`, `{}`) before anything is parsed, GraphiQL's page included. Resolvers find the
 * decision at `context.approov`.
 *
 * @param guard - a guard, or the options of one
 * @param route - what is demanded here differently
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import type { Decision } from 'approov-guard';
 * import { approov } from 'approov-guard/yoga';
 * import { createSchema, createYoga } from 'graphql-yoga';
 * const typeDefs = 'type Query { device: String }';
 * const device = (_root: unknown, _fields: unknown, context: { approov: Decision }) => context.approov.claims?.did;
 * const plugins = [approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } })];
 * const yoga = createYoga({ plugins, schema: createSchema<{ approov: Decision }>({ typeDefs, resolvers: { Query: { device } } }) });
 * ```
 */
export function approov(guard: Guard | GuardOptions, route?: RouteOptions): YogaPlugin {
  const guarded = guardOf(guard, route);
  const decisions = new WeakMap<WebRequest, Decision>();
  return {
    async onRequest({ request, serverContext, endResponse }) {
      const node = serverContext !== undefined && 'req' in serverContext ? serverContext.req : undefined;
      const decision = await guarded.guard.decide(viewOfEither(request, node), guarded.route);
      decisions.set(request, decision);
      if (decision.action === 'refuse') endResponse(new Response(decision.refusal.body, decision.refusal));
    },
    onContextBuilding: ({ context, extendContext }) => extendContext({ approov: decisions.get(context.request) ?? null }),
  };
}
