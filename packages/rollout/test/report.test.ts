import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { htmlReport, type ReadinessReport, type ReportSettings, readDecisionLogs, spellReport } from '@approov-guard/rollout';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Math.floor(1_700_000_000_000 / DAY) * DAY;

type Row = { readonly [name: string]: string | number | boolean };

function line(row: Row): string {
  const { time = START, device = '', address = '', ...rest } = row;
  const code = String(rest.code ?? 'accepted');
  const outcome = code === 'accepted' ? 'accepted' : /^(keys|internal|replay-store)/.test(code) ? 'unavailable' : 'rejected';
  return JSON.stringify({
    time,
    device,
    address,
    route: 'default',
    mode: 'observe',
    action: 'pass',
    outcome,
    code,
    version: '3.0',
    platform: 'ios',
    key: '',
    again: false,
    ...rest,
  });
}

async function reportOn(context: TestContext, lines: readonly string[], settings: ReportSettings = {}): Promise<ReadinessReport> {
  const folder = mkdtempSync(join(tmpdir(), 'report-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'a.jsonl'), lines.slice(0, lines.length / 2).join('\n'));
  writeFileSync(join(folder, 'b.jsonl.gz'), gzipSync(lines.slice(lines.length / 2).join('\r\n')));
  return readDecisionLogs([folder], settings);
}

const times = (count: number, row: Row): readonly string[] =>
  Array.from({ length: count }, (_, index) =>
    line({ time: START + (index % 168) * HOUR, device: `d${index % 50}`, address: `10.0.${index % 9}.0/24`, ...row }),
  );

test('each shape of the guide has its class', async (context) => {
  const report = await reportOn(context, [
    ...times(10_000, {}),
    ...times(300, { code: 'token-missing', version: '1.0' }),
    ...times(200, { code: 'token-missing', route: 'search' }),
    ...times(500, { code: 'token-missing', version: '', platform: '' }),
    ...times(60, { code: 'token-signature-invalid' }),
    ...times(40, { code: 'token-signature-invalid', version: '', platform: '' }),
    ...times(400, { code: 'token-signature-invalid', time: START + 200 * HOUR }),
    ...times(30, { code: 'token-expired' }),
    ...times(20, { code: 'token-sdk-status' }),
    ...times(25, { code: 'binding-claim-missing' }),
    ...times(90, { code: 'binding-mismatch', version: '2.9-beta' }),
    ...times(5, { code: 'binding-mismatch' }),
    ...times(70, { code: 'signature-invalid', route: 'behind-proxy' }),
    ...times(8, { code: 'signature-replayed' }),
    ...times(3, { code: 'keys-unavailable' }),
    ...times(9, { code: 'token-denied' }),
    ...times(999, { code: 'token-missing', again: true }),
  ]);
  assert.equal(report.lines.damaged, 0);
  assert.deepEqual(Object.fromEntries(report.classes.map(({ name, count }) => [name, count])), {
    verified: 10_000,
    'our-outage': 3,
    'wrong-key': 400,
    proxy: 200,
    'fail-over': 25,
    'app-binds-otherwise': 90,
    origin: 70,
    clock: 30,
    'no-token': 20,
    'old-app': 300,
    'attestation-failed': 60,
    policy: 9,
    misused: 5,
    replayed: 8,
    forged: 40,
    unknown: 500,
  });
  assert.equal(report.refused, report.all - 10_000);
  assert.equal(report.genuine, 3 + 400 + 200 + 25 + 90 + 70 + 30 + 20 + 300);
  assert.equal(report.ready, false);
  const text = spellReport(report);
  assert.match(text, new RegExp(`would refuse ${report.refused} of ${report.all} requests .*; ${report.genuine} of them look genuine`));
  assert.match(text, /NOT READY/);
});

/** Requests of one hour, each from a network of its own unless said otherwise. */
const inHour = (count: number, hour: number, row: Row): readonly string[] =>
  Array.from({ length: count }, (_, index) => line({ time: START + hour * HOUR, address: `10.${index >> 8}.${index & 255}.0/24`, ...row }));

test('what lasted for less than the log is told by its hour: a proxy, and a wrong key that was taken back', async (context) => {
  const hours = Array.from({ length: 20 }, (_, hour) => [
    ...inHour(300, hour, {}),
    ...inHour(4, hour, { code: 'token-signature-invalid' }),
    ...(hour === 7 ? [] : inHour(60, hour, { route: 'search' })),
  ]);
  const report = await reportOn(context, [
    ...hours.flat(),
    ...inHour(60, 7, { code: 'token-missing', route: 'search' }),
    // A third of an hour.
    ...inHour(150, 9, { code: 'token-signature-invalid' }),
    // As many, from one network: a burst of forgeries, or a farm of phones.
    ...inHour(150, 11, { code: 'token-signature-invalid', address: '192.0.2.0/24' }),
  ]);
  const counts = Object.fromEntries(report.classes.map(({ name, count }) => [name, count]));
  assert.deepEqual([counts.proxy, counts['wrong-key'], counts['attestation-failed']], [60, 154, 19 * 4 + 150]);
});

test('ready after seven days within the thresholds, and not after six, or with one fault', async (context) => {
  const good = [
    ...times(168_000, {}),
    ...times(500, { code: 'token-missing', version: '', platform: '' }),
    ...times(300, { code: 'token-expired' }),
  ];
  assert.equal((await reportOn(context, good)).ready, true);
  const sixDays = good.filter((text) => (JSON.parse(text) as { time: number }).time < START + 6 * DAY);
  assert.deepEqual(
    (await reportOn(context, sixDays)).findings.filter(({ holds }) => !holds).map(({ name }) => name),
    ['days'],
  );
  assert.equal((await reportOn(context, sixDays, { thresholds: { days: 6 } })).ready, true);
  const fault = await reportOn(context, [...good, line({ code: 'internal' })]);
  assert.deepEqual(
    fault.findings.filter(({ holds }) => !holds).map(({ name }) => name),
    ['unavailable'],
  );
  const old = [...good, ...times(4000, { code: 'token-missing', version: '1.0' })];
  assert.equal((await reportOn(context, old)).ready, false);
  assert.equal((await reportOn(context, old, { unsupportedVersions: ['1.0'] })).ready, true);
  await assert.rejects(reportOn(context, [], { thresholds: { genuine: 7 } }), /thresholds\.genuine/);
});

test('damaged lines are counted and passed over, dropped ones are told, other orders of members are read', async (context) => {
  const good = line({ code: 'token-missing' });
  const { time, ...rest } = JSON.parse(good) as { time: number };
  const damaged = [
    '{',
    good.slice(0, -5),
    good.slice(3),
    `${good}${good}`,
    '[]',
    'null',
    '{"time":5}',
    '{"time":"x","code":"accepted","outcome":"accepted"}',
    'x'.repeat(200_000),
    '{"time":-1,"dropped":3}',
    good.replace('"token-missing"', '"<b>"'),
    good.replace(/"time":\d+/, '"time":1e999'),
  ];
  const report = await reportOn(context, [...damaged, good, JSON.stringify({ ...rest, time }), '', `{"time":${START},"dropped":12}`, good]);
  assert.deepEqual([report.all, report.lines.damaged, report.lines.dropped], [3, damaged.length, 12]);
  assert.match(spellReport(report), new RegExp(`${damaged.length} lines could not be read`));
});

test('a log that Windows PowerShell redirected into a file is read', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const text = `\ufeff${times(5000, { version: '3.0-é' }).join('\r\n')}\r\n`;
  for (const [name, bytes] of Object.entries({ wide: Buffer.from(text, 'utf16le'), marked: Buffer.from(text) })) {
    writeFileSync(join(folder, `${name}.jsonl`), bytes);
    const { lines, all, byVersion } = await readDecisionLogs([join(folder, `${name}.jsonl`)]);
    assert.deepEqual([lines.damaged, all, byVersion.map((slice) => slice.name)], [0, 5000, ['3.0-é']], name);
  }
});

test('memory does not follow the lines: kinds and hours are bounded', async (context) => {
  const lines = Array.from({ length: 120_000 }, (_, index) =>
    line({ code: 'token-missing', version: `${index}`, time: START + (index % 4000) * HOUR, device: `${index}` }),
  );
  const report = await reportOn(context, lines);
  assert.equal(report.all, 120_000);
  assert.ok(report.byVersion.length <= 50);
  assert.equal(
    report.byVersion.reduce((sum, { all }) => sum + all, 0),
    120_000,
  );
  const [{ devices = 0 } = {}] = report.codes;
  assert.ok(devices > 96_000 && devices < 144_000, `${devices}`);
});

test('the page stands alone and runs nothing, whatever apps call themselves', async (context) => {
  const report = await reportOn(context, times(200, { version: '<img src=x onerror=alert(1)>', platform: '"\'&\u202e' }));
  const page = htmlReport(report);
  assert.ok(!page.includes('<img'));
  assert.ok(page.includes('&lt;img src=x onerror=alert(1)&gt;'));
  assert.doesNotMatch(page, /<script|https?:|<link|\u202e/);
  assert.match(page, /default-src 'none'/);
});

test('nothing is not ready', async (context) => {
  const report = await reportOn(context, []);
  assert.equal(report.ready, false);
  assert.match(spellReport(report), /^Nothing was judged/);
  assert.match(htmlReport(report), /Not ready/);
});
