/** Reads a capture: a curl command line, an HTTP archive or a raw HTTP message. */
import { fileText } from 'approov-guard/keys-file';
import { UsageError } from '../usage-error.ts';
import type { Captured } from './captured.ts';
import { curlCommand } from './curl-command.ts';
import { httpArchive } from './http-archive.ts';
import { rawMessage } from './raw-message.ts';

/**
 * Reads a capture, whichever of the three it is.
 * @param entry - of an archive: which request, from 1; `null` for the only one
 * @throws UsageError if it is none of them
 */
export function capturedRequest(bytes: Buffer, entry: number | null): Captured {
  const text = fileText(bytes).trimStart();
  const other = OTHERS.find(({ form }) => form.test(text));
  if (other !== undefined)
    throw new UsageError(`${other.what} is not read here: choose "Copy as cURL" in the browser, or save an HTTP archive (HAR)`);
  const captured = text.startsWith('{')
    ? httpArchive(text, entry)
    : /^(?:\$\s*)?curl(?:\.exe)?\s/i.test(text)
      ? curlCommand(text)
      : rawMessage(isWide(bytes) ? Buffer.from(text) : bytes);
  const wrong = captured.headers.find(([name, value]) => !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || /[\r\n\0]/.test(value));
  if (wrong !== undefined) throw new UsageError('the capture holds a header that no HTTP message can have');
  return captured;
}

/** What browsers and people copy as well, and what begins so. */
const OTHERS: readonly { readonly what: string; readonly form: RegExp }[] = [
  { what: 'PowerShell', form: /^(?:\$\w+\s*=|Invoke-(?:WebRequest|RestMethod)\b|i(?:wr|rm)\s)/i },
  { what: 'a call of fetch()', form: /^(?:await\s+)?fetch\s*\(/ },
  { what: 'a call of wget', form: /^(?:\$\s*)?wget\s/i },
  { what: 'a call of HTTPie', form: /^(?:\$\s*)?https?\s+/ },
  { what: 'the log of `curl -v`', form: /^[*<>] / },
  { what: 'a list of HTTP/2 fields', form: /^:(?:method|authority|scheme|path)\b/ },
];

/** UTF-16, as Windows PowerShell redirects output: every other byte of a request line is zero. */
const isWide = (bytes: Buffer): boolean => bytes.subarray(0, 4).includes(0) || (bytes[0] ?? 0) >= 0xfe;
