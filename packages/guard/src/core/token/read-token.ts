/** Finds the attestation token in a request, before anything of it is decoded. */
import { excerpt } from '../bytes/text.ts';
import { type RequestView, trimOptionalWhiteSpace } from '../request-view.ts';
import type { Bytes } from '../time.ts';
import { type Rejected, rejected } from '../verdict.ts';

/** Where the token is, and how long it may be. */
export interface TokenPlace {
  readonly header: string;
  /** The scheme before the token, lower case, or `null`. */
  readonly prefix: string | null;
  /** Whether a token without that scheme is read, too. Default: false. */
  readonly prefixOptional?: boolean;
  /** Where the SDKs say why there is no token; `null` or left out: nowhere. */
  readonly statusHeader?: string | null;
  readonly maxBytes: Bytes;
}

/** What the SDKs write into the token header when they could not fetch a token (upper case; okhttp 3.8 writes lower case). */
const SDK_STATUSES: ReadonlySet<string> = new Set([
  'NO_NETWORK',
  'POOR_NETWORK',
  'MITM_DETECTED',
  'UNTRUSTED_NETWORK',
  'NO_APPROOV_SERVICE',
  'BAD_URL',
  'UNKNOWN_URL',
  'UNPROTECTED_URL',
  'NOT_INITIALIZED',
  'REJECTED',
  'DISABLED',
  'UNKNOWN_KEY',
  'BAD_KEY',
  'BAD_PAYLOAD',
  'INTERNAL_ERROR',
]);
const LONGEST_STATUS = 32;

/** The token text of a request, or why there is none: missing, duplicated, too large, an SDK status, or an unexpected prefix. */
export function readToken(request: RequestView, place: TokenPlace): string | Rejected {
  const lines = request.lines(place.header);
  if (lines.length === 0) return withoutToken(request, place, 'header absent');
  if (lines.length > 1) return rejected('token-duplicated');
  const value = trimOptionalWhiteSpace(lines[0] as string);
  if (value.length > place.maxBytes) return rejected('token-too-large');
  // RFC 9110 §5.3: platforms that join repeated lines use a comma, which no token contains.
  if (value.includes(',')) return rejected('token-duplicated');
  const token =
    place.prefix === null || value === '' ? value : (withoutScheme(value, place.prefix) ?? (place.prefixOptional ? value : null));
  if (token === null) return rejected('token-malformed', 'the configured prefix is absent');
  if (token === '') return withoutToken(request, place, 'header empty');
  return token.length <= LONGEST_STATUS && SDK_STATUSES.has(token.toUpperCase())
    ? rejected('token-sdk-status', excerpt(token, LONGEST_STATUS))
    : token;
}

/** okhttp from 3.7 on: one word, such as `no_network`, also of SDKs newer than this list. `success` explains no absence. */
const STATUS = /^(?!success$)[a-z][a-z_]{1,31}$/i;

/** An app whose SDK says why it has no token is not an app without the SDK. It proves nothing: the request is refused all the same. */
function withoutToken(request: RequestView, { statusHeader = null }: TokenPlace, detail: string): Rejected {
  const [line = '', ...more] = statusHeader === null ? [] : request.lines(statusHeader);
  const status = trimOptionalWhiteSpace(line);
  return more.length === 0 && STATUS.test(status) ? rejected('token-sdk-status', status) : rejected('token-missing', detail);
}

/** RFC 9110 §11.4: the scheme is compared without regard to case and followed by at least one space. */
function withoutScheme(value: string, scheme: string): string | null {
  const after = value.slice(scheme.length);
  if (value.slice(0, scheme.length).toLowerCase() !== scheme) return null;
  if (after !== '' && !after.startsWith(' ')) return null;
  return trimOptionalWhiteSpace(after);
}
