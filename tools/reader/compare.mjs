/** What a block printed, compared with what the page shows. */

/** What is run and compared by itself: each line that promises a status, or else the block. @param {string} code @returns {string[]} */
export function unitsOf(code) {
  const kept = code.replace(/^\s*npm install\b.*\n/gm, '');
  return (/ {2}# \d{3}\b/.test(kept) ? kept.split(/(?<!\\)\n/) : [kept]).filter((unit) => unit.trim() !== '');
}

/**
 * @param {import('./steps.mjs').Step} step - whose code and output have the ports that were used
 * @param {readonly { out: string, err: string }[]} printed - by each of its units
 * @returns {string[]} what differs; the page may leave out what goes to standard error, and `…` stands for anything
 */
export function compared({ code, shown = '…' }, printed) {
  const units = unitsOf(code);
  const promised = units.flatMap((unit, at) => {
    const status = / {2}# (\d{3})\b/.exec(unit)?.[1];
    return status === undefined || printed[at]?.out.includes(`HTTP/1.1 ${status} `) ? [] : [`${unit}\nprinted\n${printed[at]?.out}`];
  });
  const pattern = new RegExp(`^${evened(shown).split('…').map(escaped).join('[^]*')}$`);
  const outputs = [printed.map(({ out }) => out).join(''), printed.map(({ out, err }) => out + err).join('')];
  if (printed.length === units.length && outputs.some((output) => pattern.test(evened(output)))) return promised;
  return [...promised, `${code}printed\n${outputs[1]}where the page shows\n${shown}`];
}

/** @param {string} text */
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Spaces at the ends of lines are not seen. @param {string} text */
const evened = (text) => text.replace(/[ \t\r]+$/gm, '').trim();
