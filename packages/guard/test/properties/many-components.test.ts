/** What many components take their values from is parsed once, not once for each of them. */
import './steps.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestView } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';
import { now, secret } from '../both-ports.ts';
import { COVERED, PARAMETERS, type Sent, signed, withHeader } from '../signed-requests.ts';
import { countedRun } from './steps.ts';

const FEW = 2;
const MANY = 60;

const guard = createGuard({ keys: { secret }, signature: { replay: null }, now: () => now });
const names = Array.from({ length: 1500 }, (_, index) => `n${index}`);
const wrong = Buffer.alloc(64, 7).toString('base64');

function covering(sent: Sent, components: readonly string[]): Sent {
  const list = [...COVERED.map((name) => `"${name}"`), ...components].join(' ');
  return withHeader(withHeader(sent, 'Signature-Input', `install=(${list});${PARAMETERS}`), 'Signature', `install=:${wrong}:`);
}

/**
 * The blocks of the library that a judgement executes: parsing is its own work, and takes some for each name or member. The first judgement
 * is not counted, since it does what later ones need not.
 */
function cost(sent: Sent): number {
  const judge = (): void => {
    const decision = guard.decide(requestView(sent));
    assert.ok(!(decision instanceof Promise) && decision.verdict?.outcome === 'rejected');
    assert.equal(decision.verdict.reason, 'signature-invalid');
  };
  judge();
  return countedRun(judge).blocks;
}

const CASES: { readonly [name: string]: readonly [Sent, (name: string) => string] } = {
  'query parameters': [
    signed({ url: `https://api.example.com/v1?${names.map((name) => `${name}=%41`).join('&')}` }),
    (name) => `"@query-param";name="${name}"`,
  ],
  'members of a dictionary': [signed({ headers: [['X', names.join(',')]] }), (name) => `"x";key="${name}"`],
};

for (const [name, [sent, component]] of Object.entries(CASES)) {
  test(`${name}: many cost little more than few`, () => {
    const [few, many] = [FEW, MANY].map((count) => cost(covering(sent, names.slice(0, count).map(component)))) as [number, number];
    assert.ok((many - few) / (MANY - FEW) < names.length / 2, `${MANY} components take ${many} blocks, ${FEW} take ${few}`);
  });
}
