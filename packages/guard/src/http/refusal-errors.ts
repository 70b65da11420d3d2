/** Refusals for frameworks that are answered by throwing: errors as these frameworks know them, by name and shape. */
import type { Refuse } from './decide.ts';

/**
 * An error that Apollo Server renders with the refusal's status and headers, and every GraphQL server with its code: `UNAUTHENTICATED`, or
 * `SERVICE_UNAVAILABLE` for an outage of ours.
 */
export function graphqlError({ refusal, verdict }: Refuse): Error {
  const ours = verdict.outcome === 'unavailable';
  // The server writes a body of its own.
  const headers = new Map(Object.entries(refusal.headers).filter(([name]) => !name.toLowerCase().startsWith('content-')));
  const extensions = { code: ours ? 'SERVICE_UNAVAILABLE' : 'UNAUTHENTICATED', http: { status: refusal.status, headers } };
  return Object.assign(new Error(messageOf(ours)), { name: 'GraphQLError', extensions });
}

/** An error that tRPC renders with status 401, or 503 for an outage of ours. */
export function trpcError({ verdict }: Refuse): Error {
  const ours = verdict.outcome === 'unavailable';
  return Object.assign(new Error(messageOf(ours)), { name: 'TRPCError', code: ours ? 'SERVICE_UNAVAILABLE' : 'UNAUTHORIZED' });
}

/** The same words whatever the reason. */
function messageOf(ours: boolean): string {
  return ours ? 'Service Unavailable' : 'Unauthorized';
}
