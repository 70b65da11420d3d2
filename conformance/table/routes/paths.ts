/** Paths that lead to a row of the table, or may. The guard only observes, but for the row; none of these requests carries a token. */
import type { Case, Family } from '../case.ts';
import { app } from '../setups.ts';

const setup = app('paths', {
  mode: 'observe',
  routes: [
    { match: { path: '/free/*' }, exempt: true },
    { match: { path: '/pay' }, mode: 'enforce' },
  ],
});

/** What platforms answer themselves, without asking the guard. */
const redirected = { 'redirects-targets': { status: 308, verdict: 'unguarded' } };

const row = (target: string, status: 200 | 401, verdict = 'token-missing'): Case => ({
  name: `${target}: ${status}`,
  setup,
  request: { target },
  expected: { status, verdict, frameworkMayRefuse: status === 401, ...(/^\/\/|\\/.test(target) ? { quirks: redirected } : {}) },
});

export const paths: Family = {
  name: 'paths',
  cases: [
    row('/other', 200),
    row('/payment', 200),
    row('/pay', 401),
    row('/pay?x=1', 401),
    row('/PAY', 401),
    row('/p%61y', 401),
    row('/pay/', 401),
    row('//x/pay', 401),
    row('//u@x/pay', 401),
    row('//other', 401),
    row('/other;x', 401),
    row('/other%2fx', 401),
    row('/other%5cx', 401),
    row('/other%252e', 401),
    row('/other%00', 401),
    row('/free/a', 200, 'exempt'),
    row('/free', 200),
    row('/FREE/a', 200),
    row('/%66ree/a', 200),
    row('/free/a;x', 401),
    row('/free/..;/pay', 401),
  ],
};
