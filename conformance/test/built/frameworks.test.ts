/** The table against frameworks that build their apps, each built and started as its users do; says which are not there. */
import { ok } from 'node:assert';
import { test } from 'node:test';
import { findFramework } from '../../../tools/frameworks.mjs';
import { skipUnless } from '../../../tools/optional.mjs';
import { builtAdapters } from '../../adapters/built.ts';

const ROWS = {
  next: ['next 16, routes', 'next 16, proxy', 'next 16, edge middleware'],
  sveltekit: ['sveltekit 2'],
  'edge-runtime': ['fetch, edge-runtime'],
};

for (const [framework, rows] of Object.entries(ROWS)) {
  test(`${framework}: built apps answer the table`, skipUnless(findFramework(framework), framework), () => {
    for (const row of rows) ok(builtAdapters.some(({ name }) => name === row));
  });
}

// The table takes seconds to make: only where it is asked.
if (builtAdapters.length > 0) {
  const { answerTable } = await import('../answer-table.ts');
  answerTable('the table, built frameworks', builtAdapters);
}
