/** A request that somebody captured. */
import type { HeaderLine } from 'approov-guard/views';
import { UsageError } from '../terminal/usage-error.ts';

/** What was captured. Header values have one byte a character. */
export interface Captured {
  readonly method: string;
  /** `null` where the capture does not tell. */
  readonly scheme: string | null;
  readonly authority: string | null;
  readonly target: string;
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array | null;
  /** Headers that were sent or not: whoever made the capture leaves them out. Nothing that depends on one can be explained. */
  readonly leftOut?: { readonly names: readonly string[]; readonly by: string };
}

/** Takes an absolute URL apart without normalising it. A WebSocket begins as a request over HTTP. */
export function urlParts(url: string): Pick<Captured, 'scheme' | 'authority' | 'target'> {
  const [, scheme, secure = '', authority, rest = ''] = /^(http|ws)(s?):\/\/(?:[^/?#@]*@)?([^/?#]+)([^#]*)/i.exec(url) ?? [];
  if (scheme === undefined || authority === undefined)
    throw new UsageError('the URL is not absolute: it begins with neither http:// nor https://');
  return { scheme: `http${secure.toLowerCase()}`, authority, target: rest.startsWith('/') ? rest : `/${rest}` };
}

/** A text as its UTF-8 bytes, one a character, as HTTP carries it. */
export function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/**
 * Holds the body against what the headers say of it. Editors add a line end, viewers show bytes as letters, and some captures keep the chunks of
 * RFC 9112 §7.1: these are undone where the length proves it.
 * @throws UsageError if the body is not the one that was sent
 */
export function wholeBody(captured: Captured): Captured {
  const { headers, body } = captured;
  const said = (name: string): string | undefined => headers.find(([known]) => known.toLowerCase() === name)?.[1];
  if (body !== null && /^chunked$/i.test(said('transfer-encoding') ?? '')) return { ...captured, body: unchunked(body) ?? body };
  const length = said('content-length');
  if (length === undefined || !/^\d+$/.test(length) || Number(length) === (body?.length ?? 0)) return captured;
  const sent = body === null ? undefined : readings(body).find((bytes) => bytes.length === Number(length));
  if (sent !== undefined) return { ...captured, body: sent };
  throw new UsageError(`the capture has ${body?.length ?? 0} bytes of body, and its Content-Length says ${length}: it was cut or changed`);
}

/** What a body may have been before it was shown as text. */
function readings(body: Uint8Array): readonly Uint8Array[] {
  const text = Buffer.from(body).toString('utf8');
  return [text.replace(/\r?\n$/, ''), text.replace(/\s+$/, '')].map((one) => Buffer.from(one, 'utf8')).concat(Buffer.from(text, 'latin1'));
}

function unchunked(body: Uint8Array): Uint8Array | null {
  const text = Buffer.from(body).toString('latin1');
  const parts: string[] = [];
  for (let at = 0; ; ) {
    const head = /([0-9a-f]{1,8})(?:;[^\r\n]*)?\r?\n/iy;
    head.lastIndex = at;
    const length = Number.parseInt(head.exec(text)?.[1] ?? '', 16);
    if (Number.isNaN(length)) return null;
    if (length === 0) return Buffer.from(parts.join(''), 'latin1');
    const [chunk, end] = [text.slice(head.lastIndex, head.lastIndex + length), /\r?\n/y];
    end.lastIndex = head.lastIndex + length;
    if (chunk.length < length || !end.test(text)) return null;
    parts.push(chunk);
    at = end.lastIndex;
  }
}
