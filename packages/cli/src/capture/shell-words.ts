/** Splits a command line as a POSIX shell does: quotes, `$'…'`, backslashes. Nothing is expanded and nothing is run. */

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['0', '\0'],
]);

/** A double-quoted, single-quoted or ANSI-C quoted part, an escaped character, or plain text. */
const PART = /\$'((?:[^'\\]|\\[\s\S])*)'|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\$]+|\$)/y;

/** The words of a command line; `null` if a quote is not closed. */
export function shellWords(text: string): readonly string[] | null {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    const space = /(?:\s|\\\r?\n)+/y;
    space.lastIndex = at;
    if (space.test(text)) {
      at = space.lastIndex;
      continue;
    }
    const word = wordAt(text, at);
    if (word === null) return null;
    words.push(word.text);
    at = word.end;
  }
  return words;
}

function wordAt(text: string, start: number): { readonly text: string; readonly end: number } | null {
  let [word, at] = ['', start];
  while (at < text.length && !/\s/.test(text.charAt(at))) {
    PART.lastIndex = at;
    const part = PART.exec(text);
    if (part === null) return null;
    word += textOf(part);
    at = PART.lastIndex;
  }
  return { text: word, end: at };
}

function textOf([, ansi, single, double, escaped, plain]: RegExpExecArray): string {
  if (ansi !== undefined) return ansi.replace(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[\s\S])/g, (_, code: string) => ansiCharacter(code));
  if (double !== undefined) return double.replace(/\\(["\\$`])|\\\r?\n/g, '$1');
  if (escaped !== undefined) return /[\r\n]/.test(escaped) ? '' : escaped;
  return single ?? plain ?? '';
}

function ansiCharacter(code: string): string {
  if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  return ESCAPES.get(code) ?? code;
}
