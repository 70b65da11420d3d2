/**
 * Reads the body of a Node request and leaves it readable: the bytes are taken from the stream and put back before it ends, so that body
 * parsers behind the guard see the stream as if nobody had been there.
 */
import type { BodyRead } from '../core/request-view.ts';
import type { MaybePromise } from '../core/result.ts';
import type { Bytes } from '../core/time.ts';

/** What is needed of a readable stream: satisfied by `http.IncomingMessage`. */
export interface NodeBody {
  readonly readableEnded?: boolean;
  readonly readableDidRead?: boolean;
  readonly destroyed?: boolean;
  readonly complete?: boolean;
  /** The raw bytes, where a body parser kept them (`express.json({ verify })`, cloud functions). */
  readonly rawBody?: unknown;
  read?(): unknown;
  unshift?(chunk: Uint8Array): void;
  emit?(event: string): unknown;
  on?(event: string, listener: (...parameters: never[]) => void): unknown;
  removeListener?(event: string, listener: (...parameters: never[]) => void): unknown;
}

const REMEDY = 'the body was read before the guard: put the guard before body parsers, or keep the raw bytes as request.rawBody';

/** Reads at most `maxBytes`. Bodies that are already read are taken from `rawBody`, if somebody kept it. */
export function readNodeBody(body: NodeBody, maxBytes: Bytes): MaybePromise<BodyRead> {
  const kept = keptBytes(body.rawBody);
  if (kept !== null) return kept.length > maxBytes ? { outcome: 'too-large' } : { outcome: 'read', chunks: [kept] };
  if (body.readableDidRead === true || body.readableEnded === true || body.destroyed === true || body.read === undefined) {
    return { outcome: 'gone', remedy: REMEDY };
  }
  return new Promise((resolve) => collect(body, maxBytes, resolve));
}

function keptBytes(rawBody: unknown): Uint8Array | null {
  if (rawBody instanceof Uint8Array) return rawBody;
  return typeof rawBody === 'string' ? new TextEncoder().encode(rawBody) : null;
}

function collect(body: NodeBody, maxBytes: Bytes, resolve: (read: BodyRead) => void): void {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const finish = (read: BodyRead): void => {
    for (const [event, listener] of listeners) body.removeListener?.(event, listener);
    // What was taken goes back in front, last chunk first, before the stream can end.
    if (body.destroyed !== true) for (const chunk of chunks.toReversed()) body.unshift?.(chunk);
    // A chunked body without content ends before the handler can listen: it is told again, once it had its turn.
    if (length === 0) setImmediate(() => body.readableEnded === true && body.emit?.('end'));
    resolve(read);
  };
  const onReadable = (): void => {
    for (let chunk = body.read?.(); chunk instanceof Uint8Array; chunk = body.read?.()) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxBytes) break;
    }
    if (length > maxBytes) finish({ outcome: 'too-large' });
    else if (body.complete === true) finish({ outcome: 'read', chunks });
  };
  const onGone = (): void =>
    finish(
      body.complete === true
        ? { outcome: 'read', chunks }
        : { outcome: 'gone', remedy: 'the client went away before the body was complete' },
    );
  const listeners: readonly (readonly [string, () => void])[] = [
    ['readable', onReadable],
    ['end', onGone],
    ['close', onGone],
    ['error', onGone],
  ];
  for (const [event, listener] of listeners) body.on?.(event, listener);
}
