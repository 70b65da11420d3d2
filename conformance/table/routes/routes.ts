/** Routes that demand different things from one guard. */

import type { HeaderLine } from '../../run/wire.ts';
import type { Case, Family } from '../case.ts';
import { approovToken, deadToken, perRoute, token } from '../setups.ts';

const setup = perRoute('routes', {}, [
  { path: '/open', behaviour: 'echo', demands: 'none' },
  { path: '/token', behaviour: 'echo' },
  { path: '/bound', behaviour: 'echo', demands: { binding: { headers: ['authorization'] } } },
  { path: '/bound-if-present', behaviour: 'echo', demands: { binding: { headers: ['authorization'], missing: 'accept' } } },
  { path: '/observed', behaviour: 'echo', demands: { mode: 'observe' } },
  { path: '/tolerant', behaviour: 'echo', demands: { token: { clockToleranceSeconds: 120 } } },
  { path: '/issued', behaviour: 'echo', demands: { token: { issuer: ['api.example.com'] } } },
  { path: '/audience', behaviour: 'echo', demands: { token: { audience: 'api.example.com' } } },
  { path: '/short-lived', behaviour: 'echo', demands: { token: { maxLifetimeSeconds: 300 } } },
  { path: '/other-header', behaviour: 'echo', demands: { token: { header: 'x-other' } } },
]);
const boundGuard = perRoute('routes of a bound guard', { binding: { headers: ['authorization'] }, mode: 'observe' }, [
  { path: '/inherited', behaviour: 'echo' },
  { path: '/enforced', behaviour: 'echo', demands: { mode: 'enforce' } },
  { path: '/unbound', behaviour: 'echo', demands: { mode: 'enforce', binding: null } },
]);

function row(target: string, headers: readonly HeaderLine[], verdict: string, status: number = verdict === 'accepted' ? 200 : 401): Case {
  const from = ['/inherited', '/enforced', '/unbound'].includes(target) ? boundGuard : setup;
  return { name: `${target}: ${verdict}`, setup: from, request: { target, headers }, expected: { status, verdict } };
}

const session: HeaderLine = ['Authorization', 'Bearer a'];
const good = approovToken(token());
const dead = approovToken(deadToken());
const boundToken = approovToken(token({ bind: 'Bearer a' }));

export const routes: Family = {
  name: 'routes',
  cases: [
    row('/open', [], 'unguarded', 200),
    row('/token', [], 'token-missing'),
    row('/token?a=1', [good], 'accepted'),
    row('/token', [good], 'accepted'),
    row('/bound', [good, session], 'binding-claim-missing'),
    row('/bound', [boundToken, session], 'accepted'),
    row('/bound-if-present', [good], 'accepted'),
    row('/bound-if-present', [boundToken], 'binding-value-missing'),
    row('/observed', [dead], 'token-expired', 200),
    row('/tolerant', [dead], 'accepted'),
    row('/token', [dead], 'token-expired'),
    row('/issued', [good], 'token-issuer-unexpected'),
    row('/issued', [approovToken(token({ claims: { iss: 'api.example.com' } }))], 'accepted'),
    row('/audience', [approovToken(token({ claims: { aud: 'other' } }))], 'token-audience-unexpected'),
    row('/audience', [approovToken(token({ claims: { aud: ['other', 'api.example.com'] } }))], 'accepted'),
    row('/short-lived', [good], 'token-lifetime-too-long'),
    row('/short-lived', [approovToken(token({ lifetimeSeconds: 300 }))], 'accepted'),
    row('/other-header', [good], 'token-missing'),
    row('/other-header', [['X-Other', token()]], 'accepted'),
    row('/inherited', [good, session], 'binding-claim-missing', 200),
    row('/enforced', [good, session], 'binding-claim-missing'),
    row('/enforced', [boundToken, session], 'accepted'),
    row('/unbound', [good], 'accepted'),
  ],
};
