/** What a block printed, compared with what the page shows. */

/** At the end of a line: the status of the answer, and perhaps its body. */
const PROMISE = / {2}# (\d{3})\b(?: (\{.*\}))?/;

/** What is run and compared by itself: each line that promises a status, or else the block. @param {string} code @returns {string[]} */
export function unitsOf(code) {
  const kept = code.replace(/^\s*npm install\b.*\n/gm, '');
  return (PROMISE.test(kept) ? kept.split(/(?<!\\)\n/) : [kept]).filter((unit) => unit.trim() !== '');
}

/** @typedef {{ out: string, err: string, status: number }} Printed */

/**
 * @param {Pick<import('./steps.mjs').Step, 'code' | 'shown'>} step
 * @param {readonly Printed[]} printed - by each of its units
 * @returns {string[]} what differs; the page may leave out what goes to standard error, and `…` stands for anything
 */
export function compared({ code, shown = '…' }, printed) {
  const units = unitsOf(code);
  if (printed.length !== units.length) return [`${code}: ${printed.length} of ${units.length} commands were run`];
  const failed = units.flatMap((unit, at) => failureOf(unit, printed[at] ?? { out: '', err: '', status: -1 }));
  const pattern = new RegExp(`^${evened(shown).split('…').map(escaped).join('[^]*')}$`);
  const outputs = [printed.map(({ out }) => out).join(''), printed.map(({ out, err }) => out + err).join('')];
  if (outputs.some((output) => pattern.test(evened(output)))) return failed;
  return [...failed, `${code}printed\n${outputs[1]}where the page shows\n${shown}`];
}

/** @param {string} unit @param {Printed} printed @returns {string[]} */
function failureOf(unit, { out, err, status }) {
  const [, promised, body = ''] = PROMISE.exec(unit) ?? [];
  const kept = promised === undefined ? status === 0 : new RegExp(`HTTP/[\\d.]+ ${promised} `).test(out) && out.includes(body);
  return kept ? [] : [`${unit}\nended with ${status} and printed\n${out}${err}`];
}

/** What a module promises to print: the comment behind a statement of its own. */
const PRINTS = /^ {0,2}console\.log\(.*\); \/\/ (.+)$/gm;

/** @param {string} code - of a module @param {string} output @returns {string[]} what it promises in comments and did not print; ports may differ, and hints come between */
export function unprinted(code, output) {
  const even = (/** @type {string} */ text) => text.replace(/:\d{4,5}\b/g, ':PORT');
  const lines = output.split('\n').filter((line) => line !== '' && !line.startsWith('approov-guard: '));
  const printed = even(lines.join(', '));
  return [...code.matchAll(PRINTS)].map(([, promised = '']) => promised).filter((promised) => !printed.includes(even(promised)));
}

/** @param {string} text */
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Spaces at the ends of lines are not seen. @param {string} text */
const evened = (text) => text.replace(/[ \t\r]+$/gm, '').trim();
