/**
 * `npm run bench`: every candidate and every peer in one run. `npm run bench -- quick` takes less than two minutes, `short` about thirty;
 * `npm run bench -- token flood` runs these suites only. Results: a table on the screen, and JSON and Markdown in `bench/results`.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { barsOf } from './lib/measuring/bars.mjs';
import { describeMachine, noise } from './lib/measuring/machine.mjs';
import { MODES } from './lib/measuring/modes.mjs';
import { barsTable, table } from './lib/measuring/table.mjs';

/**
 * @typedef {object} Settings
 * @property {boolean} quick
 * @property {boolean} smoke - only to see that everything works
 * @property {import('./lib/measuring/measure.mjs').Effort} effort - of what is measured in process
 * @property {{ launches: number, rounds: number, seconds: number, warmSeconds: number, warmRequests: number }} load - of each server: how
 *   often it is started, the pairs at each start, how long each of a pair takes
 * @property {{ rounds: number, seconds: number }} flood - of each kind of flood
 * @property {number} soakSeconds
 */

/**
 * A row of the results.
 * @typedef {object} Row
 * @property {string} suite
 * @property {string} group
 * @property {string} name
 * @property {string} unit
 * @property {import('./lib/measuring/measure.mjs').Spread} [us] - microseconds
 * @property {import('./lib/measuring/measure.mjs').Spread} [ratio] - to the first row of the group
 * @property {{ [figure: string]: number | string | import('./lib/measuring/measure.mjs').Spread }} [figures] - whatever else was measured
 */

/** @typedef {(row: Row) => void} Report */

const program = fileURLToPath(new URL('suite.mjs', import.meta.url));

export const SUITES = [
  'token',
  'signature',
  'growth',
  'start',
  'memory',
  'soak',
  'http',
  'flood',
  'scaling',
  'replay',
  'gateway',
  'held',
  'simulation',
];

/** @param {string} suite @param {string} mode @returns {Promise<Row[]>} */
function runSuite(suite, mode) {
  const rows = /** @type {Row[]} */ ([]);
  const started = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--expose-gc', program, suite, mode], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // Bun and Deno are taken from the cache of runtimes, too.
      env: { ...process.env, RUNTIMES: '1' },
    });
    createInterface({ input: child.stdout }).on('line', (line) => line.startsWith('{') && rows.push(JSON.parse(line)));
    child.on('error', reject);
    child.on('close', (code) => {
      console.error(`${suite}: ${rows.length} rows in ${((Date.now() - started) / 1000).toFixed(0)} s`);
      if (code === 0) resolve(rows);
      else reject(new Error(`the suite ${suite} failed with exit code ${code}`));
    });
  });
}

/** @param {readonly string[]} words */
async function runAll(words) {
  const mode = Object.keys(MODES).find((name) => words.includes(name)) ?? 'full';
  const chosen = SUITES.filter((suite) => words.includes(suite));
  const unknown = words.filter((word) => !SUITES.includes(word) && !(word in MODES));
  if (unknown.length > 0)
    throw new Error(`unknown: ${unknown.join(', ')}. Suites: ${SUITES.join(', ')}. Modes: ${Object.keys(MODES).join(', ')}.`);
  const machine = { ...describeMachine(), noiseBefore: noise() };
  const rows = /** @type {Row[]} */ ([]);
  // Starting twenty programs takes longer than all else in little effort.
  const usual = mode === 'quick' ? SUITES.filter((suite) => suite !== 'gateway' && suite !== 'held') : SUITES;
  for (const suite of chosen.length > 0 ? chosen : usual) rows.push(...(await runSuite(suite, mode)));
  const result = { mode, at: new Date().toISOString(), machine: { ...machine, noiseAfter: noise() }, bars: barsOf(rows), rows };
  write(result);
}

/** @param {{ mode: string, at: string, machine: object, bars: import('./lib/measuring/bars.mjs').Bar[], rows: Row[] }} result */
function write(result) {
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const name = `${result.at.replaceAll(':', '-')}-${result.mode}`;
  const machine = Object.entries(result.machine).map(
    ([key, value]) => `${key}: ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  const text = `${machine.join('\n')}\n\n${table(result.rows)}\n${barsTable(result.bars)}`;
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(result, null, 1)}\n`);
  writeFileSync(new URL(`${name}.md`, folder), text);
  console.log(text);
  console.log(`Written to bench/results/${name}.json and .md`);
}

await runAll(process.argv.slice(2));
