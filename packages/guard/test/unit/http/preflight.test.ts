import assert from 'node:assert/strict';
import test from 'node:test';
import { type RequestContent, requestView } from '@approov-guard/testkit';
import { createGuard, type GuardOptions } from 'approov-guard';
import { now, outcomeOf, secret } from '../../both-ports.ts';

const preflight = { method: 'OPTIONS', headers: { origin: 'https://a.example', 'access-control-request-method': 'POST' } };

async function found(content: RequestContent, options: Partial<GuardOptions> = {}): Promise<string> {
  const guard = createGuard({ keys: { secret }, now: () => now, ...options });
  const decision = await guard.decide(requestView(content));
  if (decision.verdict !== null) return outcomeOf(decision.verdict);
  assert.equal(decision.action, 'pass');
  return decision.action === 'pass' ? String(decision.skipped) : '';
}

test('a true CORS preflight passes unjudged', async () => {
  assert.equal(await found(preflight), 'preflight');
  assert.equal(await found({ ...preflight, headers: { ...preflight.headers, 'content-length': '0' } }), 'preflight');
});

test('preflights are judged if so configured', async () => {
  assert.equal(await found(preflight, { preflight: 'judge' }), 'token-missing');
});

test('anything less than a true preflight is judged', async () => {
  const { headers } = preflight;
  const lesser: readonly RequestContent[] = [
    { ...preflight, method: 'POST' },
    { ...preflight, method: 'options' },
    { ...preflight, headers: { origin: headers.origin } },
    { ...preflight, headers: { 'access-control-request-method': 'POST' } },
    { ...preflight, headers: { ...headers, 'content-length': '1' } },
    { ...preflight, headers: { ...headers, 'content-length': '00' } },
    { ...preflight, headers: { ...headers, 'transfer-encoding': 'chunked' } },
    { ...preflight, headers: [...Object.entries(headers), ['origin', 'https://b.example']] },
    { ...preflight, headers: [...Object.entries(headers), ['content-length', '0'], ['content-length', '0']] },
  ];
  for (const content of lesser) assert.equal(await found(content), 'token-missing', JSON.stringify(content));
});
