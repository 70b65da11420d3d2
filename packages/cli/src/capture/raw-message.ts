/** Raw HTTP/1.1 messages (RFC 9112), as proxies and `--dry-run` write them. */
import type { HeaderLine } from 'approov-guard/views';
import { TOKEN_CHARACTERS } from '../terminal/text.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { type Captured, urlParts } from './captured.ts';

const REQUEST_LINE = new RegExp(`^([${TOKEN_CHARACTERS}]+) (\\S+)(?: HTTP/[0-9.]+)?$`);

/** Reads a request line, header lines and, after an empty line, the body. Lines may end with a line feed alone. */
export function rawMessage(bytes: Buffer): Captured {
  const text = bytes.toString('latin1').replace(/^\s+/, '');
  const end = /\r?\n\r?\n/.exec(text);
  const head = end === null ? text.trimEnd() : text.slice(0, end.index);
  const [first = '', ...lines] = head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  const [, method, target] = REQUEST_LINE.exec(first.trimEnd()) ?? [];
  if (method === undefined || target === undefined) {
    throw new UsageError(
      'this is not a captured request: give a curl command line, PowerShell, a call of fetch(), a HAR file, or a message that begins like GET /path HTTP/1.1',
    );
  }
  const headers = lines.map(headerLine);
  const body = end === null ? '' : text.slice(end.index + end[0].length);
  return { method, ...placeOf(target, headers), headers, body: body === '' ? null : Buffer.from(body, 'latin1') };
}

function headerLine(line: string): HeaderLine {
  const colon = line.indexOf(':');
  if (colon < 1) throw new UsageError('the message holds a header line without a colon');
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
}

/** RFC 9112 §3.2.2: an absolute target names the origin; else Host does, and nothing tells the scheme. */
function placeOf(target: string, headers: readonly HeaderLine[]): Pick<Captured, 'scheme' | 'authority' | 'target'> {
  if (/^https?:\/\//i.test(target)) return { ...urlParts(target), target };
  return { scheme: null, authority: headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? null, target };
}
