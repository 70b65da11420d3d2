/** What a page tells its reader to do: install, save, start, run, and what each of these prints. */

/** @typedef {{ kind: 'install' | 'save' | 'start' | 'again' | 'run', code: string, name?: string, shown?: string, prints: string[] }} Step */

const BLOCK = /^```(\w+)\n(.*?)^```$/gms;

/** @param {string} text @returns {Step[]} what it tells the reader to do, in this order */
export function stepsOf(text) {
  const blocks = [...text.matchAll(BLOCK)];
  return blocks.flatMap((block, index) => {
    const [all, language, code = ''] = block;
    const prose = text.slice(index === 0 ? 0 : (blocks[index - 1]?.index ?? 0) + (blocks[index - 1]?.[0].length ?? 0), block.index);
    const [next, after] = [blocks[index + 1], text.slice(block.index + all.length, blocks[index + 1]?.index)];
    const prints = [...after.matchAll(/^(?:It|The server) prints ([^\n]*)/gm)].flatMap(([, said = '']) => [...said.matchAll(/`([^`]+)`/g)]);
    const told = prints.map(([, print = '']) => print);
    const again = /start it again/.test(prose) ? [/** @type {Step} */ ({ kind: 'again', code: '', prints: [] })] : [];
    const name = /[Ss]ave (?:this|it) as `([^`]+)`[^\n]*\n\n(?:<!--[^>]*-->\n)?$/.exec(prose)?.[1];
    if (name !== undefined) {
      const save = /** @type {Step} */ ({ kind: 'save', code, name, prints: [] });
      return [save, ...again];
    }
    if (language !== 'sh') return [];
    const shown = next?.[1] === 'text' && after.trim() === '' ? next[2] : undefined;
    const kind = /\bnpm install\b/.test(code) ? 'install' : /Leave it running/.test(after) ? 'start' : 'run';
    return [...again, /** @type {Step} */ ({ kind, code, prints: told, ...(shown !== undefined && { shown }) })];
  });
}

/** @param {string} code @returns {string[]} the packages that a block installs */
export function installed(code) {
  const lines = code.split('\n').filter((line) => /^\s*npm install\b/.test(line));
  return lines.flatMap((line) =>
    line
      .replace(/\s#.*/, '')
      .split(/\s+/)
      .filter((word) => /^@?\w/.test(word) && !['npm', 'install'].includes(word)),
  );
}
