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

const pass = { preflight: 'pass' } as const;

test('a true CORS preflight is judged, and the operator learns what to do', async () => {
  for (const options of [{}, { preflight: 'judge' }] as const) {
    assert.equal(await found(preflight, options), 'token-missing');
    const decision = await createGuard({ keys: { secret }, now: () => now, ...options }).decide(requestView(preflight));
    assert.ok(decision.verdict?.outcome === 'rejected');
    assert.match(decision.verdict.detail ?? '', /CORS preflight.*put CORS before the guard/);
  }
});

test('only a refused true preflight has that detail', async () => {
  const guard = createGuard({ keys: { secret }, now: () => now });
  const detailOf = async (content: RequestContent): Promise<string> => {
    const { verdict } = await guard.decide(requestView(content));
    return verdict?.outcome === 'rejected' ? (verdict.detail ?? '') : '';
  };
  assert.doesNotMatch(await detailOf({ method: 'OPTIONS' }), /CORS/);
  assert.doesNotMatch(await detailOf({ ...preflight, method: 'POST' }), /CORS/);
  assert.doesNotMatch(await detailOf({ ...preflight, headers: { ...preflight.headers, 'approov-token': 'garbage' } }), /CORS/);
});

test('a true CORS preflight passes unjudged if so configured', async () => {
  assert.equal(await found(preflight, pass), 'preflight');
  assert.equal(await found({ ...preflight, headers: { ...preflight.headers, 'content-length': '0' } }, pass), 'preflight');
});

test('what leads on to another server, or becomes a connection, is judged all the same', async () => {
  const guard = createGuard({ keys: { secret }, now: () => now, ...pass });
  assert.equal((await guard.decide({ ...requestView(preflight), leadsOn: true })).action, 'refuse');
  for (const upgrade of ['websocket', 'h2c', '']) {
    assert.equal(await found({ ...preflight, headers: { ...preflight.headers, upgrade } }, pass), 'token-missing');
  }
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
  for (const content of lesser) assert.equal(await found(content, pass), 'token-missing', JSON.stringify(content));
});
