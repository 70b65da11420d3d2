/** `approov-guard/views`: requests as the guard reads them, for hosts that no adapter covers. */
import type { RequestView } from './core/request-view.ts';

export { HandshakeView, type TokenPlace } from './adapters/sockets/view-handshake.ts';
export { type NodeRequest, NodeRequestView } from './http/view-node.ts';
export { type WebRequest, WebRequestView } from './http/view-web.ts';

/** A header line: name in any case, and value. */
export type HeaderLine = readonly [name: string, value: string];

/** What {@link requestView} takes. */
export interface RequestContent {
  /** Default `GET`. */
  readonly method?: string;
  /** The raw request target. Default `/`. */
  readonly target?: string;
  /** Header lines in order, duplicates kept. Each character of a value stands for one byte, as on the wire. */
  readonly headers?: readonly HeaderLine[] | { readonly [name: string]: string };
  /** Default `https`. */
  readonly scheme?: string | null;
  /** Default `api.example.com`. */
  readonly authority?: string | null;
  /** Pretends that the platform joins repeated lines with `, `, as Fetch does. Default `false`. */
  readonly joinsLines?: boolean;
  /** Text is sent as UTF-8. Default `null`: the request has no body. */
  readonly body?: string | Uint8Array | null;
  /** The address of the peer. Default `null`: unknown. */
  readonly peer?: string | null;
}

/**
 * Makes the guard's view of a request from a plain list: of one that was captured, or for tests in process. It does not check that the lines could be
 * sent over HTTP.
 * @param content - see {@link RequestContent} for each member and its default
 * @example
 * ```ts
 * import { createGuard } from 'approov-guard';
 * import { requestView } from 'approov-guard/views';
 *
 * const guard = createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } });
 * const verdict = await guard.judge(requestView({ target: '/orders', headers: [['Approov-Token', 'adasdasdsadasd']] }));
 * if (verdict.outcome === 'rejected') console.log(verdict.reason); // token-malformed
 * ```
 */
export function requestView(content: RequestContent = {}): RequestView {
  const { headers = [], joinsLines = false } = content;
  // The cast holds: `Array.isArray` does not narrow readonly arrays, and an object with text members is the only other case.
  const lines = Array.isArray(headers) ? (headers as readonly HeaderLine[]) : Object.entries(headers as { [name: string]: string });
  return {
    method: content.method ?? 'GET',
    scheme: content.scheme === undefined ? 'https' : content.scheme,
    authority: content.authority === undefined ? 'api.example.com' : content.authority,
    target: content.target ?? '/',
    joinsLines,
    peer: content.peer ?? null,
    body: bodyOf(content.body ?? ''),
    lines: (name) => linesNamed(lines, name, joinsLines),
  };
}

function bodyOf(content: string | Uint8Array): NonNullable<RequestView['body']> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    present: bytes.length > 0,
    read: (maxBytes) => (bytes.length > maxBytes ? { outcome: 'too-large' } : { outcome: 'read', chunks: [bytes] }),
  };
}

function linesNamed(lines: readonly HeaderLine[], name: string, join: boolean): readonly string[] {
  const found = lines.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);
  return join && found.length > 1 ? [found.join(', ')] : found;
}
