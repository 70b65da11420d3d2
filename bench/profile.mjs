/**
 * `npm run profile`: a CPU profile of a protected `node:http` server under load, and the ten functions that cost most, by their own time.
 * `npm run profile -- cold` switches the cache's effect off: every token is new. `-- bad` sends bad signatures.
 * The profile itself stays in `bench/results`; Chrome's DevTools and Speedscope draw a flame graph of it.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { badSignature, freshKeys, freshToken, many } from './lib/inputs/tokens.mjs';
import { markdown } from './lib/measuring/table.mjs';
import { Generator } from './lib/programs/generator.mjs';
import { startServer } from './lib/programs/processes.mjs';
import { PLATFORMS } from './servers/platforms.mjs';

const [kind = 'valid', protection = 'guard'] = process.argv.slice(2);
const folder = fileURLToPath(new URL('results/', import.meta.url));
const name = `profile-${kind}-${protection}.cpuprofile`;
const keys = freshKeys('HS256');
const valid = many(kind === 'cold' ? 60_000 : 1000, () => freshToken(keys));
const tokens = kind === 'bad' ? valid.map(badSignature) : valid;

mkdirSync(folder, { recursive: true });
rmSync(join(folder, name), { force: true });
const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}`, '--cpu-prof-interval=200'];
const [platform] = PLATFORMS;
if (platform === undefined) throw new Error('no platform');
const server = await startServer(platform, protection, keys.secret.toString('base64'), { flags });
const generator = new Generator();
await generator.tokens(kind, tokens);
const { perSecond } = await generator.slice(server, kind, 6);
generator.stop();
server.stop();
while (!readdirSync(folder).includes(name)) await new Promise((resolve) => setTimeout(resolve, 100));
await new Promise((resolve) => setTimeout(resolve, 500));

/** @typedef {{ id: number, callFrame: { functionName: string, url: string, lineNumber: number } }} Node */

const profile = /** @type {{ nodes: Node[], samples: number[] }} */ (JSON.parse(readFileSync(join(folder, name), 'utf8')));
const place = (/** @type {Node} */ { callFrame }) =>
  `${callFrame.functionName || '(anonymous)'} ${callFrame.url.replace(/^.*\/(?:packages|node_modules)\//, '')}`;
const places = new Map(profile.nodes.map((node) => [node.id, place(node)]));
const own = new Map(/** @type {[string, number][]} */ ([]));
let busy = 0;
for (const sample of profile.samples) {
  const where = places.get(sample) ?? '';
  if (where.startsWith('(idle)') || where.startsWith('(program)')) continue;
  busy++;
  own.set(where, (own.get(where) ?? 0) + 1);
}
const share = (/** @type {number} */ samples) => `${((100 * samples) / busy).toFixed(1)} %`;
const sorted = [...own].sort(([, a], [, b]) => b - a);
const ours = sorted.filter(([where]) => where.includes('guard/dist'));
console.log(`${Math.round(perSecond)} requests/s; all of the guard: ${share(ours.reduce((sum, [, samples]) => sum + samples, 0))}\n`);
console.log(
  markdown(
    ['own time', 'function'],
    sorted.slice(0, 10).map(([where, samples]) => [share(samples), where]),
  ),
);
console.log(
  markdown(
    ['own time', 'function of the guard'],
    ours.slice(0, 15).map(([where, samples]) => [share(samples), where]),
  ),
);
