import assert from 'node:assert/strict';
import test from 'node:test';
import { requestView } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';
import { now, secret } from '../../both-ports.ts';

const guard = createGuard({ keys: { secret }, now: () => now, exempt: ['/health', '/public/*', '/caf%C3%A9'.replace('%C3%A9', 'é')] });

async function isExempt(target: string): Promise<boolean> {
  const decision = await guard.decide(requestView({ target }));
  assert.equal(decision.action, decision.verdict === null ? 'pass' : 'refuse');
  return decision.action === 'pass' && decision.skipped === 'exempt';
}

test('exact paths and everything below a prefix pass unjudged, whatever their query', async () => {
  for (const target of ['/health', '/health?x=1', '/health?../..', '/public/', '/public/a/b', '/public/a%20b', '/public/.well-known/x']) {
    assert.equal(await isExempt(target), true, target);
  }
});

test('other paths are judged', async () => {
  for (const target of ['/', '/healthy', '/health/', '/health/x', '/public', '/publicity', '/private/public/x', '/private?/public/x']) {
    assert.equal(await isExempt(target), false, target);
  }
});

test('a path that servers may read differently is never exempt', async () => {
  const ambiguous = [
    '/public/../private',
    '/public/..',
    '/public/./x/../../private',
    '/public/%2e%2e/private',
    '/public/%2E%2e/private',
    '/public/.%2e/private',
    '/public/..%2fprivate',
    '/public%2f..%2fprivate',
    '/public/..%5cprivate',
    '/public/..\\private',
    '/public\\..\\private',
    '/public/%252e%252e/private',
    '/public/..;/private',
    '/public/;/../private',
    '/public//../private',
    '//public/x',
    '/public/%00',
    '/public/\0',
    '/public/#/../../private',
    '/public/%c0%ae%c0%ae/private',
    '/public/%ff',
    '/public/%',
    '/public/%zz',
    '/public/%u002e%u002e/private',
    '/public/.%09./private',
    '/public/.%0d%0a./private',
    '/public/.\t./private',
    'http://api.example.com/public/x',
    'public/x',
    '*',
    '',
    '//evil.example/public/x',
  ];
  for (const target of ambiguous) assert.equal(await isExempt(target), false, target);
});

test('a target that cannot be read is judged, not exempt', async () => {
  const view = {
    ...requestView(),
    get target(): string {
      throw new Error('no target');
    },
  };
  const decision = await guard.decide(view);
  assert.equal(decision.action, 'refuse');
});
