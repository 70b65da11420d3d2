/** The declarations of a package: one file for each source in CommonJS form, and one that hands them on for each ES entry point. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isolatedDeclarationSync } from 'rolldown/experimental';
import { builtOf } from './packages.mjs';

/** A relative import of a source: `from './x.ts'`, `import('./x.ts')`. Nothing else in a declaration is spelled so. */
const SPECIFIER = /(?<=\b(?:from|import)\s*\(?\s*)(['"])(\.\.?\/[^'"]+)\.ts\1/g;

/** An augmentation of a framework's own module. */
const AUGMENTS = /^declare module\b/m;

/**
 * @param {import('./packages.mjs').Package} one
 * @param {readonly string[]} sources
 * @returns {[path: string, content: string][]} paths below `dist`
 */
export function declarations({ folder, entries }, sources) {
  const declared = sources.map(
    (path) => /** @type {[string, string]} */ ([`${relative(join(folder, 'src'), path).slice(0, -3)}.d.cts`, declare(path)]),
  );
  const texts = new Map(declared);
  const handedOn = entries.map(({ source }) => {
    const path = builtOf(source, '.d.ts').slice('./dist/'.length);
    const text = texts.get(path.replace(/\.d\.ts$/, '.d.cts')) ?? '';
    // A framework may have other declarations for `import`: these are augmented from here.
    if (AUGMENTS.test(text)) return /** @type {[string, string]} */ ([path, text]);
    const from = `./${path.slice(path.lastIndexOf('/') + 1).replace(/\.d\.ts$/, '.cjs')}`;
    return /** @type {[string, string]} */ ([path, `export * from '${from}';\n`]);
  });
  return [...declared, ...handedOn];
}

/** @param {string} path */
function declare(path) {
  const { code, errors } = isolatedDeclarationSync(path, readFileSync(path, 'utf8'));
  if (errors.length > 0) throw new SyntaxError(`${path}: ${errors.map(({ message }) => message).join('; ')}`);
  return code.replace(SPECIFIER, "'$2.cjs'");
}
