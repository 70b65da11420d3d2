/** `suite.mjs SUITE MODE`: one suite in a process of its own, one row of JSON a line. */
import { MODES } from './lib/measuring/modes.mjs';

const [suite = '', mode = 'full'] = process.argv.slice(2);
const settings = MODES[mode];
if (settings === undefined) throw new Error(`unknown mode ${mode}`);
const { run } = await import(new URL(`suites/${suite}.mjs`, import.meta.url).href);
await run(settings, (/** @type {import('./run.mjs').Row} */ row) => console.log(JSON.stringify(row)));
