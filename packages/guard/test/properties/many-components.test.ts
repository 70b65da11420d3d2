/** What many components take their values from is parsed once, not once for each of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestView } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';
import { now, secret } from '../both-ports.ts';
import { COVERED, PARAMETERS, type Sent, signed, withHeader } from '../signed-requests.ts';

const FEW = 2;
const MANY = 60;
/** Thirty times the components: 30 if each parses for itself. */
const MOST = 12;
const TRIES = 5;

const guard = createGuard({ keys: { secret }, signature: { replay: null }, now: () => now });
const names = Array.from({ length: 1500 }, (_, index) => `n${index}`);
const wrong = Buffer.alloc(64, 7).toString('base64');

function covering(sent: Sent, components: readonly string[]): Sent {
  const list = [...COVERED.map((name) => `"${name}"`), ...components].join(' ');
  return withHeader(withHeader(sent, 'Signature-Input', `install=(${list});${PARAMETERS}`), 'Signature', `install=:${wrong}:`);
}

async function shortest(sent: Sent): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    const verdict = await guard.judge(requestView(sent));
    best = Math.min(best, performance.now() - started);
    assert.equal(verdict.outcome === 'rejected' && verdict.reason, 'signature-invalid');
  }
  return best;
}

const CASES: { readonly [name: string]: readonly [Sent, (name: string) => string] } = {
  'query parameters': [
    signed({ url: `https://api.example.com/v1?${names.map((name) => `${name}=%41`).join('&')}` }),
    (name) => `"@query-param";name="${name}"`,
  ],
  'members of a dictionary': [signed({ headers: [['X', names.join(',')]] }), (name) => `"x";key="${name}"`],
};

for (const [name, [sent, component]] of Object.entries(CASES)) {
  test(`${name}: many cost little more than few`, async () => {
    const few = covering(sent, names.slice(0, FEW).map(component));
    const many = covering(sent, names.slice(0, MANY).map(component));
    let least = Infinity;
    for (let attempt = 0; attempt < TRIES && least > MOST; attempt++)
      least = Math.min(least, (await shortest(many)) / (await shortest(few)));
    assert.ok(least <= MOST, `${MANY} components take ${least.toFixed(1)} times as long as ${FEW}`);
  });
}
