import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type ReadinessReport, readDecisionLogs } from '@approov-guard/rollout';
import { findFramework } from '../../../tools/frameworks.mjs';
import { skipUnless } from '../../../tools/optional.mjs';

const HOUR = 3_600_000;
const START = 496_000 * HOUR;

/** Numbers below a bound, the same at each run. */
function numbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const CODES = ['accepted', 'accepted', 'accepted', 'token-missing', 'token-signature-invalid', 'token-expired', 'keys-unavailable'];

function decision(random: (bound: number) => number, index: number): string {
  const code = CODES[random(CODES.length)] ?? '';
  const outcome = code === 'accepted' ? code : code === 'keys-unavailable' ? 'unavailable' : 'rejected';
  const version = ['1.0', '2.0', '\\u00e9\\"\\\\', ''][random(4)];
  const device = random(3) === 0 ? '' : `d${random(40)}`;
  return (
    `{"time":${START + index * 1000},"device":"${device}","address":"10.0.${random(20)}.0/24","route":"r${random(3)}","mode":"observe",` +
    `"action":"pass","outcome":"${outcome}","code":"${code}","version":"${version}","platform":"ios","key":"k","again":${random(9) === 0}}`
  );
}

/** What disks, other programs and people make of a line. */
const DAMAGE: readonly ((line: Buffer, random: (bound: number) => number) => Buffer)[] = [
  (line, random) => line.subarray(0, random(line.length)),
  (line, random) => line.subarray(random(line.length)),
  (line, random) => {
    const bytes = Buffer.from(line);
    // Any byte but a line feed, which would make two lines of it.
    bytes[random(bytes.length)] = (random(255) + 11) % 256;
    return bytes;
  },
  (line) => Buffer.concat([line, line]),
  (line) => Buffer.concat([line, Buffer.from('\r')]),
  (line) => Buffer.concat([Buffer.alloc(9), line]),
  (line) => Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line.toString()) as object).reverse()))),
  (line) => Buffer.from(line.toString().replace('"r1"', '17').replace('"observe"', 'null').replace('"ios"', '["ios"]')),
  (line, random) =>
    Buffer.from(line.toString().replace(/"time":\d+/, `"time":${['"5"', '1e999', '-1', '0', '0123', 'null', '{}'][random(7)]}`)),
  (line, random) => Buffer.from(line.toString().replace('"device"', `"count":${[3, 2.5, 0, -1, '"4"', 'null'][random(6)]},"device"`)),
  (line) => Buffer.from(line.toString().replace('"again"', '"count":4,"again"')),
  (_, random) => Buffer.from(`{"time":${START},"dropped":${[7, 1, 0, -3, '"x"', 'null'][random(6)]}}`),
  (_, random) => Buffer.from(['[]', 'null', '""', '5', '{}', ' ', '{"time":7}'][random(7)] ?? ''),
];

function logOf(count: number, seed: number): Buffer {
  const random = numbers(seed);
  const lines = Array.from({ length: count }, (_, index) => {
    const line = Buffer.from(decision(random, index));
    return random(20) > 0 ? line : (DAMAGE[random(DAMAGE.length)]?.(line, random) ?? line);
  });
  return Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
}

interface Counted {
  readonly codes: Map<string, number>;
  damaged: number;
  dropped: number;
}

/** The same as the reader, as plainly as can be. */
function plainly(log: Buffer): Counted {
  const counted: Counted = { codes: new Map(), damaged: 0, dropped: 0 };
  for (let from = 0; from < log.length; ) {
    const end = log.indexOf(10, from);
    const line = log.subarray(from, log[end - 1] === 13 ? end - 1 : end);
    from = end + 1;
    if (line.toString('latin1').trim() !== '') countLine(line, counted);
  }
  return counted;
}

