/** HTTP archives (HAR 1.2), as browsers and debugging proxies save them. */
import type { HeaderLine } from 'approov-guard/views';
import { UsageError } from '../terminal/usage-error.ts';
import { asBytes, type Captured, urlParts } from './captured.ts';

interface ArchivedRequest {
  readonly method?: unknown;
  readonly url?: unknown;
  readonly headers?: unknown;
  readonly postData?: { readonly text?: unknown; readonly encoding?: unknown; readonly params?: unknown } | null;
}

/** Reads one request of an archive. */
export function httpArchive(text: string, entry: number | null): Captured {
  const { requests, isCleaned } = requestsOf(text);
  if (entry === null && requests.length !== 1) throw new UsageError(`the archive holds ${requests.length} requests; name one: --entry 1`);
  const request = requests[(entry ?? 1) - 1];
  if (request === undefined) throw new UsageError(`--entry: the archive holds ${requests.length} requests`);
  const { method, url, headers, postData } = request;
  if (typeof method !== 'string' || typeof url !== 'string') throw new UsageError('the archive’s request has no method or URL');
  const lines = linesOf(headers ?? []);
  // Browsers list the pseudo-headers of HTTP/2 among the headers.
  const sent = lines.filter(([name]) => !name.startsWith(':'));
  const captured = { method, ...urlParts(url), headers: sent, body: bodyOf(postData) };
  return isCleaned
    ? { ...captured, leftOut: { names: REMOVED, by: 'an archive without sensitive data, as browsers save it by default,' } }
    : captured;
}

/** What Chrome and Edge take out of an archive unless "with sensitive data" is chosen. */
const REMOVED = ['authorization', 'cookie'];

function linesOf(headers: unknown): readonly HeaderLine[] {
  if (!Array.isArray(headers)) throw new UsageError('the headers of the archive’s request are not a list');
  return headers.map((header: { readonly name?: unknown; readonly value?: unknown } | null): HeaderLine => {
    const { name, value } = header ?? {};
    if (typeof name === 'string' && typeof value === 'string') return [name, asBytes(value)];
    throw new UsageError('the archive’s request has a header without name or value');
  });
}

interface Archived {
  readonly requests: readonly ArchivedRequest[];
  /** No request holds what browsers take out: it may have been there. */
  readonly isCleaned: boolean;
}

interface ArchivedLog {
  readonly entries?: readonly ({ readonly request?: ArchivedRequest | null } | null)[];
  readonly creator?: { readonly name?: unknown } | null;
}

function requestsOf(text: string): Archived {
  try {
    const archive: { readonly log?: ArchivedLog } = JSON.parse(text);
    const { entries, creator } = archive.log ?? {};
    if (Array.isArray(entries)) {
      const requests = entries.map((entry: { readonly request?: ArchivedRequest | null } | null) => entry?.request ?? {});
      const isShown = /"name"\s*:\s*"(?:authorization|cookie)"/i.test(text);
      return { requests, isCleaned: creator?.name === 'WebInspector' && !isShown };
    }
  } catch {
    // Said below, for both cases.
  }
  throw new UsageError('this is JSON, but no HTTP archive: { "log": { "entries": [ ... ] } }');
}

function bodyOf(postData: ArchivedRequest['postData']): Buffer | null {
  if (typeof postData?.text === 'string') return Buffer.from(postData.text, postData.encoding === 'base64' ? 'base64' : 'utf8');
  if (Array.isArray(postData?.params) && postData.params.length > 0)
    throw new UsageError(
      'the archive holds the fields of a form, and not the bytes of the body; choose "Copy as cURL", or give a raw HTTP message',
    );
  return null;
}
