/** Reads the body of a Fetch `Request` from a clone, so that the handler can read it again. */
import type { BodyAllowance, BodyRead } from '../core/request-view.ts';
import type { Bytes } from '../core/time.ts';
import { GatheredBody } from './gathered-body.ts';

/** What is needed of a request with a body. */
export interface WebBody {
  readonly body?: unknown;
  readonly bodyUsed?: boolean;
  /** Throws where somebody holds the body's reader. */
  clone?(): { readonly body?: unknown };
}

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<unknown>;
}

const REMEDY = 'the body was read before the guard: call the guard before request.json() and the like';

/** What the clone's other branch holds of each piece beside its bytes, until the handler reads it: objects and places in queues. */
const PIECE_OVERHEAD: Bytes = 192;

/** Reads at most `maxBytes`. */
export async function readWebBody(request: WebBody, maxBytes: Bytes, allowance: BodyAllowance | null = null): Promise<BodyRead> {
  if (request.bodyUsed === true || request.clone === undefined) return { outcome: 'gone', remedy: REMEDY };
  let body: unknown;
  try {
    body = request.clone().body;
  } catch {
    return { outcome: 'gone', remedy: REMEDY };
  }
  if (body === null || body === undefined) return { outcome: 'read', chunks: [] };
  let reader: Reader | null = null;
  try {
    // The cast holds: the body of a Fetch request is a stream of bytes.
    reader = (body as { getReader(): Reader }).getReader();
    const read = await readAll(reader, maxBytes, allowance);
    // Not awaited: the other branch of the clone may never be read.
    if (read.outcome !== 'read') reader.cancel().catch(() => undefined);
    return read;
  } catch {
    return { outcome: 'left' };
  } finally {
    if (allowance !== null) allowance.stop = null;
  }
}

async function readAll(reader: Reader, maxBytes: Bytes, allowance: BodyAllowance | null): Promise<BodyRead> {
  const gathered = new GatheredBody();
  let isLate = false;
  if (allowance !== null) {
    allowance.stop = () => {
      isLate = true;
      // Ends the read that is waiting.
      reader.cancel().catch(() => undefined);
    };
  }
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const chunk = part.value ?? new Uint8Array();
    gathered.add(chunk);
    if (gathered.length > maxBytes) return { outcome: 'too-large' };
    if (allowance?.take(chunk.length + PIECE_OVERHEAD) === false) return { outcome: 'over-budget' };
  }
  return isLate ? { outcome: 'late' } : { outcome: 'read', chunks: gathered.length === 0 ? [] : [gathered.whole()] };
}
