/** docs/architecture.md prints the order of judgement and how far a reader goes; `--write` writes both from the code. */
import { createHmac, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';
import { folders } from '../lib/folders.mjs';
import { files, read, report, root } from '../lib/source.mjs';
import { changesOf, filesOf, longestChain, traced } from '../lib/trace.mjs';

const DOCUMENT = 'docs/architecture.md';
const BUILT = join(root, 'packages/guard/dist');
const problems = /** @type {string[]} */ ([]);
let text = read(DOCUMENT);

const { ORDER } = await tsImport('../../../packages/guard/src/core/judge/order.ts', import.meta.url);
const rows = ORDER.map(
  (/** @type {{ name: string, part: string, codes: string[] }} */ { name, part, codes }, /** @type {number} */ index) => {
    const links = codes.map((code) => `[\`${code}\`](reasons.md#${code})`);
    return `| ${index + 1} | \`${name}\` | ${part} | ${links.join(', ')} |`;
  },
);
hold('order', ['| | check | part | fails with |', '|---|---|---|---|', ...rows], (now, then) => now === then);

const figures = await measured();
const table = figures.map(({ figure, now, bar }) => `| ${figure} | ${now} | ${bar} |`);
// A change that shortens a way need not write it down; one that lengthens it has to.
hold('figures', ['| figure | now | at most |', '|---|---|---|', ...table], (_, then) => {
  const written = new Map(Array.from(then.matchAll(/^\| (.+?) \| ([\d.]+) /gm), ([, figure, now]) => [figure, Number(now)]));
  return figures.every(({ figure, now }) => now <= (written.get(figure) ?? -1));
});
for (const { figure, now, bar, where = DOCUMENT } of figures) if (now > bar) problems.push(`${where}: ${figure}: ${now}, at most ${bar}`);
if (process.argv.includes('--write')) writeFileSync(join(root, DOCUMENT), text);
report('check-architecture', problems, `${rows.length} checks; ${figures.map(({ figure, now }) => `${figure}: ${now}`).join('; ')}.`);

/** @param {string} name @param {string[]} lines @param {(now: string, then: string) => boolean} holds */
function hold(name, lines, holds) {
  const now = lines.join('\n');
  const parts = text.split(new RegExp(`(<!-- ${name}: [^\n]*-->\n\n)([^]*?)(\n\n<!-- /${name} -->)`));
  if (process.argv.includes('--write') && parts.length === 5) parts[2] = now;
  text = parts.join('');
  if (parts.length !== 5 || !holds(now, parts[2] ?? ''))
    problems.push(`${DOCUMENT}: ${name} differs; run \`node tools/checks/docs/check-architecture.mjs --write\`:\n${now}`);
}

/** @returns {Promise<{ figure: string, now: number, bar: number, where?: string }[]>} */
async function measured() {
  const { load, trace } = traced(BUILT);
  const [{ createGuard }, { approov }] = [await load('index.js'), await load('adapters/express.js')];
  const secret = randomBytes(32);
  const options = { keys: { secret: { base64: secret.toString('base64') } } };
  const guard = createGuard(options);
  await guard.verifyToken(tokenOf(secret));
  const verified = await trace(() => guard.verifyToken(tokenOf(secret)));
  const made = await trace(() => createGuard(options).verifyToken(tokenOf(secret)));
  const request = { method: 'GET', url: '/', rawHeaders: ['Approov-Token', tokenOf(secret)], headers: {}, socket: {} };
  const asked = await trace(() => new Promise((next) => approov(guard)(request, {}, next)));
  const paths = files(/\.ts$/, 'packages/guard/src');
  const [[fullest, loose] = ['', 0]] = folders();
  const small = paths.filter((path) => read(path).trimEnd().split('\n').length < 40).length;
  return [
    { figure: 'files to verify a token', now: filesOf(verified.entered), bar: 8 },
    { figure: 'changes of file on that way', now: changesOf(verified.entered), bar: 25 },
    { figure: 'files from the Express entry to the key', now: filesOf(asked.stack), bar: 6 },
    { figure: 'files to make a guard and verify', now: filesOf(made.entered), bar: 16 },
    { figure: 'files on the longest chain of imports', now: longestChain(BUILT), bar: 10 },
    { figure: 'files in the fullest folder', now: loose, bar: 15, where: fullest },
    { figure: 'files below 40 lines, in a hundred', now: Math.ceil((100 * small) / paths.length), bar: 10 },
  ];
}

/** @param {Buffer} secret @returns {string} a token that no guard has seen */
function tokenOf(secret) {
  const parts = [
    { alg: 'HS256', typ: 'JWT' },
    { exp: 4e9, did: randomBytes(16).toString('base64') },
  ];
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
