/** The engine inside nginx: the body of a function of a policy, with `crypto` and `fs` around it, for njs 0.7.9, which has ES5, modules, and little of the library since. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/** @typedef {[path: string, content: string]} Built */

/** What njs lacks, and where it is. */
const LACKED = ['Map', 'Set'];
const METHODS = `if (!Array.prototype.flatMap) Array.prototype.flatMap = function (make) { return Array.prototype.concat.apply([], this.map(make)); };
if (!Object.hasOwn) Object.hasOwn = function (object, name) { return Object.prototype.hasOwnProperty.call(object, name); };
`;

/** @param {string} folder - of the package @returns {Promise<Built[]>} paths below `dist` */
export async function njsEngine(folder) {
  const input = join(folder, 'src/native/njs/engine.ts');
  if (!existsSync(input)) return [];
  const inject = Object.fromEntries(LACKED.map((name) => [name, [join(folder, 'src/native/njs/platform.ts'), `Small${name}`]]));
  const bundle = await rolldown({
    input,
    external: (id) => id.startsWith('node:'),
    resolve: { conditionNames: ['source'] },
    transform: { target: 'es2022', inject: /** @type {any} */ (inject) },
    logLevel: 'warn',
  });
  const { output } = await bundle.generate({ format: 'es', comments: false });
  const newer = output[0].code.replace(/^import .*\n/gm, '').replace(/export \{ (\w+) as default \};/, '');
  const [, name] = /export \{ (\w+) as default \};/.exec(output[0].code) ?? [];
  if (name === undefined || /^(?:import|export) /m.test(newer))
    throw new Error('njs/engine.ts: only `crypto` and `fs` are there, and one default export');
  return [['njs/engine.js', `${METHODS}${asEs5(folder, newer)}return ${name};\n`]];
}

/** TypeScript 5.9 is the last that writes ES5. @param {string} folder @param {string} code */
function asEs5(folder, code) {
  const typescript = createRequire(join(folder, 'package.json'))('typescript');
  const { ModuleKind, ScriptTarget } = typescript;
  const compilerOptions = { target: ScriptTarget.ES5, module: ModuleKind.ESNext, allowJs: true, removeComments: true };
  // Private members become entries of a map of their own.
  return typescript
    .transpileModule(code, { compilerOptions, fileName: 'engine.js' })
    .outputText.replaceAll('new WeakMap()', 'new SmallMap()');
}
