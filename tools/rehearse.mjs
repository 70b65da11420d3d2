/** `npm run rehearse`: a week of a roll-out with 10,000 simulated phones, in about a minute. Exit code 0 only if it held what was promised. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, install, requireNode, stop } from './ready.mjs';

const USAGE = `Usage: npm run rehearse [-- --phones 10000] [-- --seed 1] [-- --html rehearsal.html]

A week in accelerated time: simulated phones with three versions of the app, an API with real guards on a clock that is moved by hand.
It observes, reports, ramps up, enforces, and has a deployment with the wrong secret caught by the breaker. The same seed makes the same week.
  --phones NUMBER   100 to 10000 (default 10000)
  --seed NUMBER     (default 1)
  --html FILE       where the report of the week goes (default rehearsal.html in the folder for temporary files)`;

/** @param {string | undefined} text @param {number} fallback @param {number} least @param {number} most */
function numberOf(text, fallback, least, most) {
  if (text === undefined) return fallback;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : stop(`${text}: a number from ${least} to ${most} is needed.\n\n${USAGE}`);
}

/** @returns {{ phones?: string, seed?: string, html?: string, help?: boolean }} */
function parameters() {
  const text = /** @type {const} */ ({ type: 'string' });
  try {
    return parseArgs({ options: { phones: text, seed: text, html: text, help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    return stop(`${/** @type {Error} */ (error).message}\n\n${USAGE}`);
  }
}

const { phones, seed, html, help } = parameters();
if (help === true) {
  console.log(USAGE);
} else {
  requireNode();
  install();
  build();
  // Imported only now: they need what was just installed and built.
  const { rehearse } = await import('../packages/rollout/test/rehearsal/week.mjs');
  const { htmlReport } = await import('@approov-guard/rollout');
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-'));
  try {
    const settings = { size: numberOf(phones, 10_000, 100, 10_000), seed: numberOf(seed, 1, 0, 999_999_999), folder };
    const { checks, report } = await rehearse({ ...settings, print: (line) => console.log(line) });
    const file = resolve(html ?? join(tmpdir(), 'rehearsal.html'));
    writeFileSync(file, htmlReport(report));
    console.log('');
    for (const { holds, text } of checks) console.log(`${holds ? 'ok ' : 'NO '} ${text}`);
    console.log(`\nThe report of the week: ${file}`);
    process.exitCode = checks.every(({ holds }) => holds) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
