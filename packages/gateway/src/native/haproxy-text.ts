/** Texts as HAProxy reads them: a word, a sample, a pattern. */

/** Writes a text as one word of HAProxy's configuration: nothing in it is expanded. */
export function quoted(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`;
}

/** A text as a sample of HAProxy's: nothing in it ends the sample, the word or the line. */
export function textSample(text: string): string {
  return quoted(`str("${text.replace(/["\\]/g, '\\$&')}")`);
}

/** A text as a regular expression that matches it. */
export function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

/** What matches a text as JSON writes it. */
export function jsonLiteral(text: string): string {
  return literal(JSON.stringify(text).slice(1, -1));
}
