/** Reads a capture: a curl command line, PowerShell, a call of `fetch()`, an HTTP archive or a raw HTTP message. */
import { fileText } from 'approov-guard/keys-file';
import { isFieldName } from '../terminal/text.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { type Captured, wholeBody } from './captured.ts';
import { curlCommand } from './curl-command.ts';
import { fetchCall } from './fetch-call.ts';
import { httpArchive } from './http-archive.ts';
import { isPowerShell, powerShellRequest } from './powershell.ts';
import { rawMessage } from './raw-message.ts';

/**
 * Reads a capture, whichever it is.
 * @param entry - of an archive: which request, from 1; `null` for the only one
 * @throws UsageError if it is none of them, or may be read as more than one request
 */
export function capturedRequest(bytes: Buffer, entry: number | null): Captured {
  // A prompt is copied with what stands behind it.
  const text = fileText(bytes)
    .trimStart()
    .replace(/^(?:PS )?[A-Za-z]:\\[^>\r\n]*>\s*/, '');
  const other = OTHERS.find(({ form }) => form.test(text));
  if (other !== undefined && !isPowerShell(text))
    throw new UsageError(`${other.what} is not read here: choose "Copy as cURL" in the browser, or save an HTTP archive (HAR)`);
  const read = READERS.find(({ form }) => form(text));
  const captured = read === undefined ? rawMessage(isWide(bytes) ? Buffer.from(text) : bytes) : read.read(text, entry);
  const wrong = captured.headers.find(([name, value]) => !isFieldName(name) || /[\r\n\0]/.test(value));
  if (wrong !== undefined) throw new UsageError('the capture holds a header that no HTTP message can have');
  return wholeBody(captured);
}

const READERS: readonly { readonly form: (text: string) => boolean; readonly read: (text: string, entry: number | null) => Captured }[] = [
  { form: (text) => text.startsWith('{'), read: httpArchive },
  { form: isPowerShell, read: powerShellRequest },
  { form: (text) => /^(?:\$\s*)?curl(?:\.exe)?\s/i.test(text), read: curlCommand },
  { form: (text) => /^(?:await\s+)?fetch\s*\(/.test(text), read: fetchCall },
];

/** What people copy as well, and what begins so. */
const OTHERS: readonly { readonly what: string; readonly form: RegExp }[] = [
  { what: 'a call of wget', form: /^(?:\$\s*)?wget\s/i },
  { what: 'a call of HTTPie', form: /^(?:\$\s*)?https?\s+/ },
  { what: 'the log of `curl -v`', form: /^[*<>] / },
  { what: 'a list of HTTP/2 fields', form: /^:(?:method|authority|scheme|path)\b/ },
];

/** UTF-16, as Windows PowerShell redirects output: every other byte of a request line is zero. */
const isWide = (bytes: Buffer): boolean => bytes.subarray(0, 4).includes(0) || (bytes[0] ?? 0) >= 0xfe;
