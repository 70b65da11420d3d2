/** What the client sees of a refusal, and that it learns nothing from it. */
import { devSecret, tokenKinds } from '@approov-guard/testkit';
import type { WireRequest, WireResponse } from '../run/wire.ts';
import type { Case, Family } from './case.ts';
import { app, approovToken, bound, NOW, token } from './setups.ts';

const problem = app('problem+json', { refusal: { format: 'problem' } });
const forbidden = app('status 403', { refusal: { status: 403 } });
const own = app('own renderer', { refusal: { render: 'own' } });
const throwing = app('throwing renderer', { refusal: { render: 'throwing' } });
const success = app('renderer that answers 200', { refusal: { render: 'success' } });
const throwingHook = app('throwing hook', { hook: 'throwing' });

/** One request for every reason that a request can lead to with this setup. */
function oneOfEachReason(): ReadonlyMap<string, WireRequest> {
  const session = ['Authorization', 'Bearer example-user-session'] as const;
  const requests = new Map<string, WireRequest>();
  for (const { expectedWhenBound, mint } of Object.values(tokenKinds)) {
    requests.set(expectedWhenBound, { headers: [approovToken(mint({ secret: devSecret, now: NOW })), session] });
  }
  requests.set('binding-value-missing', { headers: [approovToken(token({ bind: 'a' }))] });
  requests.set('binding-value-duplicated', { headers: [approovToken(token({ bind: 'a' })), session, session] });
  requests.delete('accepted');
  return requests;
}

/** Where only the first line is kept, a value that was sent twice is there once. */
const FIRST_LINE = { quirks: { 'first-line': { status: 401, verdict: 'binding-mismatch' } } };

const identical: Case = {
  name: 'the same bytes for every reason',
  setup: bound,
  run: async ({ expect, traits }) => {
    const seen = new Set<string>();
    const requests = oneOfEachReason();
    if (requests.size < 14) throw new Error(`only ${requests.size} reasons`);
    for (const [verdict, request] of requests) {
      const { head, body, status } = await expect(request, {
        status: 401,
        verdict,
        ...(verdict === 'binding-value-duplicated' ? FIRST_LINE : {}),
      });
      if (traits.refusesMalformed === true && status === 400) continue;
      seen.add(`${head.replace(/^date: .*$/im, 'date')}\n${body.toString('latin1')}`);
    }
    if (seen.size !== 1) throw new Error(`${seen.size} different answers:\n${[...seen].join('\n\n')}`);
  },
};

function equals(response: WireResponse, name: string, value: string): void {
  const found = name === 'body' ? response.body.toString() : response.field(name).join(' | ');
  if (found !== value) throw new Error(`${name} is ${found}, expected ${value}`);
}

const problemJson: Case = {
  name: 'problem+json shows the id that the hook saw, and no reason',
  setup: problem,
  run: async ({ expect, started }) => {
    const response = await expect({ headers: [approovToken('x')] }, { status: 401, verdict: 'token-malformed' });
    equals(response, 'content-type', 'application/problem+json');
    equals(response, 'www-authenticate', 'Approov');
    const { instance, ...rest } = JSON.parse(response.body.toString());
    if (!/^urn:uuid:[0-9a-f-]{36}$/.test(instance)) throw new Error(`instance is ${instance}`);
    if (JSON.stringify(rest) !== '{"type":"about:blank","title":"Unauthorized","status":401}') throw new Error(JSON.stringify(rest));
    await started.verdicts();
  },
};

function row(name: string, setup: typeof own, status: number, response: (response: WireResponse) => void): Case {
  return { name, setup, request: { headers: [approovToken('x')] }, expected: { status, verdict: 'token-malformed', response } };
}

const standard = (response: WireResponse): void => {
  equals(response, 'content-type', 'application/json');
  equals(response, 'cache-control', 'no-store');
  equals(response, 'www-authenticate', 'Approov');
  equals(response, 'body', '{}');
};

export const refusals: Family = {
  name: 'refusals',
  cases: [
    identical,
    problemJson,
    row('another status', forbidden, 403, (response) => {
      equals(response, 'body', '{}');
      equals(response, 'www-authenticate', '');
    }),
    row('a renderer of one’s own', own, 418, (response) => {
      equals(response, 'content-type', 'text/plain');
      equals(response, 'body', 'standard: 401');
      if (response.field('x-refusal-id').length !== 1) throw new Error('the renderer’s own header is absent');
    }),
    row('a renderer that throws', throwing, 401, standard),
    row('a renderer that would let the client in', success, 401, standard),
    row('a hook that throws', throwingHook, 401, standard),
    {
      name: 'a hook that throws, accepted',
      setup: throwingHook,
      request: { headers: [approovToken(token())] },
      expected: { status: 200, verdict: 'accepted' },
    },
  ],
};
