/** The plugin fits GraphQL Yoga 5. */
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/yoga';
import { createSchema, createYoga, type Plugin } from 'graphql-yoga';

declare const guard: Guard;
declare const options: GuardOptions;

interface Context {
  readonly approov: Decision;
}
export const plugin: Plugin = approov(guard);
export const plugins: Plugin[] = [approov(options), approov(guard, { mode: 'observe' })];
export const withContext: Plugin<{ approov: Decision | null }> = approov(guard, { binding: { headers: ['authorization'] } });
export const withServer: Plugin<object, { req: object }> = approov(guard);

const device = (_root: unknown, _fields: unknown, context: Context): string | undefined => {
  // @ts-expect-error: claims may be absent
  context.approov.claims.did;
  return context.approov.claims?.did;
};
const schema = createSchema<Context>({ typeDefs: 'type Query { device: String }', resolvers: { Query: { device } } });
createYoga({ schema, plugins: [approov(options)] });
createYoga({ schema, plugins });

// @ts-expect-error: a plugin needs a guard or its options
approov();
// @ts-expect-error: a route has no keys
approov(guard, { keys: { secret: { base64: 'x' } } });
// @ts-expect-error: plugins are a list
createYoga({ schema, plugins: approov(guard) });
