/** A request that somebody captured. */
import type { HeaderLine } from 'approov-guard/views';
import { UsageError } from '../usage-error.ts';

/** What was captured. Header values have one byte a character. */
export interface Captured {
  readonly method: string;
  /** `null` where the capture does not tell. */
  readonly scheme: string | null;
  readonly authority: string | null;
  readonly target: string;
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array | null;
}

/** Takes an absolute URL apart without normalising it. */
export function urlParts(url: string): Pick<Captured, 'scheme' | 'authority' | 'target'> {
  const [, scheme, authority, rest = ''] = /^(https?):\/\/(?:[^/?#@]*@)?([^/?#]+)([^#]*)/i.exec(url) ?? [];
  if (scheme === undefined || authority === undefined)
    throw new UsageError('the URL is not absolute: it begins with neither http:// nor https://');
  return { scheme: scheme.toLowerCase(), authority, target: rest.startsWith('/') ? rest : `/${rest}` };
}

/** A text as its UTF-8 bytes, one a character, as HTTP carries it. */
export function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
