/** What a platform cannot hold stops the start, wherever it is demanded; delegated, it is held as far as the platform sees. */
import { deepStrictEqual, doesNotThrow, rejects, strictEqual, throws } from 'node:assert';
import { describe, it } from 'node:test';
import { createGuard, type GuardOptions, type RouteOptions } from 'approov-guard';
import { approov as onGrpc } from 'approov-guard/grpc';
import { approov as onLambda } from 'approov-guard/lambda';
import { approov as onAuthorizer } from 'approov-guard/lambda-authorizer';
import { now, secret } from '../both-ports.ts';
import { COVERED, digestLine, judge, type Sent, signed, verdictOf } from '../signed-requests.ts';

const BODY = '{"amount":1}';
const required = { signature: { digest: 'required' } } as const satisfies RouteOptions;
const delegated = { signature: { digest: 'delegated' } } as const satisfies RouteOptions;
const options = (more: Partial<GuardOptions>): GuardOptions => ({ keys: { secret }, now: () => now, ...more });
const BLIND = { grpc: onGrpc, 'lambda-authorizer': onAuthorizer };

for (const [name, approov] of Object.entries(BLIND)) {
  describe(`digest: 'required' on ${name}`, () => {
    const refused = (path: string) => ({ name: 'ConfigurationError', code: 'option-unavailable', path, message: /'delegated'/ });

    it('stops the start in the options of the guard, in a guard, in its routes, and in the route of the adapter', () => {
      throws(() => approov(options(required)), refused('signature.digest'));
      throws(() => approov(createGuard(options(required))), refused('signature.digest'));
      throws(() => approov(createGuard(options({})), required), refused('route.signature.digest'));
      const routes = [{ match: { path: '/health' }, exempt: true } as const, { match: { path: '/pay' }, ...required }];
      throws(() => approov(options({ routes })), refused('routes[1].signature.digest'));
      throws(() => approov(options({ ...required, routes: [{ match: { path: '/pay' }, mode: 'observe' }] })), refused('signature.digest'));
    });

    it('is fine where it is delegated, left out, or switched off for what the adapter protects', () => {
      doesNotThrow(() => approov(options(delegated)));
      doesNotThrow(() => approov(options({ signature: {} })));
      doesNotThrow(() => approov(createGuard(options(required)), { signature: null }));
    });
  });
}

it('a platform that sees the body takes all of them', () => {
  for (const demands of [required, delegated]) doesNotThrow(() => onLambda(options(demands), async () => null));
});

const post = (covered: readonly string[] = [...COVERED, 'content-digest'], body = BODY): Sent =>
  signed({ method: 'POST', body, headers: [digestLine(BODY), ['Content-Length', String(body.length)]], covered });

describe("digest: 'delegated'", () => {
  it('must be there and covered, well formed, and is not compared', async () => {
    const { signature } = delegated;
    strictEqual(await judge(post(), signature), 'accepted');
    strictEqual(await judge({ ...post(), body: 'another body' }, signature), 'accepted');
    strictEqual(await judge(post(COVERED), signature), 'signature-component-not-covered');
    strictEqual(await judge(signed({ method: 'POST', body: BODY }), signature), 'digest-missing');
    strictEqual(
      await judge(
        signed({ method: 'POST', headers: [['Content-Digest', 'md5=:AAAA:']], covered: [...COVERED, 'content-digest'] }),
        signature,
      ),
      'digest-algorithm-unsupported',
    );
    strictEqual(await judge(signed(), signature), 'accepted');
    const verdict = await verdictOf(post(), signature);
    strictEqual(verdict.outcome === 'accepted' && verdict.attestation.digest, 'unchecked');
  });
});

describe('a Lambda authoriser', () => {
  const eventOf = ({ method, target, headers }: Sent) => ({
    httpMethod: method,
    path: target.split('?')[0] ?? '',
    requestContext: { path: target.split('?')[0] ?? '' },
    queryStringParameters: { b: '2', a: '1' },
    headers: { ...Object.fromEntries(headers), Host: 'api.example.com' },
    methodArn: 'arn:aws:execute-api:eu-west-1:1:abc/prod/POST/v1/items',
  });
  const effectOf = async (sent: Sent, demands: RouteOptions): Promise<string> => {
    const answer = await onAuthorizer(options(demands), undefined, 'off')(eventOf(sent));
    return answer.policyDocument.Statement[0].Effect;
  };

  it('demands what is delegated of every request that has a body, as far as its head tells', async () => {
    strictEqual(await effectOf(post(), delegated), 'Allow');
    strictEqual(await effectOf(signed(), delegated), 'Allow');
    await rejects(effectOf(post(COVERED), delegated), { message: 'Unauthorized' });
    await rejects(effectOf(signed({ method: 'POST', headers: [['Content-Length', '4']] }), delegated), { message: 'Unauthorized' });
    await rejects(effectOf(signed({ method: 'POST' }), delegated), { message: 'Unauthorized' });
    strictEqual(await effectOf(signed({ method: 'POST', headers: [['Content-Length', '0']] }), delegated), 'Allow');
  });

  it('calls a digest that it cannot compare an outage, never a mismatch', async () => {
    await rejects(effectOf(post(), { signature: {} }), { message: 'Service Unavailable' });
    deepStrictEqual(await effectOf(signed({ method: 'POST' }), { signature: {} }), 'Allow');
  });
});
