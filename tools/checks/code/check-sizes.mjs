/** Small pieces: lines of functions and files, parameters, adapters, and these checks themselves. */
import { files, lineOf, parse, read, report, walk } from '../lib/source.mjs';

const LIMITS = {
  functionMedian: 12,
  functionP90: 35,
  functionMax: 60,
  fileMedian: 130,
  fileMax: 300,
  adapterMax: 59,
  toolMax: 80,
  parameters: 5,
};
const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/** @typedef {{ where: string, lines: number, parameters: number }} Sized */

/** @param {string} text */
const linesOf = (text) => text.replace(/\n$/, '').split('\n').length;

/** @param {readonly number[]} sorted @param {number} share */
const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** @param {string} path @returns {Sized[]} */
function functionsOf(path) {
  const { text, program } = parse(path);
  const found = /** @type {Sized[]} */ ([]);
  walk(program, (node) => {
    if (!FUNCTIONS.has(node.type) || !node.body) return;
    const lines = linesOf(text.slice(node.start, node.end));
    found.push({ where: `${path}:${lineOf(text, node.start)}`, lines, parameters: node.params.length });
  });
  return found;
}

const problems = /** @type {string[]} */ ([]);

/** @param {boolean} exceeded @param {string} problem */
const limit = (exceeded, problem) => exceeded && problems.push(problem);

const paths = files(/^packages\/[^/]+\/src\/.*\.ts$/);
const fileLines = paths.map((path) => ({ path, lines: linesOf(read(path)) }));
for (const { path, lines } of fileLines) {
  limit(lines > LIMITS.fileMax, `${path} has ${lines} lines, at most ${LIMITS.fileMax}`);
  limit(
    /\/src\/adapters\/[^/]+\.ts$/.test(path) && lines > LIMITS.adapterMax,
    `${path} has ${lines} lines, an adapter at most ${LIMITS.adapterMax}`,
  );
}
for (const path of files(/^tools\/(?!.*\.test\.).*\.mjs$/)) {
  const lines = linesOf(read(path));
  limit(lines > LIMITS.toolMax, `${path} has ${lines} lines, a tool at most ${LIMITS.toolMax}`);
}
const functions = paths.flatMap(functionsOf);
for (const { where, lines, parameters } of functions) {
  limit(lines > LIMITS.functionMax, `${where}: a function of ${lines} lines, at most ${LIMITS.functionMax}`);
  limit(parameters > LIMITS.parameters, `${where}: ${parameters} parameters, at most ${LIMITS.parameters}; take one named object`);
}
const sortedFunctions = functions.map(({ lines }) => lines).sort((a, b) => a - b);
const sortedFiles = fileLines.map(({ lines }) => lines).sort((a, b) => a - b);
const [median, p90] = [quantile(sortedFunctions, 0.5), quantile(sortedFunctions, 0.9)];
const fileMedian = quantile(sortedFiles, 0.5);
limit(median > LIMITS.functionMedian, `functions have ${median} lines in the median, at most ${LIMITS.functionMedian}`);
limit(p90 > LIMITS.functionP90, `functions have ${p90} lines at the 90th percentile, at most ${LIMITS.functionP90}`);
limit(fileMedian > LIMITS.fileMedian, `files have ${fileMedian} lines in the median, at most ${LIMITS.fileMedian}`);
report(
  'check-sizes',
  problems,
  `${functions.length} functions: median ${median}, p90 ${p90}, max ${sortedFunctions.at(-1) ?? 0} lines. ` +
    `${paths.length} files: median ${fileMedian}, max ${sortedFiles.at(-1) ?? 0} lines.`,
);
