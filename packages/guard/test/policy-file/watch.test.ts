import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { exampleToken, freshSecret, requestView } from '@approov-guard/testkit';
import { type Policy, PolicyFileError, type WatchedPolicy, watchPolicyFile } from 'approov-guard/policy-file';
import { folderWith } from './folder.ts';

const [secret, other] = [freshSecret(), freshSecret()];
const policyText = (more: object = {}) => JSON.stringify({ keys: { secret: { base64: { file: 'secret' } } }, ...more });

/** What the watcher reports, one after the other. */
class Reports {
  readonly #kept: (Policy | Error)[] = [];
  #wake: () => void = () => undefined;
  readonly push = (report: Policy | Error): void => {
    this.#kept.push(report);
    this.#wake();
  };

  async next(): Promise<Policy | Error> {
    while (this.#kept.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#kept.shift() as Policy | Error;
  }
}

function watched(context: TestContext, more: object = {}): { folder: string; file: string; reports: Reports; watch: WatchedPolicy } {
  const folder = folderWith(context, { secret: secret.base64, 'policy.json': policyText(more) });
  const file = join(folder, 'policy.json');
  const reports = new Reports();
  const watch = watchPolicyFile(file, { onPolicy: reports.push, onProblem: reports.push, pollSeconds: 0.05 });
  context.after(() => watch.close());
  // The watchers keep no process alive; the test waits for them.
  const alive = setInterval(() => undefined, 1000);
  context.after(() => clearInterval(alive));
  return { folder, file, reports, watch };
}

const accepts = async ({ policy }: WatchedPolicy, by: { base64: string }): Promise<boolean> =>
  (await policy.guard.verifyToken(exampleToken({ secret: by }))).outcome === 'accepted';

test('a changed file comes into force; a bad one is reported with its line, and the old one stays', async (context) => {
  const { file, reports, watch } = watched(context);
  const refusing = async (): Promise<number | undefined> => {
    const decision = await watch.policy.guard.decide(requestView({}));
    return decision.action === 'refuse' ? decision.refusal.status : undefined;
  };
  assert.equal(await refusing(), 401);
  writeFileSync(`${file}.new`, policyText({ refusal: { status: 403 } }));
  renameSync(`${file}.new`, file);
  assert.equal(await reports.next(), watch.policy);
  assert.equal(await refusing(), 403);
  writeFileSync(file, '{\n"keys": 5 }');
  const bad = await reports.next();
  assert.ok(bad instanceof PolicyFileError && bad.line === 2 && bad.message.includes(file));
  assert.equal(await refusing(), 403);
  rmSync(file);
  assert.ok((await reports.next()) instanceof PolicyFileError);
  assert.equal(await refusing(), 403);
  writeFileSync(file, policyText({ refusal: { status: 404 } }));
  assert.equal(await reports.next(), watch.policy);
  assert.equal(await refusing(), 404);
});

test('a secret in a file of its own is followed, too', async (context) => {
  const { folder, reports, watch } = watched(context);
  assert.deepEqual([await accepts(watch, secret), await accepts(watch, other)], [true, false]);
  writeFileSync(join(folder, 'secret'), other.base64);
  await reports.next();
  assert.deepEqual([await accepts(watch, secret), await accepts(watch, other)], [false, true]);
});

test('reading again keeps what was accepted once', async (context) => {
  const { file, watch } = watched(context, { token: { replay: 'memory' } });
  const request = requestView({ headers: [['approov-token', exampleToken({ secret })]] });
  assert.equal((await watch.policy.guard.judge(request)).outcome, 'accepted');
  writeFileSync(file, policyText({ token: { replay: 'memory' }, exempt: ['/health'] }));
  assert.equal(watch.reload(), true);
  const verdict = await watch.policy.guard.judge(requestView({ headers: [['approov-token', request.lines('approov-token')[0] ?? '']] }));
  assert.equal(verdict.outcome === 'rejected' && verdict.reason, 'token-replayed');
});

test('reading again gives nobody a new share, unless the limits change', async (context) => {
  const share = { perSecond: 0.01, burst: 1 };
  const replay = { token: { replay: 'memory' } };
  const { file, watch } = watched(context, { share, ...replay });
  const ask = async (): Promise<string> => {
    const token = exampleToken({ secret, claims: { did: 'one', jti: String(Math.random()) } });
    const verdict = await watch.policy.guard.judge(requestView({ headers: [['approov-token', token]] }));
    return verdict.outcome === 'rejected' ? verdict.reason : verdict.outcome;
  };
  assert.deepEqual([await ask(), await ask()], ['accepted', 'token-share-exceeded']);
  writeFileSync(file, policyText({ share, ...replay, exempt: ['/health'] }));
  assert.equal(watch.reload(), true);
  assert.equal(await ask(), 'token-share-exceeded');
  writeFileSync(file, policyText({ share: { perSecond: 50, burst: 1 }, ...replay }));
  assert.equal(watch.reload(), true);
  assert.equal(await ask(), 'accepted');
});

test('what `onPolicy` throws brings the old policy back', (context) => {
  const folder = folderWith(context, { secret: secret.base64, 'policy.json': policyText() });
  const problems: Error[] = [];
  const watch = watchPolicyFile(join(folder, 'policy.json'), {
    onPolicy: () => {
      throw new Error('not here');
    },
    onProblem: (error) => problems.push(error),
  });
  context.after(() => watch.close());
  const before = watch.policy;
  assert.equal(watch.reload(), false);
  assert.equal(watch.policy, before);
  assert.deepEqual(
    problems.map(({ message }) => message),
    ['not here'],
  );
});

test('a first reading that fails leaves nothing open', (context) => {
  const folder = folderWith(context, { 'policy.json': '{' });
  assert.throws(() => watchPolicyFile(join(folder, 'policy.json')), PolicyFileError);
});
