/** Numbers at the edge, and demands that are held elsewhere. */
import type { Case, Family } from './case.ts';
import { app, approovToken, token } from './setups.ts';
import { call, expecting, row, sequence, signedApp, withBody } from './signing/signed.ts';

const once = app('tokens once', { token: { replay: 'memory' } });
const delegated = signedApp('digests delegated', { digest: 'delegated' });

const forEver = (exp: number): Case => {
  const request = { target: '/shapes', headers: [approovToken(token({ claims: { exp } }))] };
  return sequence(once, `exp ${exp}: taken once`, [
    [request, expecting('accepted')],
    [request, expecting('token-replayed')],
  ]);
};

const upload = (digest: { readonly required: boolean } | null) =>
  call({ client: 'urlsession', digest, method: 'POST', headers: [['Content-Type', 'text/plain']], body: 'a body' });

export const edges: Family = {
  name: 'edges',
  cases: [
    ...[2 ** 53 - 1, 2 ** 53, 1e21, Number.MAX_VALUE].map(forEver),
    row(delegated, 'a digest', upload({ required: true }), expecting('accepted', { digest: 'unchecked' })),
    row(
      delegated,
      'a digest of another body, which is not compared here',
      withBody(upload({ required: true }), 'another'),
      expecting('accepted', { digest: 'unchecked' }),
    ),
    row(delegated, 'no digest', upload(null), expecting('digest-missing')),
  ],
};
