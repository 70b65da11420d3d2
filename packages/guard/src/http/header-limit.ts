/**
 * Node keeps a number of header lines and drops the others in silence (`server.maxHeadersCount`), while its parser goes by all of them: a body
 * whose `Content-Length` was dropped is there all the same.
 */

/** What is read of a request. */
interface Parsed {
  readonly rawHeaders?: readonly string[] | undefined;
  readonly socket?: object | null | undefined;
}

/** What is read of its socket. The parser is gone from it once a connection was upgraded. */
interface ServedSocket {
  /** `maxHeaderPairs` counts names and values: twice the lines. */
  readonly parser?: { readonly maxHeaderPairs?: unknown } | null;
  readonly server?: { readonly maxHeadersCount?: unknown } | null;
}

/** Lines that Node keeps unless told otherwise, each with its name and its value. */
const NODE_DEFAULT = 2000;

/**
 * Whether lines may have been dropped: there are as many as are kept, or more. (Node stops between pieces that it gets from its parser.) HTTP/2
 * sections, which begin with pseudo-headers, are kept whole or refused.
 */
export function mayBeCut({ rawHeaders, socket }: Parsed): boolean {
  if (rawHeaders === undefined || rawHeaders.length === 0 || rawHeaders[0]?.startsWith(':') === true) return false;
  const limit = limitOf(socket);
  // Zero and less: no limit.
  return limit > 0 && rawHeaders.length >= limit;
}

function limitOf(socket: object | null | undefined): number {
  // The cast holds: all members are optional, and looked at.
  const { parser, server } = (socket ?? {}) as ServedSocket;
  if (typeof parser?.maxHeaderPairs === 'number') return parser.maxHeaderPairs;
  const lines = server?.maxHeadersCount;
  return typeof lines === 'number' ? lines << 1 : NODE_DEFAULT;
}
