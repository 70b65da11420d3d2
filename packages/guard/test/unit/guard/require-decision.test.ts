import { equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type Decision, requireDecision } from 'approov-guard';

test('gives the decision that a guard left', () => {
  const approov = { action: 'pass' } as Decision;
  equal(requireDecision({ approov }), approov);
});

test('says at a route without a guard what is missing', () => {
  throws(() => requireDecision({}), {
    name: 'ConfigurationError',
    code: 'guard-missing',
    path: 'approov',
    message: /put approov\(guard\)/,
  });
});
