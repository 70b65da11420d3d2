/** What a page tells its reader to do: install, save, start, run, load; what each of these prints; and what is left out, with the reason. */

/**
 * @typedef {'install' | 'save' | 'start' | 'again' | 'run' | 'module' | 'shown' | 'left' | 'unknown'} Kind - `shown`: what the block above printed;
 *   `left`: the page says why nobody runs it, or names the test that does; `unknown`: a reader cannot tell what to do with it
 * @typedef {{ kind: Kind, line: number, language: string, code: string, name?: string, shown?: string, reason?: string, prints: string[] }} Step
 */

const BLOCK = /^```(\w+)[^\n]*\n(.*?)^```$/gms;
const COMMANDS = new Set(['sh', 'bash', 'shell', 'console']);
const MODULES = new Map(Object.entries({ ts: 'mts', typescript: 'mts', js: 'mjs', javascript: 'mjs' }));
/** The sentence just above a block that gives the file its name, and the comment in its first line that does. */
const NAMED = /(?:[Ss]ave (?:this|it) as|\b[Ii]n) `([\w@+./-]+\.\w+)`[^\n]*\n\n(?:<!--[^>]*-->\n)?$/;
const NAMED_INSIDE = /^(?:#|\/\/) ([\w./-]+\.\w+)(?:,[^\n]*)?\n/;
const LEFT = /^\*(Not run by the tests: [^*]*)\*\s*$|<!--\s*(run by \S+\.test\.(?:ts|mjs))\s*-->\s*$/m;
/** All blocks of a page that is generated, or that acts on a clone. */
const ALL_LEFT = /^(?:\*Its blocks are (not run by the tests: [^*]*)\*|<!-- its blocks are (run by \S+\.test\.ts) -->)$/m;

/** @param {string} page @returns {boolean} whether its reader is somebody who uses the packages, and not a clone of the repository */
export const isFollowed = (page) => /^(?:README\.md|docs\/.*\.md|packages\/[^/]+\/README\.md)$/.test(page);

/** @param {string} text @returns {Step[]} what it tells the reader to do, in this order */
export function stepsOf(text) {
  const blocks = [...text.matchAll(BLOCK)];
  const [, allSeen, allHidden] = ALL_LEFT.exec(text) ?? [];
  return blocks.flatMap((block, index) => {
    const [all, language = '', code = ''] = block;
    const before = blocks[index - 1];
    const prose = text.slice(before === undefined ? 0 : before.index + before[0].length, block.index);
    const [next, after] = [blocks[index + 1], text.slice(block.index + all.length, blocks[index + 1]?.index)];
    const line = text.slice(0, block.index).split('\n').length;
    const step = (/** @type {Kind} */ kind, /** @type {Partial<Step>} */ more = {}) => ({
      kind,
      line,
      language,
      code,
      prints: [],
      ...more,
    });
    const again = /start it again/.test(prose) ? [step('again')] : [];
    const left = allSeen ?? allHidden ?? leftBy(prose);
    if (left !== undefined) return [...again, step('left', { reason: left })];
    const name = NAMED.exec(prose)?.[1] ?? NAMED_INSIDE.exec(code)?.[1];
    if (name !== undefined) return [step('save', { name }), ...again];
    if (MODULES.has(language)) return [...again, step('module', { name: `block-${line}.${MODULES.get(language)}` })];
    if (language === 'text') return [step(prose.trim() === '' && COMMANDS.has(before?.[1] ?? '') ? 'shown' : 'unknown')];
    if (!COMMANDS.has(language)) return [step('unknown')];
    const prints = [...after.matchAll(/^(?:It|The server) prints (.*?\.)(?=\s|$)/gm)].flatMap(([, said = '']) => [
      ...said.matchAll(/`([^`]+)`/g),
    ]);
    const shown = next?.[1] === 'text' && after.trim() === '' ? { shown: next[2] ?? '' } : {};
    const kind = /^\s*npm install\b/m.test(code) ? 'install' : /Leave it running/.test(after) ? 'start' : 'run';
    return [...again, step(kind, { prints: prints.map(([, print = '']) => print), ...shown })];
  });
}

/** @param {string} prose - above a block @returns {string | undefined} what its last line says of the block */
function leftBy(prose) {
  const last = prose.trimEnd().split('\n').at(-1) ?? '';
  const [, seen, hidden] = LEFT.exec(last) ?? [];
  return seen ?? hidden;
}