function countLine(line: Buffer, counted: Counted): void {
  let read: { readonly [name: string]: unknown } = {};
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) read = parsed as typeof read;
  } catch {
    counted.damaged++;
    return;
  }
  const { time, dropped, outcome, code, again } = read;
  const count = read.count ?? 1;
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;
  const sound = typeof time === 'number' && time > 0 && time < 4_102_444_800_000;
  if (sound && isCount(dropped)) {
    counted.dropped += dropped;
    return;
  }
  const known =
    ['accepted', 'rejected', 'unavailable'].includes(String(outcome)) && typeof code === 'string' && /^[a-z-]{1,64}$/.test(code);
  if (!sound || !known || !isCount(count)) counted.damaged++;
  else if (again !== true) counted.codes.set(String(code), (counted.codes.get(String(code)) ?? 0) + count);
}

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'big-logs-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('the reader counts what a plain one counts, wherever chunks end, and whatever became of lines', async (context) => {
  const folder = folderFor(context);
  for (let seed = 1; seed <= 4; seed++) {
    const log = logOf(6000, seed);
    const path = join(folder, `${seed}.jsonl`);
    writeFileSync(path, log);
    const report = await readDecisionLogs([path]);
    const expected = plainly(log);
    assert.ok(expected.damaged > 100);
    assert.deepEqual([report.lines.damaged, report.lines.dropped], [expected.damaged, expected.dropped], `seed ${seed}`);
    assert.deepEqual(
      new Map(report.codes.map(({ code, count }) => [code, count])),
      new Map([...expected.codes].sort((a, b) => b[1] - a[1])),
    );
  }
});

test('memory does not follow the lines, nor their length', async (context) => {
  const folder = folderFor(context);
  const path = join(folder, 'long.jsonl');
  const random = numbers(5);
  const long = Buffer.alloc(9_000_000, 'x');
  writeFileSync(path, Buffer.concat([logOf(10, 1), long, Buffer.from(`\n${decision(random, 1)}\n`), long]));
  const expected = plainly(logOf(10, 1));
  const report = await readDecisionLogs([path]);
  assert.equal(report.lines.damaged, expected.damaged + 2);
});

const duckdb = findFramework('duckdb');
const query = new URL('../sql/duckdb.sql', import.meta.url);

/** Without the numbers of devices and networks: the reader's are estimates, the query's are not. */
function withoutSpread(report: ReadinessReport): object {
  return {
    ...report,
    codes: report.codes.map(({ code, count }) => ({ code, count })).sort((one, other) => (one.code < other.code ? -1 : 1)),
  };
}

test('DuckDB finds the same, and the report of what it finds is the report of the lines', skipUnless(duckdb, 'DuckDB'), async (context) => {
  const folder = folderFor(context);
  const { DuckDBInstance } = (await import(pathToFileURL(join(duckdb ?? '', 'lib/index.js')).href)) as {
    DuckDBInstance: {
      create(path: string): Promise<{ connect(): Promise<Connection> }>;
    };
  };
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  context.after(() => connection.closeSync());
  for (let seed = 1; seed <= 4; seed++) {
    const path = join(folder, `${seed}.jsonl`);
    // Where a line ends at a colon, DuckDB gives up the next one with it.
    writeFileSync(path, logOf(6000, seed).toString('latin1').replace(/:\n/g, '\n'), 'latin1');
    await connection.run(`SET VARIABLE logs = '${path}'`);
    const rows = (await connection.runAndReadAll(readFileSync(query, 'utf8'))).getRows();
    const sums = join(folder, `${seed}.sums.jsonl`);
    writeFileSync(sums, rows.map(([line]) => `${String(line)}\n`).join(''));
    const [ours, theirs] = [await readDecisionLogs([path]), await readDecisionLogs([sums])];
    assert.deepEqual(withoutSpread(theirs), withoutSpread(ours), `seed ${seed}`);
    for (const { code, devices, addresses } of theirs.codes) {
      const estimate = ours.codes.find((row) => row.code === code);
      assert.ok(Math.abs((estimate?.devices ?? 0) - devices) <= 0.2 * devices + 1, `${code}: ${estimate?.devices} for ${devices}`);
      assert.ok(
        Math.abs((estimate?.addresses ?? 0) - addresses) <= 0.2 * addresses + 1,
        `${code}: ${estimate?.addresses} for ${addresses}`,
      );
    }
  }
});

interface Connection {
  run(sql: string): Promise<unknown>;
  runAndReadAll(sql: string): Promise<{ getRows(): readonly (readonly unknown[])[] }>;
  closeSync(): void;
}

test('the queries of other dialects name the members and bounds of the one that is tested', () => {
  const words = (name: string): Set<string> => {
    const text = readFileSync(new URL(`../sql/${name}.sql`, import.meta.url), 'utf8').replace(/^ *--.*$/gm, '');
    return new Set(text.match(/"[a-z]+":?|'(?:damaged|dropped|decision)'|\b\d{7,}\b|\[a-z-\]\{1,64\}/g));
  };
  const tested = words('duckdb');
  assert.ok(tested.size > 15);
  for (const name of ['clickhouse', 'bigquery']) assert.deepEqual([...words(name)].sort(), [...tested].sort(), name);
});
