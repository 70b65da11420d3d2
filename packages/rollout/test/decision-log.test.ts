import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type DecisionLogOptions, decisionLog, type LinesSink, readDecisionLogs, spellReport } from '@approov-guard/rollout';
import { bindingHash, exampleClaims, freshSecret, mintToken, requestView } from '@approov-guard/testkit';
import { createGuard, type Guard } from 'approov-guard';

const secret = freshSecret();
const deviceKey = 'a key that the instances share';
const DAY = 86_400_000;

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'decisions-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function tokenAt(at: number, claims: object = {}): string {
  return mintToken({ secret, claims: { ...exampleClaims, exp: at / 1000 + 300, ...claims } });
}

function guardWith(log: { onVerdict: NonNullable<Parameters<typeof createGuard>[0]['onVerdict']> }, now: () => number): Guard {
  return createGuard({ keys: { secret }, binding: { headers: ['authorization'] }, mode: 'observe', onVerdict: log.onVerdict, now });
}

test('a line says what was decided, and holds no token, bound value or device', async (context) => {
  const folder = folderFor(context);
  const at = 1_700_000_000_123;
  const log = decisionLog({ folder, deviceKey, now: () => at });
  const guard = guardWith(log, () => at);
  const authorization = 'Bearer someone';
  const token = tokenAt(at, { did: 'raw-device-id', pay: bindingHash(authorization) });
  const headers = { 'approov-token': token, authorization, 'x-app-version': '4.2.0', 'x-app-platform': 'ios' };
  await guard.decide({ ...requestView({ target: '/pay?key=hidden', headers }), peer: '203.0.113.77' });
  await guard.decide({ ...requestView({ headers: {} }), peer: '2001:db8:1:2::7' });
  await log.close();
  const [name = ''] = readdirSync(folder);
  const text = readFileSync(join(folder, name), 'latin1');
  const [first, second] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { [name: string]: unknown });
  assert.match(String(first?.device), /^[0-9a-f]{16}$/);
  assert.deepEqual(
    { ...first, device: '', key: '' },
    {
      time: at,
      device: '',
      address: '203.0.113.0/24',
      route: 'default',
      mode: 'observe',
      action: 'pass',
      outcome: 'accepted',
      code: 'accepted',
      version: '4.2.0',
      platform: 'ios',
      key: '',
      again: false,
    },
  );
  assert.deepEqual([second?.code, second?.address, second?.device], ['token-missing', '2001:db8:1::/48', '']);
  for (const hidden of [token, token.split('.')[2], 'raw-device-id', 'someone', bindingHash(authorization), 'hidden', '203.0.113.77'])
    assert.ok(!text.includes(hidden ?? ''));
});

test('lines stay lines, whatever the app claims to be', async (context) => {
  const folder = folderFor(context);
  const log = decisionLog({ folder, deviceKey });
  const guard = guardWith(log, Date.now);
  const hostile = ['"},{"time":1,"dropped":9', 'a\nb', '\u001b[31m', '\u2028', '\u00e9\u00ff', '<script>', '\\', '\u0000', '"\\"\\'];
  for (const version of hostile) {
    const view = requestView({ headers: {} });
    await guard.decide({ ...view, method: view.method, target: '/', lines: (name) => (name.startsWith('x-app') ? [version] : []) });
  }
  await log.close();
  const text = readFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'latin1');
  assert.match(text, /^[\x20-\x7e\n]*$/);
  const read = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { version: string });
  assert.deepEqual(
    read.map(({ version }) => version),
    hostile.map((version) => version.trim().slice(0, 32)),
  );
  const report = await readDecisionLogs([folder]);
  assert.deepEqual([report.all, report.lines.damaged, report.lines.dropped], [hostile.length, 0, 0]);
  assert.match(spellReport(report), /^[\x20-\x7e\n]*$/);
});

/** A disk whose state a test sets. */
class Disk {
  readonly bytes: Buffer[] = [];
  full = false;
  hold: Promise<void> = Promise.resolve();
  opened = 0;

  readonly openFile = async (): Promise<LinesSink> => {
    if (this.full) throw new Error('ENOSPC');
    this.opened++;
    return {
      write: async (bytes) => {
        await this.hold;
        // A full disk takes the beginning, as disks do.
        const taken = this.full ? Math.min(bytes.length, 10) : bytes.length;
        if (this.full && this.bytes.at(-1)?.length === 10) throw new Error('ENOSPC');
        this.bytes.push(Buffer.from(bytes.subarray(0, taken)));
        return { bytesWritten: taken };
      },
      close: async () => undefined,
    };
  };

