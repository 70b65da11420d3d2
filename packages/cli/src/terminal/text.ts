/** How things are written for people, and the lines that people write. */

/** What the name of a field is made of (RFC 9110 §5.6.2): for the brackets of a pattern. */
export const TOKEN_CHARACTERS: string = "!#$%&'*+.^_`|~0-9A-Za-z-";
const FIELD_NAME = new RegExp(`^[${TOKEN_CHARACTERS}]+$`);
const HEADER_LINE = new RegExp(`^([${TOKEN_CHARACTERS}]+):[ \\t]*([^\\r\\n\\0]*)$`);

/** Tells whether a text can be the name of a field. */
export function isFieldName(text: string): boolean {
  return FIELD_NAME.test(text);
}

/** The name and the value of a header line, or `null`. */
export function parseHeaderLine(line: string): readonly [name: string, value: string] | null {
  const [, name, value] = HEADER_LINE.exec(line) ?? [];
  return name === undefined || value === undefined ? null : [name, value];
}

/** Characters that move the cursor, change the direction of writing, or are invisible. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]/g;

/** A value as JSON that is safe on a terminal: what a stranger wrote cannot move the cursor. */
export function printable(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').replace(UNSAFE, escaped);
}

/** A text of one or several lines that is safe on a terminal; line feeds and tabs stay. */
export function safeText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(UNSAFE, (character) => (/[\n\t]/.test(character) ? character : escaped(character)));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A credential as it may be shown: its first characters, at most half of it, and its length. */
export function shortened(text: string): string {
  return text === '' ? '' : `${text.slice(0, Math.min(10, Math.floor(text.length / 2)))}…(${text.length} characters)`;
}

const UNITS = [
  { name: 'y', seconds: 31_536_000 },
  { name: 'd', seconds: 86_400 },
  { name: 'h', seconds: 3600 },
  { name: 'min', seconds: 60 },
  { name: 's', seconds: 1 },
] as const;

/** A duration in its two largest units, such as `59 min 58 s`. */
export function spellDuration(seconds: number): string {
  let rest = Math.floor(Math.abs(seconds));
  const parts: string[] = [];
  for (const unit of UNITS) {
    const count = Math.floor(rest / unit.seconds);
    rest -= count * unit.seconds;
    if (count > 0) parts.push(`${count} ${unit.name}`);
    else if (parts.length > 0) break;
  }
  return parts.length === 0 ? 'less than 1 s' : parts.slice(0, 2).join(' ');
}

/** A moment in ISO 8601, or the bare seconds where the calendar does not reach. */
export function spellMoment(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s after 1970` : date.toISOString().replace(/\.000Z$/, 'Z');
}

/** `lives for …` or `dead since …`. */
export function spellLife(exp: number, at: number): string {
  const moment = spellMoment(exp);
  return exp > at ? `${spellDuration(exp - at)} more, until ${moment}` : `dead since ${moment}, ${spellDuration(at - exp)} ago`;
}

/** Name and value pairs in two columns, indented. */
export function columns(pairs: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join('');
}

/** Claims or header members in two columns. */
export function memberColumns(members: object): string {
  return columns(Object.entries(members).map(([name, value]) => [/^[\w-]+$/.test(name) ? name : printable(name), printable(value)]));
}
