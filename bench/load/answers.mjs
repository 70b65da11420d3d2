/** Where an HTTP/1.1 answer ends: by its length or its last chunk. */

/**
 * The length of the first answer in bytes, head included; `-1` while it is incomplete. Answers without a length are not understood.
 * @param {Buffer} bytes
 */
export function answerLength(bytes) {
  const head = bytes.indexOf('\r\n\r\n');
  if (head < 0) return -1;
  const text = bytes.toString('latin1', 0, head).toLowerCase();
  if (/\r\ntransfer-encoding: *chunked/.test(text)) {
    const end = bytes.indexOf(bytes.toString('latin1', head + 4, head + 5) === '0' ? '0\r\n\r\n' : '\r\n0\r\n\r\n', head + 4);
    if (end < 0) return -1;
    return bytes.indexOf('\r\n\r\n', end) + 4;
  }
  const length = /\r\ncontent-length: *(\d+)/.exec(text)?.[1];
  if (length === undefined) throw new Error('an answer without a length');
  const total = head + 4 + Number(length);
  return bytes.length < total ? -1 : total;
}

/** The status of an answer. @param {Buffer} bytes */
export const statusOf = (bytes) => ((bytes[9] ?? 0) - 48) * 100 + ((bytes[10] ?? 0) - 48) * 10 + ((bytes[11] ?? 0) - 48);
