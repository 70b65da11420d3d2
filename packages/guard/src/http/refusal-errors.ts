/** Refusals for frameworks that are answered by throwing: errors as these frameworks know them, by name and shape. */
import type { Refuse } from './decide.ts';
import { statusOf } from './refusal.ts';

interface Words {
  readonly message: string;
  readonly graphql: string;
  readonly trpc: string;
}

const UNAUTHORIZED: Words = { message: 'Unauthorized', graphql: 'UNAUTHENTICATED', trpc: 'UNAUTHORIZED' };
/** The words of the frameworks for what is not a matter of credentials. The same whatever the reason. */
const WORDS: { readonly [status: number]: Words } = {
  400: { message: 'Bad Request', graphql: 'BAD_REQUEST', trpc: 'BAD_REQUEST' },
  408: { message: 'Request Timeout', graphql: 'REQUEST_TIMEOUT', trpc: 'TIMEOUT' },
  413: { message: 'Content Too Large', graphql: 'PAYLOAD_TOO_LARGE', trpc: 'PAYLOAD_TOO_LARGE' },
  429: { message: 'Too Many Requests', graphql: 'TOO_MANY_REQUESTS', trpc: 'TOO_MANY_REQUESTS' },
  503: { message: 'Service Unavailable', graphql: 'SERVICE_UNAVAILABLE', trpc: 'SERVICE_UNAVAILABLE' },
};

/**
 * An error that Apollo Server renders with the refusal's status and headers, and every GraphQL server with its code: `UNAUTHENTICATED`,
 * `SERVICE_UNAVAILABLE` for an outage on our side, `TOO_MANY_REQUESTS` for a share that is used up.
 */
export function graphqlError({ refusal, verdict }: Refuse): Error {
  const { message, graphql } = wordsFor(verdict);
  // The server writes a body of its own.
  const headers = new Map(Object.entries(refusal.headers).filter(([name]) => !name.toLowerCase().startsWith('content-')));
  const extensions = { code: graphql, http: { status: refusal.status, headers } };
  return Object.assign(new Error(message), { name: 'GraphQLError', extensions });
}

/** An error that tRPC renders with status 401, 503 for an outage on our side, 429 for a share that is used up. */
export function trpcError({ verdict }: Refuse): Error {
  const { message, trpc } = wordsFor(verdict);
  return Object.assign(new Error(message), { name: 'TRPCError', code: trpc });
}

/** An error that socket.io sends to the client as `connect_error`, with the refusal's status in its `data`. */
export function namespaceError({ refusal, verdict }: Refuse): Error {
  return Object.assign(new Error(wordsFor(verdict).message), { data: { status: refusal.status } });
}

function wordsFor(verdict: Refuse['verdict']): Words {
  return WORDS[statusOf(verdict, 401)] ?? UNAUTHORIZED;
}
