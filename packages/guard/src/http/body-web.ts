/** Reads the body of a Fetch `Request` from a clone, so that the handler can read it again. */
import type { BodyRead } from '../core/request-view.ts';
import type { Bytes } from '../core/time.ts';

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

/** Reads at most `maxBytes`. */
export async function readWebBody(request: WebBody, maxBytes: Bytes): Promise<BodyRead> {
  if (request.bodyUsed === true || request.clone === undefined) return { outcome: 'gone', remedy: REMEDY };
  let body: unknown;
  try {
    body = request.clone().body;
  } catch {
    return { outcome: 'gone', remedy: REMEDY };
  }
  if (body === null || body === undefined) return { outcome: 'read', chunks: [] };
  try {
    return await readAll((body as { getReader(): Reader }).getReader(), maxBytes);
  } catch {
    return { outcome: 'gone', remedy: 'the client went away before the body was complete' };
  }
}

async function readAll(reader: Reader, maxBytes: Bytes): Promise<BodyRead> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const chunk = part.value ?? new Uint8Array();
    length += chunk.length;
    if (length > maxBytes) {
      // Not awaited: the other branch of the clone may never be read.
      reader.cancel().catch(() => undefined);
      return { outcome: 'too-large' };
    }
    chunks.push(chunk);
  }
  return { outcome: 'read', chunks };
}
