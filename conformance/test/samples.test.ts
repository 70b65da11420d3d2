/** The table beside the behaviour of the vendor's Node and Python samples: where we differ, we do so on purpose. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Started } from '../adapters/adapter.ts';
import { expressFive } from '../adapters/frameworks/express.ts';
import { send } from '../run/wire.ts';
import { type Difference, differences, OURS, samplesTable, WHY, whyOf } from '../samples/differences.ts';
import { classOf, FAILURE_CLASSES, type FailureClass } from '../samples/failure-class.ts';
import { SAMPLES } from '../samples/models.ts';
import type { RequestCase } from '../table/case.ts';
import { bound, tokenOnly } from '../table/setups.ts';
import { binding } from '../table/tokens/binding.ts';
import { tokenHeader } from '../table/tokens/token-header.ts';
import { tokens } from '../table/tokens/tokens.ts';

/** All that the guard answers otherwise, with its options at their defaults: sample, class, what the sample does. */
const INTENDED: readonly (readonly [sample: string, failure: FailureClass | 'any', theirs: string])[] = [
  ['nodejs', 'no expiry', 'passed'],
  ['nodejs, refactored', 'any', '401 {"error":"unauthorized","message":…}'],
  ['express', 'no expiry', 'passed'],
  ['koa', 'no expiry', 'passed'],
  ['nestjs', 'any', '401 JSON: Unauthorized Access'],
  ['documentation snippets', 'pay missing', 'passed'],
  ['cloudflare worker', 'any', '401 text: unauthorized'],
  ['grpc', 'any', 'status UNKNOWN'],
  ['grpc', 'pay missing', 'passed'],
  ['aws http-api', 'any', '403 {"message":"Forbidden"}'],
  ['aws http-api', 'token missing', '401 {"message":"Unauthorized"}'],
  ['aws http-api', 'pay missing', 'passed'],
  ['aws http-api', 'bound header missing', 'passed'],
  ['aws http-api', 'binding mismatch', 'passed'],
  ['express shapes', 'token missing', '400 {}'],
  ['express shapes', 'no expiry', 'passed'],
  ['express shapes', 'pay missing', '400 {}'],
  ['express shapes', 'bound header missing', '400 {}'],
  ['demo shapes (koa)', 'any', '400 {"status":"invalid approov token"}'],
  ['demo shapes (koa)', 'token missing', '400 {"status":"missing approov token"}'],
  ['demo shapes (koa)', 'pay missing', 'passed'],
  ['demo shapes (koa)', 'bound header missing', '400 {"status":"missing bearer authentication"}'],
  ['demo shapes (koa)', 'binding mismatch', '400 {"status":"approov token pay claim mismatch"}'],
  ['python', 'no expiry', 'passed'],
  ['flask', 'no expiry', 'passed'],
  ['fastapi', 'no expiry', 'passed'],
  ['django', 'no expiry', 'passed'],
  ['flask shapes', 'token missing', '400 {}'],
  ['flask shapes', 'no expiry', 'passed'],
  ['flask shapes', 'bound header missing', '400 {}'],
];

/** `any` stands for the classes of a sample that no line of its own names. */
function intended(): readonly Difference[] {
  const named = INTENDED.filter(([, failure]) => failure !== 'any').map(([sample, failure]) => `${sample}/${failure}`);
  return INTENDED.flatMap(([sample, failure, theirs]) => {
    const answers = SAMPLES.find(({ name }) => name === sample)?.answers;
    const every = FAILURE_CLASSES.filter((one) => answers?.[one] !== null && !named.includes(`${sample}/${one}`));
    // The casts hold: `any` is the only word that is not a class, and the comparison shows an answer that is none.
    const classes = failure === 'any' ? every : [failure as FailureClass];
    return classes.map((one) => ({ sample, failure: one, theirs: theirs as Difference['theirs'] }));
  });
}

const keyOf = ({ sample, failure, theirs }: Difference): string => `${sample} / ${failure}: ${theirs}`;

/** One line for each sample and each thing that it does otherwise. */
function grouped(found: readonly Difference[]): ReadonlyMap<string, readonly string[]> {
  const lines = new Map<string, string[]>();
  for (const one of found) {
    const what = `${one.sample}: ${one.theirs}, the guard: ${OURS} (${WHY[whyOf(one)]})`;
    lines.set(what, [...(lines.get(what) ?? []), one.failure]);
  }
  return lines;
}

describe('the vendor’s samples', () => {
  const apps = new Map<RequestCase['setup'], Started>();
  const seen = new Map<FailureClass, string>();
  const counts = new Map<string, number>();

  before(async () => {
    for (const setup of [tokenOnly, bound]) apps.set(setup, await expressFive.start(setup));
    const cases = [tokens, tokenHeader, binding].flatMap((family) => family.cases.filter((one) => 'request' in one));
    for (const one of cases) {
      const failure = classOf(one);
      if (failure === null) continue;
      const { status, body } = await send(apps.get(one.setup)?.origin ?? '', one.request);
      counts.set(failure, (counts.get(failure) ?? 0) + 1);
      if (failure === 'accepted') equal(status, 200, one.name);
      else equal(`${status} ${body}`, seen.get(failure) ?? OURS, one.name);
      if (failure !== 'accepted') seen.set(failure, `${status} ${body}`);
    }
  });
  after(() => Promise.all([...apps.values()].map((started) => started.close())));

  it('are compared in every class, with several requests in most', (context) => {
    deepEqual([...seen.keys()].sort(), [...FAILURE_CLASSES].sort());
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    ok(total > 100, `${total} requests`);
    context.diagnostic(`requests: ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  });

  it('answer otherwise only where we mean to', (context) => {
    const found = differences(seen);
    for (const [what, failures] of grouped(found)) context.diagnostic(`${what}: ${failures.join(', ')}`);
    deepEqual(found.map(keyOf).sort(), intended().map(keyOf).sort());
  });

  it('are in the table of the migration pages', () => {
    const page = readFileSync(new URL('../../docs/migration/README.md', import.meta.url), 'utf8');
    ok(page.includes(samplesTable()), `docs/migration/README.md must hold this table:\n${samplesTable()}`);
  });
});
