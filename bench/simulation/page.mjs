/**
 * The tables of `docs/scaling.md` and `docs/scaling-faults.md`, made from the simulation: `node bench/simulation/page.mjs` says whether the pages have them, `--write` writes
 * them. Nothing of them depends on the machine.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { markdown, short } from '../lib/measuring/table.mjs';
import { COSTS } from './costs.mjs';
import { SCENARIOS, usualSettings } from './scenarios.mjs';
import { PLACES, sizeOf } from './sizing.mjs';
import { World } from './world.mjs';

/** The page that holds a table. @param {string} name */
export const pageOf = (name) => new URL(`../../docs/${name === 'faults' ? 'scaling-faults' : 'scaling'}.md`, import.meta.url);
const PER_SECOND = 1_000_000;

/** @param {number} count */
const counted = (count) => count.toLocaleString('en-US');

export const costsTable = () =>
  markdown(
    ['what', 'costs', '', 'from'],
    Object.entries(COSTS).map(([what, { value, unit, kind, from }]) => [what, `${value} ${unit}`.trim(), kind, from]),
  );

export function sizesTable() {
  const lines = Object.keys(PLACES).flatMap((place) =>
    [0, 0.1, 1].map((signed) => {
      const { cores, shards, entries, storeBytes } = sizeOf(PER_SECOND, signed, place);
      const store =
        signed === 0 ? ['–', '–', '–'] : [String(shards), `${short(entries / 1e6)} million`, `${short(storeBytes / 2 ** 30)} GiB`];
      return [place, `${signed * 100} %`, String(cores), ...store];
    }),
  );
  return markdown(['where', 'signed', 'cores', 'shards', 'entries', 'their memory'], lines);
}

/** @param {Partial<import('./world.mjs').Settings>} [sampled] */
export function faultsTable(sampled = {}) {
  const lines = SCENARIOS.map(({ group, name, settings, fault }) => {
    const counts = new World({ ...usualSettings(), ...settings, ...sampled }).run(fault);
    const { unavailable, again, rejected, unreached, replays, replaysPassed } = counts;
    const share = replaysPassed === 0 ? '0' : `${counted(replaysPassed)} (${short((100 * replaysPassed) / replays)} %)`;
    return [group, name, counted(unavailable), counted(again), counted(rejected), counted(unreached), share];
  });
  return markdown(['what happens', 'with', 'false 503', 'of them twice', 'false 401', 'not reached', 'replays let through'], lines);
}

/** The text between the markers of a table, or with another in its place. @param {string} text @param {string} name @param {string} [table] */
export function section(text, name, table) {
  const [from, to] = [`<!-- ${name} -->\n\n`, `\n<!-- end of ${name} -->`];
  const [start, end] = [text.indexOf(from) + from.length, text.indexOf(to)];
  if (start < from.length || end < start) throw new Error(`the page has no place for ${name}`);
  return table === undefined ? text.slice(start, end) : text.slice(0, start) + table + text.slice(end);
}

/** What makes each table. */
export const TABLES = { costs: costsTable, sizes: sizesTable, faults: () => faultsTable() };

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, make] of Object.entries(TABLES)) {
    const before = readFileSync(pageOf(name), 'utf8');
    const after = section(before, name, make());
    if (process.argv.includes('--write')) writeFileSync(pageOf(name), after);
    else if (after !== before) throw new Error('the tables of docs/scaling.md are old: node bench/simulation/page.mjs --write');
  }
}