  get lines(): readonly string[] {
    return Buffer.concat(this.bytes).toString('latin1').split('\n');
  }
}

async function decideTimes(guard: Guard, times: number): Promise<void> {
  for (let index = 0; index < times; index++) await guard.decide(requestView({ headers: {} }));
}

function logOn(disk: Disk, options: Partial<DecisionLogOptions> = {}) {
  return decisionLog({ folder: 'none', deviceKey, openFile: disk.openFile, flushMs: 60_000, ...options });
}

test('a slow disk: requests do not wait, what is held is bounded, and what is dropped is counted and told', async () => {
  const disk = new Disk();
  let release = (): void => undefined;
  disk.hold = new Promise((resolve) => {
    release = resolve;
  });
  const log = logOn(disk, { maxPendingBytes: 4096 });
  const guard = guardWith(log, Date.now);
  await decideTimes(guard, 5);
  const flushing = log.flush();
  await decideTimes(guard, 50_000);
  const { dropped, pendingBytes, written } = log.counts();
  assert.ok(pendingBytes <= 4096);
  assert.equal(written, 0);
  assert.ok(dropped > 49_000);
  release();
  await flushing;
  await log.close();
  const after = log.counts();
  assert.deepEqual([after.written + after.dropped, after.dropped, after.pendingBytes], [50_005, dropped, 0]);
  const told = disk.lines.filter((line) => line.includes('"dropped"')).map((line) => (JSON.parse(line) as { dropped: number }).dropped);
  assert.equal(
    told.reduce((sum, count) => sum + count, 0),
    dropped,
  );
});

test('a full disk costs counted lines; when there is room again the log goes on, with one damaged line at most', async () => {
  const disk = new Disk();
  const log = logOn(disk);
  const guard = guardWith(log, Date.now);
  await decideTimes(guard, 3);
  await log.flush();
  disk.full = true;
  for (let round = 0; round < 3; round++) {
    await decideTimes(guard, 2);
    await log.flush();
  }
  disk.full = false;
  await decideTimes(guard, 4);
  await log.close();
  assert.deepEqual(log.counts(), { written: 7, dropped: 6, pendingBytes: 0 });
  const decisions = disk.lines.filter((line) => line.endsWith('}') && line.includes('"code"'));
  assert.equal(decisions.length, 7);
  assert.ok(disk.lines.some((line) => line.includes('"dropped":6')));
  assert.equal(guard.counters().hookFailures, 0);
});

test('files are rotated by size, and only so many of the log’s own are kept', async (context) => {
  const folder = folderFor(context);
  let at = 1_700_000_000_000;
  const log = decisionLog({ folder, deviceKey, maxFileBytes: 1024, maxFiles: 3, now: () => at });
  const guard = guardWith(log, () => at);
  for (let round = 0; round < 8; round++) {
    await decideTimes(guard, 4);
    at += 1000;
    await log.flush();
  }
  await log.close();
  const files = readdirSync(folder);
  assert.equal(files.length, 3);
  for (const file of files) assert.ok(readFileSync(join(folder, file)).length <= 1024);
  assert.equal(log.counts().written, 32);
});

test('minute sums: one line a kind, bounded however many versions clients claim', async (context) => {
  const folder = folderFor(context);
  let at = Math.floor(1_700_000_000_000 / DAY) * DAY;
  const log = decisionLog({ folder, deviceKey, each: 'minute', now: () => at });
  const guard = guardWith(log, () => at);
  await decideTimes(guard, 100);
  for (let index = 0; index < 10_500; index++) await guard.decide(requestView({ headers: { 'x-app-version': `v${index}` } }));
  at += 60_000;
  await decideTimes(guard, 1);
  await log.close();
  assert.ok(log.counts().written <= 10_002);
  const report = await readDecisionLogs([folder]);
  assert.deepEqual([report.all, report.lines.damaged], [10_601, 0]);
});

test('settings that cannot be used are refused by name', () => {
  assert.throws(() => decisionLog({ folder: 'x', deviceKey: 'short' }), /deviceKey/);
  assert.throws(() => decisionLog({ folder: 'x', deviceKey, maxFiles: 0 }), /maxFiles/);
  assert.throws(() => decisionLog({ folder: 'x', deviceKey, keep: 3 } as never), /options\.keep/);
});
