/**
 * `publish.mjs RESULT…`: writes the figures of these result files into `bench/README.md`, between its markers; with `--into FILE` into
 * another that has them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { barsOf } from './lib/measuring/bars.mjs';
import { barsTable, markdown, short, table } from './lib/measuring/table.mjs';

/** @typedef {import('./run.mjs').Row} Row */

const { values, positionals } = parseArgs({ allowPositionals: true, options: { into: { type: 'string' } } });
const results = positionals.map((file) => JSON.parse(readFileSync(file, 'utf8')));
if (results.length === 0) throw new Error('name the result files');
// Of a suite that ran more than once, the run that is named last counts.
const bySuite = new Map(/** @type {[string, { rows: Row[], mode: string, machine: any }][]} */ ([]));
for (const { rows, mode, machine } of results) {
  for (const suite of new Set(/** @type {Row[]} */ (rows).map((row) => row.suite))) {
    bySuite.set(suite, { rows: rows.filter((/** @type {Row} */ row) => row.suite === suite), mode, machine });
  }
}

/** @param {string} suite */
const rowsOf = (suite) => bySuite.get(suite)?.rows ?? [];

/** Ratios to the limit: a line for each candidate, a column for each kind of token. @param {string} algorithm */
function tokenTable(algorithm) {
  const rows = rowsOf('token').filter(({ group }) => group.startsWith(`${algorithm}, `));
  const kinds = [...new Set(rows.map(({ group }) => group.slice(algorithm.length + 2)))];
  const names = [...new Set(rows.map(({ name }) => name))];
  const cell = (/** @type {string} */ name, /** @type {string} */ kind) => {
    const ratio = rows.find((row) => row.name === name && row.group === `${algorithm}, ${kind}`)?.ratio;
    return ratio === undefined ? '–' : short(ratio.median);
  };
  const limit = rows.find(({ name }) => name === 'raw node:crypto')?.us?.median ?? Number.NaN;
  const lines = names.map((name) => [name, ...kinds.map((kind) => cell(name, kind))]);
  return rows.length === 0
    ? ''
    : `#### ${algorithm}: ÷ raw verification of one good token (${short(limit)} µs)\n\n${markdown(['', ...kinds], lines)}`;
}

/** @param {any} machine */
function machineText({ cpu, cores, shaInstructions, node, openssl, loadAverage, noiseBefore, noiseAfter }) {
  const noise = (/** @type {any} */ { low, high, worst }) => `${short(low)} to ${short(high)} times its median, at worst ${short(worst)}`;
  return (
    `${cpu}, ${cores} cores${shaInstructions ? ' with SHA instructions' : ''}, Node ${node}, OpenSSL ${openssl}, load average ${short(loadAverage)} at the start. ` +
    `Noise: the same 2 ms of work took ${noise(noiseBefore)} before the run, ${noise(noiseAfter)} after it.`
  );
}

const order = ['token', 'signature', 'http', 'flood', 'memory', 'soak', 'start', 'growth', 'scaling'];
const others = [...bySuite.keys()].filter((suite) => !order.includes(suite));
const parts = [
  barsTable(barsOf([...bySuite.values()].flatMap(({ rows }) => rows))),
  ...[...new Set([...bySuite.values()].map(({ machine }) => machineText(machine)))].map((text) => `Machine: ${text}\n`),
  ...[...order, ...others].map((suite) =>
    suite === 'token'
      ? ['HS256', 'RS256', 'ES256', 'EdDSA'].map(tokenTable).filter(Boolean).join('\n')
      : table(rowsOf(suite)).replaceAll('### ', '#### '),
  ),
];
const file = values.into === undefined ? new URL('README.md', import.meta.url) : pathToFileURL(values.into);
const [before = '', rest = ''] = readFileSync(file, 'utf8').split('<!-- figures -->\n');
const after = rest.split('<!-- end of figures -->').at(-1) ?? '';
writeFileSync(file, `${before}<!-- figures -->\n\n${parts.filter(Boolean).join('\n')}\n<!-- end of figures -->${after}`);
