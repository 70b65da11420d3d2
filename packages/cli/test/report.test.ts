import assert from 'node:assert/strict';
import test from 'node:test';
import { guard } from './harness.ts';

const line = (code: string, version: string, outcome = 'rejected'): string =>
  JSON.stringify({
    time: 1_700_000_000_000,
    device: '',
    address: '',
    route: 'default',
    mode: 'observe',
    action: 'pass',
    outcome,
    code,
    version,
    platform: 'ios',
    key: '',
    again: false,
  });
const log = [
  ...Array(996).fill(line('accepted', '2.0', 'accepted')),
  line('token-missing', '1.0'),
  line('token-expired', '2.0'),
  '{"time":',
].join('\n');

test('says what enforcing would refuse, and whether it is safe by the exit code', async () => {
  const files = { 'decisions.jsonl': log };
  const text = await guard(['report', 'decisions.jsonl'], { files });
  assert.equal(text.code, 1);
  assert.match(text.stdout, /Enforcing now would refuse 2 of 998 requests \(0\.2 %\); 2 of them look genuine/);
  assert.match(text.stdout, /1 lines could not be read/);
  const ready = await guard(['report', 'decisions.jsonl', '--days', '1', '--json'], { files });
  assert.equal(ready.code, 0);
  assert.equal((JSON.parse(ready.stdout) as { ready: boolean }).ready, true);
  assert.equal((await guard(['report', 'decisions.jsonl', '--days', '1', '--most-genuine', '0.05'], { files })).code, 1);
  assert.equal((await guard(['report', 'decisions.jsonl', '--html', 'report.html', '--days', '1'], { files })).code, 0);
});

test('says what is wrong with the command line', async () => {
  assert.match((await guard(['report'])).stderr, /name the logs/);
  assert.match((await guard(['report', 'absent.jsonl'])).stderr, /absent\.jsonl cannot be read or written: ENOENT/);
  assert.match((await guard(['report', 'a', '--days', 'many'], { files: { a: '' } })).stderr, /thresholds\.days/);
});
