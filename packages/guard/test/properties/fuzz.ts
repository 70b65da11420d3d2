/**
 * Fuzzes the parsers by hand, guided by coverage, until it is stopped or a rule is broken:
 * `node -C source --import tsx packages/guard/test/properties/fuzz.ts [TARGET] [SECONDS] [SEED]`
 */
import { runSeed, seededRandom } from '../both-ports.ts';
import { fuzz } from './mutation.ts';
import { TARGETS } from './parser-targets.ts';

const [wanted, seconds = 'Infinity', given = String(runSeed())] = process.argv.slice(2);
const targets = Object.entries(TARGETS).filter(([name]) => wanted === undefined || wanted === 'all' || name === wanted);
if (targets.length === 0) throw new RangeError(`TARGET must be all or one of: ${Object.keys(TARGETS).join(', ')}`);

const until = performance.now() + Number(seconds) * 1000;
const random = seededRandom(Number(given));
console.log(`seed ${given}`);
for (let total = 0; performance.now() < until; ) {
  for (const [name, target] of targets) {
    const turn = Math.min(performance.now() + 5000, until);
    const { rounds, kept, failure } = fuzz(target, { random, go: () => performance.now() < turn, guided: true });
    total += rounds;
    console.log(`${name}: ${rounds} texts, ${kept} kept, ${total} in all`);
    if (failure === null) continue;
    console.error(`${name}: ${JSON.stringify(failure.text)}`, failure.error);
    process.exit(1);
  }
}
