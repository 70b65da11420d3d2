/** What several tools read in Markdown: its prose without code, and its headings. */

/** @param {string} text @returns {string} the same lines, those of fenced blocks and comments empty */
export const withoutBlocks = (text) =>
  text.replace(/^(```+|~~~+).*?^\1[ \t]*$|<!--.*?-->/gms, (block) => '\n'.repeat(block.split('\n').length - 1));

/** @param {string} title @returns {string} the anchor of a heading, as GitHub makes it */
export const slug = (title) =>
  title
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

/** @param {string} text @returns {string[]} the texts of its headings */
export const headings = (text) => [...withoutBlocks(text).matchAll(/^#{1,6} +(.+)$/gm)].map(([, title = '']) => title);
