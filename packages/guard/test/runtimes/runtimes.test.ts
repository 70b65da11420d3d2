/** The core suite on every runtime and crypto port: each answers every case as Node 20 does with node:crypto. */
import { match, ok, strictEqual } from 'node:assert';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readVectors, skipUnless } from '../../../../tools/optional.mjs';
import { findRuntime, runtimeNames } from '../../../../tools/runtimes.mjs';
import type { Answers } from './answers.ts';
import { bundleProgram, bundleWorker } from './bundle.ts';
import type { Corpus, Seen } from './core-suite.ts';
import { makeCorpus } from './corpus.ts';
import { startWorker } from './workerd.ts';

const runFile = promisify(execFile);
const entry = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const REFERENCE = 'node 20';
// Made only where they are asked: that takes seconds.
const corpora = findRuntime(REFERENCE) === null ? {} : makeCorpus();
const text = JSON.stringify(corpora);
const folder = mkdtempSync(join(tmpdir(), 'approov-guard-runtimes-'));

/** The arguments that a runtime wants before the program. */
const FLAGS: { readonly [runtime: string]: readonly string[] } = {
  bun: ['run'],
  deno: ['run', '--quiet', '--no-config', '--node-modules-dir=manual', '--allow-read', '--allow-write', '--allow-env'],
};

type AnswersByLibrary = { readonly [library: string]: Answers };
const known = new Map<string, Promise<AnswersByLibrary>>();

/** Each runtime runs once. */
function answersOf(runtime: string): Promise<AnswersByLibrary> {
  const program = findRuntime(runtime) ?? process.execPath;
  const answers = known.get(runtime) ?? (runtime === 'workerd' ? answersOfWorker(program) : answersOfProgram(runtime, program));
  known.set(runtime, answers);
  return answers;
}

async function answersOfProgram(runtime: string, program: string): Promise<AnswersByLibrary> {
  const own = join(folder, runtime.replace(' ', ''));
  mkdirSync(own);
  writeFileSync(join(own, 'corpus.json'), text);
  writeFileSync(join(own, 'package.json'), '{ "type": "module", "dependencies": { "approov-guard": "*" } }');
  const bundle = await bundleProgram(entry('entry-process.ts'), own);
  await runFile(program, [...(FLAGS[runtime] ?? []), bundle, own], { cwd: own });
  return JSON.parse(readFileSync(join(own, 'answers.json'), 'utf8'));
}

async function answersOfWorker(program: string): Promise<AnswersByLibrary> {
  const module = await bundleWorker(entry('entry-worker.ts'), folder);
  const worker = await startWorker({ program, folder, module });
  try {
    const response = await fetch(worker.origin, { method: 'POST', body: text });
    strictEqual(response.status, 200);
    // The cast holds: that is what the Worker answers.
    return (await response.json()) as AnswersByLibrary;
  } finally {
    await worker.close();
  }
}

/** What differs from the reference: all that can be seen is compared, not the reason alone. */
function differences(library: string, found: Answers, reference: Answers): readonly string[] {
  return Object.entries(reference).flatMap(([part, cases]) =>
    Object.entries(cases).flatMap(([id, expected]) => {
      const seen = found[part]?.[id];
      if (seen !== undefined && (isSame(seen, expected) || (library !== 'node:crypto' && isSeenLater(seen, expected)))) return [];
      return [`${part} / ${id}:\n    ${shown(seen)}\n    ${shown(expected)} (${REFERENCE})`];
    }),
  );
}

function isSame(seen: Seen, expected: Seen): boolean {
  return seen.outcome === expected.outcome && seen.more === expected.more;
}

/** WebCrypto imports keys asynchronously: a key that it does not take is no mistake at start, and a fault with every token. */
function isSeenLater(seen: Seen, expected: Seen): boolean {
  return expected.outcome === 'configuration: key-invalid' && seen.outcome === 'internal';
}

function shown(seen: Seen | undefined): string {
  return seen === undefined ? 'nothing' : `${seen.outcome} ${seen.more.slice(0, 400)}`;
}

after(() => rmSync(folder, { recursive: true }));

describe('the core suite', skipUnless(findRuntime(REFERENCE), REFERENCE), () => {
  let reference: Answers = {};
  before(async () => {
    reference = (await answersOf(REFERENCE))['node:crypto'] ?? {};
  });

  for (const [part, { cases }] of Object.entries(corpora)) {
    const vectors = part === 'collected attacks' ? skipUnless(readVectors('attacks.json'), 'vectors') : {};
    test(`${part}: the reference answers as expected`, vectors, () => {
      ok(cases.length > 0);
      for (const { id, expected } of cases) assertExpected(reference[part]?.[id]?.outcome ?? 'nothing', expected, id);
    });
  }

  for (const runtime of runtimeNames) {
    test(
      `${runtime}: the same outcome, reason and remark in every case, on each crypto port`,
      skipUnless(findRuntime(runtime), runtime),
      async (t) => {
        const different = Object.entries(await answersOf(runtime)).flatMap(([library, found]) => {
          const cases = Object.values(found).reduce((sum, seen) => sum + Object.keys(seen).length, 0);
          const list = differences(library, found, reference);
          t.diagnostic(`${runtime}, ${library}: ${cases} cases, ${list.length} differ`);
          return list.map((text) => `${library}: ${text}`);
        });
        strictEqual(different.length, 0, `\n${different.join('\n')}`);
      },
    );
  }
});

function assertExpected(outcome: string, expected: Corpus['cases'][number]['expected'], id: string): void {
  if (expected === null) return;
  if (expected === 'refused') match(outcome, /^(?:token|binding|signature|digest)-/, id);
  else strictEqual(outcome, expected, id);
}
