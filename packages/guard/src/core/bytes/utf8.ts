/** UTF-8 without tolerance (RFC 3629): no replacement characters, and a byte order mark is data. */

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes UTF-8; `null` if the bytes are none. */
export function decodeUtf8(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}
