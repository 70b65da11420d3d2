/** HTTP archives (HAR 1.2), as browsers and debugging proxies save them. */
import type { HeaderLine } from 'approov-guard/views';
import { UsageError } from '../usage-error.ts';
import { asBytes, type Captured, urlParts } from './captured.ts';

interface ArchivedRequest {
  readonly method?: unknown;
  readonly url?: unknown;
  readonly headers?: unknown;
  readonly postData?: { readonly text?: unknown; readonly encoding?: unknown } | null;
}

/** Reads one request of an archive. */
export function httpArchive(text: string, entry: number | null): Captured {
  const requests = requestsOf(text);
  if (entry === null && requests.length !== 1) throw new UsageError(`the archive holds ${requests.length} requests; name one: --entry 1`);
  const request = requests[(entry ?? 1) - 1];
  if (request === undefined) throw new UsageError(`--entry: the archive holds ${requests.length} requests`);
  const { method, url, headers, postData } = request;
  if (typeof method !== 'string' || typeof url !== 'string') throw new UsageError('the archive’s request has no method or URL');
  const lines = linesOf(headers ?? []);
  // Browsers list the pseudo-headers of HTTP/2 among the headers.
  return { method, ...urlParts(url), headers: lines.filter(([name]) => !name.startsWith(':')), body: bodyOf(postData) };
}

function linesOf(headers: unknown): readonly HeaderLine[] {
  if (!Array.isArray(headers)) throw new UsageError('the headers of the archive’s request are not a list');
  return headers.map((header: { readonly name?: unknown; readonly value?: unknown } | null): HeaderLine => {
    const { name, value } = header ?? {};
    if (typeof name === 'string' && typeof value === 'string') return [name, asBytes(value)];
    throw new UsageError('the archive’s request has a header without name or value');
  });
}

function requestsOf(text: string): readonly ArchivedRequest[] {
  try {
    const archive: { readonly log?: { readonly entries?: readonly { readonly request?: ArchivedRequest }[] } } = JSON.parse(text);
    const entries = archive.log?.entries;
    if (Array.isArray(entries)) return entries.map((entry: { readonly request?: ArchivedRequest | null } | null) => entry?.request ?? {});
  } catch {
    // Said below, for both cases.
  }
  throw new UsageError('this is JSON, but no HTTP archive: { "log": { "entries": [ ... ] } }');
}

function bodyOf(postData: ArchivedRequest['postData']): Buffer | null {
  if (typeof postData?.text !== 'string') return null;
  return Buffer.from(postData.text, postData.encoding === 'base64' ? 'base64' : 'utf8');
}
