/** How tools and people write a base64 secret into a file: each is read as that secret. */

const crlf = '\r\n';
const wrappedAt = (text: string, width: number, end: string): string =>
  `${text.match(new RegExp(`.{1,${width}}`, 'g'))?.join(end) ?? ''}${end}`;

/** What the bytes of a file are for a secret of 64 bytes. */
export const WRITTEN: { readonly [how: string]: (base64: string) => Buffer } = {
  bare: (text) => Buffer.from(text),
  'with a line feed': (text) => Buffer.from(`${text}\n`),
  'with line ends of Windows': (text) => Buffer.from(`${text}${crlf}`),
  'with white space around it': (text) => Buffer.from(`\n  ${text}\t\n\n`),
  'with a byte order mark': (text) => Buffer.from(`\ufeff${text}\n`),
  'in UTF-16 with a mark': (text) => Buffer.from(`\ufeff${text}${crlf}`, 'utf16le'),
  'in UTF-16 without a mark': (text) => Buffer.from(`${text}${crlf}`, 'utf16le'),
  'in UTF-16, big-endian': (text) => Buffer.from(`\ufeff${text}${crlf}`, 'utf16le').swap16(),
  'in UTF-16, big-endian, without a mark': (text) => Buffer.from(text, 'utf16le').swap16(),
  'in double quotation marks': (text) => Buffer.from(`"${text}"\n`),
  'in single quotation marks': (text) => Buffer.from(`'${text}'`),
  'in quotation marks, in UTF-16': (text) => Buffer.from(`\ufeff"${text}"${crlf}`, 'utf16le'),
  'wrapped at 76': (text) => Buffer.from(wrappedAt(text, 76, crlf)),
  'wrapped at 64': (text) => Buffer.from(wrappedAt(text, 64, '\n')),
  'wrapped at 40': (text) => Buffer.from(wrappedAt(text, 40, '\n')),
  'wrapped, in UTF-16': (text) => Buffer.from(wrappedAt(text, 64, crlf), 'utf16le'),
  'below the note of the command line': (text) => Buffer.from(`note: this operation requires the admin role\n${text}\n`),
  'below a note, in UTF-16': (text) => Buffer.from(`\ufeffnote: admin\r\n${text}\r\n`, 'utf16le'),
  'below a comment': (text) => Buffer.from(`# live, 2026-11\n${text}\n`),
  'with line ends of an old Mac': (text) => Buffer.from(`# live\r${text}\r`),
};
