/** The emergency switch: where it is thrown, that it ends, and what is said of it. */
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createRollout, type RolloutEvent, type RolloutOptions, rolloutLine } from '@approov-guard/rollout';
import { requestView } from '@approov-guard/testkit';
import { until } from '../../../tools/until.mjs';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 27, 12);
const anna = { by: 'anna', why: 'payments fail' };

function made(context: TestContext, options: RolloutOptions['switch'] = {}, more: RolloutOptions = {}) {
  let at = START;
  const events: RolloutEvent[] = [];
  const now = () => at;
  const rollout = createRollout({ instance: 'api-1', now, onEvent: (event) => events.push(event), switch: options, ...more });
  context.after(() => rollout.close());
  const mode = rollout.mode();
  return {
    rollout,
    events,
    pass: (ms: number) => {
      at += ms;
    },
    mode: () => mode({ request: requestView({ headers: {} }), claims: null, at }),
  };
}

test('it is thrown until an end, which must be said, and ends by itself', (context) => {
  const api = made(context);
  assert.equal(api.mode(), 'enforce');
  api.rollout.throwSwitch({ minutes: 30, ...anna });
  assert.equal(api.mode(), 'observe');
  assert.equal(api.rollout.state().switch.on?.until, START + 30 * MINUTE);
  api.pass(30 * MINUTE - 1);
  assert.equal(api.mode(), 'observe');
  api.pass(1);
  assert.equal(api.mode(), 'enforce');
  const [on, off] = api.events;
  assert.deepEqual(on, { type: 'switch-on', place: 'hand', until: START + 30 * MINUTE, ...anna, instance: 'api-1', at: START });
  assert.deepEqual(off, { type: 'switch-off', place: 'hand', how: 'ended', instance: 'api-1', at: START + 30 * MINUTE });
});

test('it is not thrown without an end, a name and a reason, nor for longer than it may', (context) => {
  const { rollout, mode, events } = made(context);
  const wrong: readonly object[] = [
    anna,
    { ...anna, minutes: 0 },
    { ...anna, minutes: -5 },
    { ...anna, minutes: 1441 },
    { ...anna, minutes: Number.NaN },
    { ...anna, minutes: '60' },
    { ...anna, until: START },
    { ...anna, until: START + 1441 * MINUTE },
    { ...anna, until: Number.POSITIVE_INFINITY },
    { minutes: 5, by: '', why: 'x' },
    { minutes: 5, by: 'anna', why: ' ' },
    { minutes: 5, by: 'a'.repeat(129), why: 'x' },
  ];
  for (const order of wrong) assert.throws(() => rollout.throwSwitch(order as never), /switch\./, JSON.stringify(order));
  assert.deepEqual([mode(), events.length], ['enforce', 0]);
});

test('it is taken back by hand, and the audit line says by whom', (context) => {
  const { rollout, mode, events } = made(context);
  rollout.throwSwitch({ minutes: 30, ...anna });
  rollout.takeSwitchBack({ by: 'bert "x"\n', why: 'fixed é' });
  assert.equal(mode(), 'enforce');
  const line = rolloutLine(events[1] as RolloutEvent);
  assert.match(line, /^[\x20-\x7e]+$/);
  assert.deepEqual(JSON.parse(line), {
    time: '2026-11-27T12:00:00.000Z',
    instance: 'api-1',
    type: 'switch-off',
    place: 'hand',
    how: 'taken-back',
    by: 'bert "x"',
    why: 'fixed é',
  });
});

test('a file throws it while it is there; a bad file changes nothing and is reported', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'switch-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'observe.json');
  const api = made(context, { file });
  const write = (content: object | string, written = START) => {
    const draft = join(folder, 'draft');
    writeFileSync(draft, typeof content === 'string' ? content : JSON.stringify(content));
    utimesSync(draft, written / 1000, written / 1000);
    renameSync(draft, file);
  };
  const refusals = () => api.events.filter(({ type }) => type === 'switch-refused').length;
  assert.equal(api.mode(), 'enforce');
  write({ minutes: 60, ...anna });
  await until(() => api.mode() === 'observe');
  assert.equal(api.rollout.state().switch.on?.until, START + 60 * MINUTE);
  const bad: readonly (object | string)[] = [
    'on',
    '',
    '[]',
    'null',
    anna,
    { minutes: 60 },
    { minutes: 60, by: 'anna', why: 'x', more: 1 },
    { minutes: 60, until: '2026-11-27T13:00:00Z', ...anna },
    { until: 'tomorrow', ...anna },
    { minutes: 9999, ...anna },
    { until: '2026-12-27T13:00:00Z', ...anna },
    'x'.repeat(10_000),
  ];
  for (const [index, content] of bad.entries()) {
    write(content);
    await until(() => refusals() === index + 1);
    assert.equal(api.mode(), 'observe', JSON.stringify(content).slice(0, 80));
  }
  // The longest time counts from when the file was written: it cannot be stretched by waiting.
  write({ until: new Date(START + 10 * 60 * MINUTE).toISOString(), ...anna }, START - 20 * 60 * MINUTE);
  await until(() => refusals() === bad.length + 1);
  rmSync(file);
  await until(() => api.mode() === 'enforce');
  assert.equal(api.events.at(-1)?.type, 'switch-off');
});

test('the environment throws it until a time', (context) => {
  const text = JSON.stringify({ until: '2026-11-27T13:00:00Z', ...anna });
  const api = made(context, { text });
  assert.deepEqual([api.mode(), api.rollout.state().switch.on?.place], ['observe', 'environment']);
  api.pass(60 * MINUTE);
  assert.equal(api.mode(), 'enforce');
  // Minutes would begin anew with each start.
  const other = made(context, { text: JSON.stringify({ minutes: 5, ...anna }) });
  assert.deepEqual([other.mode(), other.events.map(({ type }) => type)], ['enforce', ['switch-refused']]);
  assert.equal(made(context, { text: '' }).events.length, 0);
});

test('SIGUSR2 throws it for a time, and takes it back', async (context) => {
  const api = made(context, { signal: true, signalMinutes: 5 });
  process.kill(process.pid, 'SIGUSR2');
  await until(() => api.mode() === 'observe');
  assert.equal(api.rollout.state().switch.on?.until, START + 5 * MINUTE);
  process.kill(process.pid, 'SIGUSR2');
  await until(() => api.mode() === 'enforce');
  assert.deepEqual(
    api.events.map((event) => event.type),
    ['switch-on', 'switch-off'],
  );
  const listeners = process.listenerCount('SIGUSR2');
  api.rollout.close();
  assert.equal(process.listenerCount('SIGUSR2'), listeners - 1);
});

test('what takes longest is in force, and what a file says is not taken back by hand', (context) => {
  const api = made(context, { text: JSON.stringify({ until: '2026-11-27T12:10:00Z', ...anna }) });
  api.rollout.throwSwitch({ minutes: 60, by: 'bert', why: 'x' });
  assert.equal(api.rollout.state().switch.on?.by, 'bert');
  api.rollout.takeSwitchBack({ by: 'bert', why: 'y' });
  assert.equal(api.rollout.state().switch.on?.by, 'anna');
  assert.equal(api.mode(), 'observe');
});

test('it and the breaker outlive other settings', (context) => {
  const api = made(context);
  api.rollout.throwSwitch({ minutes: 30, ...anna });
  api.rollout.change({ breaker: { windowSeconds: 60 } });
  assert.equal(api.mode(), 'observe');
  assert.throws(() => api.rollout.change({ breaker: { windowSeconds: 0 } }), /breaker\.windowSeconds/);
  assert.equal(api.mode(), 'observe');
});
