/** Splits a command line of Windows' cmd.exe, as browsers copy it there: carets first, then quotation marks. Nothing is expanded or run. */

/** Whether a copied command line is one of cmd.exe: a caret before the first quotation mark, or at the end of a line. */
export function isOfCmd(text: string): boolean {
  return /^curl(?:\.exe)?\s+\^"/i.test(text) || /"[ \t]*\^\r?\n/.test(text);
}

/** The words of a command line; `null` if a quote is not closed. */
export function cmdWords(text: string): readonly string[] | null {
  return argumentsOf(withoutCarets(text));
}

/** What cmd.exe hands on: outside quotation marks a caret makes the next character plain, and joins lines. */
function withoutCarets(text: string): string {
  let plain = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') quoted = !quoted;
    if (character !== '^' || quoted) {
      plain += character;
      continue;
    }
    const lineEnd = /\r?\n/y;
    lineEnd.lastIndex = at + 1;
    const end = lineEnd.exec(text)?.[0] ?? '';
    at += end.length;
    // The character after a joined line is plain too: a second line end stays, which is how a line feed is written.
    const next = end === '' ? text.charAt(++at) : /^\r?\n/.exec(text.slice(at + 1, at + 3))?.[0];
    if (end !== '' && next !== undefined) at += next.length;
    plain += end === '' ? next : next === undefined ? '' : '\n';
  }
  return plain;
}

/** What a program makes of it: backslashes count only before quotation marks, and two marks within quotes are one. */
function argumentsOf(line: string): readonly string[] | null {
  const part = /(\s+)|(\\*)"|\\+|[^\s"\\]+/y;
  const words: string[] = [];
  let word: string | null = null;
  let quoted = false;
  while (part.lastIndex < line.length) {
    const [text, space, backslashes] = part.exec(line) ?? [''];
    if (space !== undefined && !quoted) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    word ??= '';
    if (backslashes === undefined) word += text;
    else {
      word += '\\'.repeat(backslashes.length >> 1);
      const doubled = quoted && line.charAt(part.lastIndex) === '"';
      if (backslashes.length % 2 === 1) word += '"';
      else if (doubled) {
        word += '"';
        part.lastIndex++;
      } else quoted = !quoted;
    }
  }
  if (word !== null) words.push(word);
  return quoted ? null : words;
}
