/**
 * Reads the body of a Node request and leaves it readable: the bytes are taken from the stream and put back before it ends, so that body
 * parsers behind the guard see the stream as if nobody had been there.
 */
import type { BodyAllowance, BodyRead } from '../core/request-view.ts';
import type { MaybePromise } from '../core/result.ts';
import type { Bytes } from '../core/time.ts';
import { GatheredBody } from './gathered-body.ts';

/** What is needed of a readable stream: satisfied by `http.IncomingMessage`. */
export interface NodeBody {
  readonly readableEnded?: boolean;
  readonly readableDidRead?: boolean;
  readonly destroyed?: boolean;
  /** Whether the client went away before the message was complete. */
  readonly aborted?: boolean;
  /** Not `null` where somebody asked for text in place of bytes. */
  readonly readableEncoding?: unknown;
  /** HTTP/1.1: whether the whole message has arrived. */
  readonly complete?: boolean;
  /** How many bytes are waiting to be read. */
  readonly readableLength?: number;
  /** HTTP/2: the stream below, which ends when the whole message has arrived. */
  readonly stream?: object | null | undefined;
  /** The raw bytes, where a body parser kept them (`express.json({ verify })`, cloud functions). */
  readonly rawBody?: unknown;
  read?(): unknown;
  unshift?(chunk: Uint8Array): void;
  resume?(): unknown;
  emit?(event: string): unknown;
  listenerCount?(event: string): number;
  on?(event: string, listener: () => void): unknown;
  removeListener?(event: string, listener: () => void): unknown;
}

const REMEDY = 'the body was read before the guard: put the guard before body parsers, or keep the raw bytes as request.rawBody';

/** What was read by a guard, for the next one that asks: by then a parser may have emptied the stream. */
const readBefore: WeakMap<NodeBody, readonly Uint8Array[]> = new WeakMap();

/** Whether a guard has read this body as it was sent. */
export function wasReadByGuard(body: NodeBody): boolean {
  return readBefore.has(body);
}

/**
 * Reads at most `maxBytes`. Bodies that are already read are taken from `rawBody`, if somebody kept it.
 * @param statedBytes - what `Content-Length` says: it shows the end of streams that no parser of Node's fills
 */
export function readNodeBody(
  body: NodeBody,
  maxBytes: Bytes,
  statedBytes: Bytes = Number.NaN,
  allowance: BodyAllowance | null = null,
): MaybePromise<BodyRead> {
  const kept = readBefore.get(body) ?? keptBytes(body.rawBody);
  if (kept !== null) return lengthOf(kept) > maxBytes ? { outcome: 'too-large' } : { outcome: 'read', chunks: kept };
  if (hasLeft(body)) return { outcome: 'left' };
  if (wasTaken(body)) return { outcome: 'gone', remedy: REMEDY };
  // An empty body that has arrived is left alone: listening for it would end the stream.
  if (hasArrived(body) && body.readableLength === 0) return { outcome: 'read', chunks: [] };
  const isWhole = (length: Bytes): boolean => hasArrived(body) || (body.complete === undefined && length === statedBytes);
  return new Promise((resolve) => collect(body, { maxBytes, allowance, isWhole }, resolve));
}

/** Whether the client went away in the middle. What is destroyed for another reason had all of it. */
function hasLeft(body: NodeBody): boolean {
  return body.aborted === true || (body.destroyed === true && body.complete === false);
}

/** Somebody who waits for the body counts, too: two readers would get parts of it each, or parts of it twice. */
function wasTaken(body: NodeBody): boolean {
  if (body.readableDidRead === true || body.readableEnded === true || body.destroyed === true || body.read === undefined) return true;
  if (body.readableEncoding !== undefined && body.readableEncoding !== null) return true;
  return (body.listenerCount?.('data') ?? 0) > 0 || (body.listenerCount?.('readable') ?? 0) > 0;
}

function keptBytes(rawBody: unknown): readonly Uint8Array[] | null {
  if (rawBody instanceof Uint8Array) return [rawBody];
  return typeof rawBody === 'string' ? [new TextEncoder().encode(rawBody)] : null;
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

/** Whether everything has arrived, though not everything may have been read. */
function hasArrived({ complete, stream }: NodeBody): boolean {
  return complete === true || (typeof stream === 'object' && stream !== null && 'readableEnded' in stream && stream.readableEnded === true);
}

/** A chunked body without content ends before its reader can listen: the first one to do so is told. */
function tellTheEndAgain(body: NodeBody): void {
  const onListener = (event?: string): void => {
    if (event !== 'end') return;
    body.removeListener?.('newListener', onListener);
    if (body.readableEnded === true) setImmediate(() => body.emit?.('end'));
  };
  body.on?.('newListener', onListener);
}

interface Reading {
  readonly maxBytes: Bytes;
  readonly allowance: BodyAllowance | null;
  /** Whether so many bytes are all of it. */
  readonly isWhole: (length: Bytes) => boolean;
}

function collect(body: NodeBody, { maxBytes, allowance, isWhole }: Reading, resolve: (read: BodyRead) => void): void {
  const gathered = new GatheredBody();
  const finish = (outcome: Exclude<BodyRead['outcome'], 'gone'>): void => {
    for (const [event, listener] of listeners) body.removeListener?.(event, listener);
    if (allowance !== null) allowance.stop = null;
    const chunks = gathered.length > 0 && body.destroyed !== true ? [gathered.whole()] : [];
    // What was taken goes back in one piece, before the stream can end: putting back piece by piece moves the whole queue each time.
    for (const chunk of chunks) body.unshift?.(chunk);
    if (outcome === 'read') {
      readBefore.set(body, chunks);
      if (gathered.length === 0) tellTheEndAgain(body);
      resolve({ outcome, chunks });
    } else resolve({ outcome });
  };
  const onReadable = (): void => {
    // Not from an empty stream: that would end it.
    while (body.readableLength !== 0) {
      const chunk = body.read?.();
      if (!(chunk instanceof Uint8Array)) break;
      gathered.add(chunk);
      const excess = gathered.length > maxBytes ? 'too-large' : allowance?.take(chunk.length) === false ? 'over-budget' : null;
      if (excess !== null) {
        finish(excess);
        return;
      }
    }
    if (hasLeft(body)) finish('left');
    else if (isWhole(gathered.length)) finish('read');
  };
  const onGone = (): void => finish('left');
  const listeners: readonly (readonly [string, () => void])[] = [
    ['readable', onReadable],
    ['end', onGone],
    ['close', onGone],
    ['error', onGone],
  ];
  if (allowance !== null) allowance.stop = () => finish('late');
  for (const [event, listener] of listeners) body.on?.(event, listener);
}
