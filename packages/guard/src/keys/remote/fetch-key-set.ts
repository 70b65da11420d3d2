/** Fetches the text of a key set once, within bounds: time, size, redirects and form. */
import type { Bytes, Seconds } from '../../core/time.ts';
import { afterListening } from '../../http/deadline.ts';
import type { KeyFailure } from '../key-events.ts';

/** The `fetch` of the platform, or your own. */
export type FetchKeys = (
  url: string,
  init: { readonly headers: { readonly [name: string]: string }; readonly redirect: 'manual'; readonly signal: AbortSignal },
) => Promise<Response>;

/** What is fetched, and within what bounds. */
export interface FetchPlan {
  readonly url: URL;
  readonly headers: { readonly [name: string]: string };
  readonly timeoutSeconds: Seconds;
  readonly maxBytes: Bytes;
  readonly fetch: FetchKeys;
}

/** What a fetch gave. */
export type Fetched =
  | { readonly outcome: 'fetched'; readonly text: string /** From Cache-Control, or `null`. */; readonly maxAgeSeconds: Seconds | null }
  | { readonly outcome: 'failed'; readonly failure: KeyFailure; readonly status?: number };

const MAX_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Fetches within the plan's time, headers and body together. Never rejects; ends at once when `closed` is aborted. */
export async function fetchKeySet(plan: FetchPlan, closed: AbortSignal): Promise<Fetched> {
  const controller = new AbortController();
  // The race ends in time even if a `fetch` of the user's ignores the signal.
  const outOfTime = new Promise<Fetched>((resolve) => {
    const end = (): void => {
      resolve(failed('timeout'));
      controller.abort();
    };
    const callOff = afterListening(plan.timeoutSeconds, end, false);
    closed.addEventListener('abort', end, { once: true });
    controller.signal.addEventListener('abort', () => {
      callOff();
      closed.removeEventListener('abort', end);
    });
  });
  const load = follow(plan, controller.signal).catch(() => failed('network'));
  const fetched = await Promise.race([load, outOfTime]);
  controller.abort();
  return fetched;
}

async function follow(plan: FetchPlan, signal: AbortSignal): Promise<Fetched> {
  let url = plan.url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await plan.fetch(url.href, { headers: plan.headers, redirect: 'manual', signal });
    if (!REDIRECTS.has(response.status)) return read(response, plan.maxBytes);
    const next = target(response, url);
    // Headers of the plan may hold credentials, and the origin is what the operator trusts: neither goes elsewhere.
    if (next === null || next.origin !== plan.url.origin) return failed('redirect');
    url = next;
  }
  return failed('redirect');
}

function target(response: Response, base: URL): URL | null {
  const location = response.headers.get('location');
  return location !== null && URL.canParse(location, base.href) ? new URL(location, base.href) : null;
}

/** JSON, or what servers and object stores write where nobody told them: nothing, plain text, bytes. A page for people is none of it. */
const JSON_TYPE = /^(?:$|(?:application\/(?:[\w.-]+\+)?json|text\/json|text\/plain|(?:application|binary)\/octet-stream)\s*(?:;|$))/i;

async function read(response: Response, maxBytes: Bytes): Promise<Fetched> {
  if (response.status !== 200) return { outcome: 'failed', failure: 'status', status: response.status };
  if (!JSON_TYPE.test(response.headers.get('content-type') ?? '')) return failed('content-type');
  if (Number(response.headers.get('content-length') ?? 0) > maxBytes) return failed('too-large');
  const bytes = await readAtMost(response, maxBytes);
  if (bytes === null) return failed('too-large');
  return { outcome: 'fetched', text: new TextDecoder().decode(bytes), maxAgeSeconds: maxAgeOf(response.headers.get('cache-control')) };
}

/** Counts while it reads: a length that was announced wrongly, or not at all, makes no difference. */
async function readAtMost(response: Response, maxBytes: Bytes): Promise<Uint8Array | null> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
    // The cast holds: a response body is a stream of bytes.
    const chunk = part.value as Uint8Array;
    length += chunk.length;
    if (length > maxBytes) return null;
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** RFC 9111 §5.2.2: `no-store` and `no-cache` count as an age of zero, which the bounds then raise. */
function maxAgeOf(cacheControl: string | null): Seconds | null {
  if (cacheControl === null) return null;
  if (/(?:^|[\s,])no-(?:store|cache)(?:[\s,]|$)/i.test(cacheControl)) return 0;
  const age = /(?:^|[\s,])max-age="?(\d{1,10})/i.exec(cacheControl)?.[1];
  return age === undefined ? null : Number(age);
}

function failed(failure: KeyFailure): Fetched {
  return { outcome: 'failed', failure };
}
