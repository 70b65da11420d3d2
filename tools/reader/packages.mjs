/** Which packages a page has its reader install. */

/** @param {readonly import('./steps.mjs').Step[]} steps @returns {string[]} what the page installs; if it installs nothing, what its blocks use */
export function packagesOf(steps) {
  const wanted = steps.filter(({ kind }) => kind === 'install').flatMap(({ code }) => installed(code));
  if (wanted.length > 0) return wanted;
  const modules = steps.filter(({ kind, name = '' }) => kind === 'module' || (kind === 'save' && /\.[cm]?[jt]s$/.test(name)));
  return ['@approov-guard/cli', ...modules.flatMap(({ code }) => imported(code))];
}

/** @param {string} code @returns {string[]} the packages that a block installs */
function installed(code) {
  const lines = code.split('\n').filter((line) => /^\s*npm install\b/.test(line));
  return lines.flatMap((line) =>
    line
      .replace(/\s#.*/, '')
      .split(/\s+/)
      .filter((word) => /^@?\w/.test(word) && !['npm', 'install'].includes(word)),
  );
}

/** @param {string} code - a module @returns {string[]} the packages that it imports */
function imported(code) {
  const specifiers = [...code.matchAll(/(?:\bfrom|\bimport|\brequire\()\s*['"]([^'".][^'"]*)['"]/g)].map(([, specifier = '']) => specifier);
  return specifiers
    .filter((specifier) => !specifier.startsWith('node:'))
    .map((specifier) => /^(?:npm:)?((?:@[^/]+\/)?[^/]+)/.exec(specifier)?.[1] ?? '');
}
