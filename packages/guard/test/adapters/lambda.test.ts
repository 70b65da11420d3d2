/** AWS: handlers, authorisers and viewer requests, with events as AWS documents them, typed by `@types/aws-lambda`. */
import { deepStrictEqual, rejects, strictEqual } from 'node:assert';
import { describe, it } from 'node:test';
import { devSecret, exampleToken } from '@approov-guard/testkit';
import type { Guard } from 'approov-guard';
import { approov } from 'approov-guard/lambda';
import { approov as authorizer } from 'approov-guard/lambda-authorizer';
import { approov as viewerRequest } from 'approov-guard/lambda-edge';
import type {
  ALBEvent,
  APIGatewayAuthorizerResult,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyResult,
  APIGatewayRequestAuthorizerEvent,
  APIGatewayRequestAuthorizerEventV2,
  APIGatewaySimpleAuthorizerResult,
  APIGatewayTokenAuthorizerEvent,
  CloudFrontRequestEvent,
  CloudFrontRequestResult,
} from 'aws-lambda';
import { guard, NOW, watched, withToken } from './serving.ts';

const token = withToken({ bind: 'a' })['approov-token'];
const did = 'ExampleApproovTokenDID==';
const binding = { binding: { headers: ['authorization'] } };
type Headers = { [name: string]: string };
const genuine: Headers = { 'Approov-Token': token, Authorization: 'a', Host: 'api.example.com' };
const multi = (headers: Headers): { [name: string]: string[] } =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));

// The casts below hold: events are cut down to what AWS's documentation shows and a guard may read.
const restEvent = (headers: Headers, multiValueHeaders = multi(headers)): APIGatewayProxyEvent =>
  ({
    resource: '/{proxy+}',
    path: '/shapes',
    httpMethod: 'POST',
    headers,
    multiValueHeaders,
    queryStringParameters: { a: 'b c' },
    multiValueQueryStringParameters: { a: ['1', 'b c'] },
    requestContext: { path: '/prod/shapes', stage: 'prod', httpMethod: 'POST', identity: { sourceIp: '192.0.2.1' } },
    body: 'aGVsbG8=',
    isBase64Encoded: true,
  }) as unknown as APIGatewayProxyEvent;
const httpEvent = (headers: Headers): APIGatewayProxyEventV2 =>
  ({
    version: '2.0',
    routeKey: '$default',
    rawPath: '/prod/a%20b',
    rawQueryString: 'x=%7E',
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    requestContext: { http: { method: 'GET', path: '/prod/a b', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: '' } },
    isBase64Encoded: false,
  }) as unknown as APIGatewayProxyEventV2;
const albEvent = (headers: Headers, severalValues: boolean): ALBEvent => {
  const fields = severalValues ? { multiValueHeaders: multi(headers) } : { headers };
  const requestContext = { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/b' } };
  return { requestContext, httpMethod: 'GET', path: '/shapes', queryStringParameters: {}, ...fields, body: '', isBase64Encoded: false };
};

const events: { readonly [name: string]: (headers: Headers) => APIGatewayProxyEvent | APIGatewayProxyEventV2 | ALBEvent } = {
  'a REST API': restEvent,
  'an HTTP API or a function URL, payload 2.0': httpEvent,
  'a load balancer': (headers) => albEvent(headers, false),
  'a load balancer with multi-value headers': (headers) => albEvent(headers, true),
};

/** What test events and tools write for what is not there. */
const empty = { headers: null, multiValueHeaders: null, cookies: null, body: null, requestContext: null, rawPath: null, path: null };

describe('lambda', () => {
  it('takes what is null for absent: a verdict, never an outage', async () => {
    const handler = approov(guard(binding), async () => ({ statusCode: 200 }));
    const status = async (event: object): Promise<number> =>
      ((await handler(event as APIGatewayProxyEvent)) as APIGatewayProxyResult).statusCode;
    for (const [name, value] of Object.entries(empty)) {
      strictEqual(await status({ ...restEvent({}), [name]: value }), 401, name);
      strictEqual(await status({ ...httpEvent({}), [name]: value }), 401, name);
    }
    strictEqual(await status(empty), 401);
    for (const nothing of [null, undefined, 7, {}, [null], [undefined, 7]]) {
      strictEqual(await status(httpEvent({ ...genuine, 'approov-token': nothing } as unknown as Headers)), 401);
      strictEqual(await status(httpEvent({ ...genuine, 'x-other': nothing } as unknown as Headers)), 200);
      const lists = { ...multi(genuine), 'x-other': nothing } as unknown as { [name: string]: string[] };
      strictEqual(await status(restEvent(genuine, lists)), 200);
    }
  });
  for (const [name, eventOf] of Object.entries(events)) {
    it(`judges events of ${name}`, async () => {
      const handler = approov(guard(binding), async (event) => ({ statusCode: 200, body: String(event.approov.claims?.did) }));
      deepStrictEqual(await handler(eventOf(genuine)), { statusCode: 200, body: did });
      for (const headers of [{}, { 'Approov-Token': token }, { ...genuine, Authorization: 'b' }]) {
        const refused = (await handler(eventOf(headers))) as APIGatewayProxyResult;
        deepStrictEqual([refused.statusCode, refused.body], [401, '{}']);
        strictEqual(refused.headers?.['www-authenticate'], 'Approov');
        deepStrictEqual(refused.multiValueHeaders?.['www-authenticate'], ['Approov']);
      }
    });
  }

  it('sees repeated headers, which payload 1.0 hides from a glance', async () => {
    const handler = approov(guard(binding), async () => 'passed');
    const repeated = restEvent(genuine, { ...multi(genuine), authorization: ['b', 'a'] });
    strictEqual(((await handler(repeated)) as APIGatewayProxyResult).statusCode, 401);
    strictEqual(
      ((await handler(httpEvent({ ...genuine, 'approov-token': `${token},${token}` }))) as APIGatewayProxyResult).statusCode,
      401,
    );
  });

  it('sees the method, the target, the peer and the body', async () => {
    const { guard: inner, views } = watched(guard());
    const handler = approov(inner, async () => 'passed');
    await handler(restEvent(genuine));
    await handler(httpEvent(genuine));
    const [rest, http] = views;
    deepStrictEqual(
      [rest?.method, rest?.target, rest?.peer, rest?.authority],
      ['POST', '/prod/shapes?a=1&a=b%20c', '192.0.2.1', 'api.example.com'],
    );
    deepStrictEqual([http?.method, http?.target, http?.peer, http?.joinsLines], ['GET', '/prod/a%20b?x=%7E', '192.0.2.1', true]);
    deepStrictEqual([rest?.body?.present, http?.body?.present], [true, false]);
    deepStrictEqual(await rest?.body?.read(5), { outcome: 'read', chunks: [new TextEncoder().encode('hello')] });
    deepStrictEqual(await rest?.body?.read(4), { outcome: 'too-large' });
  });

  it('takes the query of a load balancer as it is: unlike API Gateway, it does not decode', async () => {
    const { guard: inner, views } = watched(guard());
    const handler = approov(inner, async () => 'passed');
    await handler({ ...albEvent(genuine, false), queryStringParameters: { q: 'a%20b%2Bc+d', 'x%5B%5D': '' } });
    await handler({ ...albEvent(genuine, true), queryStringParameters: undefined, multiValueQueryStringParameters: { q: ['%7E', '~'] } });
    deepStrictEqual(
      views.map(({ target }) => target),
      ['/shapes?q=a%20b%2Bc+d&x%5B%5D=', '/shapes?q=%7E&q=~'],
    );
  });

  it('writes the path of an HTTP API, which comes decoded, as a path again', async () => {
    const { guard: inner, views } = watched(guard({ exempt: ['/health'] }));
    const handler = approov(inner, async () => 'passed');
    const paths = ['/health?/../pay', '/a b/é%#x', '/a%20b/%C3%A9[|]', '/\ud800\n'];
    for (const rawPath of paths) await handler({ ...httpEvent({ Host: 'a' }), rawPath, rawQueryString: 'q=1' });
    await handler({ ...restEvent({ Host: 'a' }), requestContext: { ...restEvent({}).requestContext, path: '/a?b' } });
    deepStrictEqual(
      views.map(({ target }) => target),
      ['/health%3F/../pay?q=1', '/a%20b/%C3%A9%25%23x?q=1', '/a%20b/%C3%A9[|]?q=1', '/%EF%BF%BD%0A?q=1', '/a%3Fb?a=1&a=b%20c'],
    );
    strictEqual(((await handler({ ...httpEvent({}), rawPath: '/health?/../pay' })) as APIGatewayProxyResult).statusCode, 401);
  });

  it('finds the cookies where payload 2.0 puts them', async () => {
    const handler = approov(guard({ binding: { headers: ['cookie'] } }), async () => 'passed');
    const cookies = ['session=1', 'theme=a'];
    const bound = { 'Approov-Token': withToken({ bind: 'session=1; theme=a' })['approov-token'], Host: 'api.example.com' };
    strictEqual(await handler({ ...httpEvent(bound), cookies }), 'passed');
    strictEqual(((await handler({ ...httpEvent(bound), cookies: ['session=2'] })) as APIGatewayProxyResult).statusCode, 401);
  });

  it('hands on what its platform passes after the event', async () => {
    const handler = approov(guard(), async (_event, context: { readonly awsRequestId: string }) => context.awsRequestId);
    strictEqual(await handler(httpEvent(genuine), { awsRequestId: 'id' }), 'id');
  });
});

const methodArn = 'arn:aws:execute-api:eu-west-1:1:abc/prod/GET/shapes';
const requestEvent = (headers: Headers): APIGatewayRequestAuthorizerEvent =>
  ({ type: 'REQUEST', methodArn, ...restEvent(headers), body: undefined }) as unknown as APIGatewayRequestAuthorizerEvent;
const v2Event = (
  headers: Headers,
  identitySource: string[] = [headers['Approov-Token'] ?? '', headers.Authorization ?? ''],
): APIGatewayRequestAuthorizerEventV2 =>
  ({ ...httpEvent(headers), type: 'REQUEST', routeArn: methodArn, identitySource }) as unknown as APIGatewayRequestAuthorizerEventV2;
const outage = (): Guard => guard({ ...binding, keys: { current: () => null } });

describe('lambda authoriser', () => {
  it('answers a REST API with a policy for this method until the token expires', async () => {
    const answer = (await authorizer(guard(binding))(requestEvent(genuine))) as unknown as APIGatewayAuthorizerResult;
    strictEqual(answer.principalId, did);
    deepStrictEqual(answer.policyDocument.Statement, [
      {
        Action: 'execute-api:Invoke',
        Effect: 'Allow',
        Resource: methodArn,
        Condition: { NumericLessThanIfExists: { 'aws:EpochTime': String(NOW / 1000 + 3600) } },
      },
    ]);
    const { approovId, ...context } = answer.context ?? {};
    strictEqual(typeof approovId, 'string');
    deepStrictEqual(context, { approovVerdict: 'accepted', approovDid: did, approovExpires: String(NOW / 1000 + 3600) });
  });

  it('refuses for a REST API by the error that it turns into 401', async () => {
    for (const headers of [{}, { ...genuine, Authorization: 'b' }]) {
      await rejects(authorizer(guard(binding))(requestEvent(headers)), { message: 'Unauthorized' });
    }
  });

  it('judges the identity source of a TOKEN authoriser as the token', async () => {
    const event = (authorizationToken: string): APIGatewayTokenAuthorizerEvent => ({ type: 'TOKEN', methodArn, authorizationToken });
    strictEqual((await authorizer(guard())(event(token))).policyDocument.Statement[0].Effect, 'Allow');
    await rejects(authorizer(guard())(event('a.b.c')), { message: 'Unauthorized' });
    await rejects(authorizer(guard(binding))(event(token)), { message: 'Unauthorized' });
  });

  it('answers payload 1.0 of an HTTP API with a policy, and a refusal with Deny', async () => {
    const event = (headers: Headers) => ({ ...requestEvent(headers), version: '1.0', identitySource: Object.values(headers).join(',') });
    strictEqual((await authorizer(guard(binding))(event(genuine))).policyDocument.Statement[0].Effect, 'Allow');
    const denied = await authorizer(guard(binding))(event({ ...genuine, Authorization: 'b' }));
    deepStrictEqual([denied.policyDocument.Statement[0].Effect, denied.context.approovDid], ['Deny', '']);
  });

  it('answers payload 2.0 with a simple response', async () => {
    const judge = authorizer(guard(binding));
    const answer = (headers: Headers): Promise<APIGatewaySimpleAuthorizerResult> =>
      judge(v2Event(headers) as APIGatewayRequestAuthorizerEventV2 & { version: '2.0' });
    deepStrictEqual([(await answer(genuine)).isAuthorized, (await answer({ ...genuine, Authorization: 'b' })).isAuthorized], [true, false]);
  });

  it('gives no answer that a cache could hand to another Authorization', async () => {
    const onlyToken = v2Event(genuine, [token]);
    await rejects(authorizer(guard(binding))(onlyToken), /identity sources/);
    strictEqual('isAuthorized' in (await authorizer(guard(binding), undefined, 'off')(onlyToken)), true);
    strictEqual('isAuthorized' in (await authorizer(guard())(onlyToken)), true);
    await rejects(authorizer(guard({ signature: { label: 'install' } }))(v2Event(genuine)), /caching must be off/);
  });

  it('lets no cache answer for a message signature or a token that counts once, whoever asks', async () => {
    const replay = { setIfAbsent: () => true };
    for (const once of [guard({ signature: { label: 'install', missingKey: 'accept' } }), guard({ token: { replay } })]) {
      await rejects(authorizer(once)(requestEvent(genuine)), /caching must be off/);
      const answer = await authorizer(once, undefined, 'off')(requestEvent(genuine));
      strictEqual(answer.policyDocument.Statement[0].Effect, 'Allow');
    }
  });

  it('knows the demands of the guard’s routes, which an answer for another route would hide', async () => {
    const onlyToken = (routeKey: string, ...more: string[]) => ({ ...v2Event(genuine, [token, ...more]), routeKey });
    const route = (demands: object): Guard => guard({ routes: [{ match: { path: '/pay' }, ...demands }] });
    await rejects(authorizer(route(binding))(onlyToken('GET /shapes', 'GET /shapes')), /identity sources/);
    await rejects(authorizer(route({ signature: {} }))(onlyToken('GET /shapes', 'GET /shapes')), /caching must be off/);
    await rejects(authorizer(route({ signature: {} }))(requestEvent(genuine)), /caching must be off/);
    const issued = route({ token: { issuer: 'a' } });
    for (const key of ['$default', 'ANY /shapes', 'GET /{proxy+}'])
      await rejects(authorizer(issued)(onlyToken(key, key)), /identity sources/);
    await rejects(authorizer(issued)(onlyToken('GET /shapes')), /identity sources/);
    strictEqual('isAuthorized' in (await authorizer(issued)(onlyToken('GET /shapes', 'GET /shapes'))), true);
    strictEqual('isAuthorized' in (await authorizer(issued, {})(onlyToken('$default'))), true);
    strictEqual('isAuthorized' in (await authorizer(issued, undefined, 'off')(onlyToken('$default'))), true);
  });

  it('lets no cache open the API to a token that an exempt path was sent with, and no preflight pass', async () => {
    const forged = { ...genuine, 'Approov-Token': 'forged' };
    const preflight = { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'POST' };
    const options = (headers: Headers) => {
      const event = v2Event({ ...headers, ...preflight }, [headers['Approov-Token'] ?? '', headers.Authorization ?? '']);
      return { ...event, requestContext: { ...event.requestContext, http: { ...event.requestContext.http, method: 'OPTIONS' } } };
    };
    const open = guard({ ...binding, exempt: ['/health'], preflight: 'pass' });
    const health = (headers: Headers) => ({ ...v2Event(headers), rawPath: '/health' });
    await rejects(authorizer(open)(health(forged)), /caching must be off/);
    strictEqual('isAuthorized' in (await authorizer(open, undefined, 'off')(health(forged))), true);
    for (const caching of ['on', 'off'] as const) {
      const answer = (await authorizer(open, undefined, caching)(options(forged))) as unknown as APIGatewaySimpleAuthorizerResult;
      strictEqual(answer.isAuthorized, false);
    }
    for (const event of [options(genuine), health(genuine)]) {
      const answer = (await authorizer(open)(event)) as unknown as APIGatewaySimpleAuthorizerResult;
      strictEqual(answer.isAuthorized, true);
    }
    const keyed = { ...health(forged), routeKey: 'GET /health', identitySource: ['forged', 'a', 'GET /health'] };
    strictEqual(((await authorizer(open)(keyed)) as unknown as APIGatewaySimpleAuthorizerResult).isAuthorized, true);
  });

  it('answers for the path that was asked for, though it look like a pattern', async () => {
    const resourceOf = async (methodArn: string): Promise<string> => {
      const answer = await authorizer(guard(binding))({ ...requestEvent(genuine), methodArn });
      return answer.policyDocument.Statement[0].Resource;
    };
    const stage = 'arn:aws:execute-api:eu-west-1:1:abc/$default/GET';
    const variable = (character: string): string => `$\{${character}}`;
    strictEqual(await resourceOf(`${stage}/*`), `${stage}/${variable('*')}`);
    strictEqual(await resourceOf(`${stage}/a?/x*`), `${stage}/a${variable('?')}/x${variable('*')}`);
    strictEqual(await resourceOf(`${stage}/$\{aws:userid}/$metadata`), `${stage}/${variable('$')}{aws:userid}/$metadata`);
  });

  it('gives no answer in an outage, so that none is cached', async () => {
    await rejects(authorizer(outage())(requestEvent(genuine)), { message: 'Service Unavailable' });
    await rejects(authorizer(outage())(v2Event(genuine)), { message: 'Service Unavailable' });
  });
});

const edgeEvent = (headers: Headers, more: object = {}): CloudFrontRequestEvent => {
  const fields = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), [{ key, value }]]));
  const request = { clientIp: '192.0.2.1', method: 'GET', uri: '/shapes', querystring: 'a=b', headers: fields, ...more };
  const config = { distributionDomainName: 'a', distributionId: 'b', eventType: 'viewer-request', requestId: 'c' } as const;
  return { Records: [{ cf: { config, request } }] };
};

describe('lambda@edge', () => {
  it('refuses what the console sends to test it, and takes null for no headers', async () => {
    const inner = guard();
    const bare = { Records: [{ cf: { request: { method: 'GET', uri: '/', querystring: '', headers: null } } }] };
    for (const event of [{ key1: 'value1' }, {}, { Records: [] }, { Records: [{}] }, null, undefined, bare]) {
      const answer = await viewerRequest(inner)(event as never);
      strictEqual((answer as { status?: string }).status, '401', JSON.stringify(event));
    }
    deepStrictEqual([inner.counters().rejected['token-missing'], inner.counters().refused], [7, 7]);
  });

  it('lets a genuine viewer request go on as it is', async () => {
    const event = edgeEvent(genuine);
    strictEqual(await viewerRequest(guard(binding))(event), event.Records[0]?.cf.request);
  });

  it('answers all others in CloudFront’s words', async () => {
    const fields = { 'content-type': 'application/json', 'cache-control': 'no-store', 'www-authenticate': 'Approov' };
    const headers = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, [{ key, value }]]));
    const answer: CloudFrontRequestResult = await viewerRequest(guard(binding))(edgeEvent({ ...genuine, Authorization: 'b' }));
    deepStrictEqual(answer, { status: '401', statusDescription: 'Unauthorized', headers, body: '{}' });
  });

  it('sees repeated lines, the target and a whole body', async () => {
    const { guard: inner, views } = watched(guard());
    const lines = {
      'approov-token': [
        { key: 'Approov-Token', value: token },
        { key: 'approov-token', value: token },
      ],
    };
    const body = { action: 'read-only', encoding: 'base64', data: 'aGVsbG8=', inputTruncated: false };
    strictEqual('status' in (await viewerRequest(inner)(edgeEvent({}, { headers: lines, body }))), true);
    deepStrictEqual([views[0]?.lines('approov-token').length, views[0]?.target], [2, '/shapes?a=b']);
    deepStrictEqual(await views[0]?.body?.read(5), { outcome: 'read', chunks: [new TextEncoder().encode('hello')] });
  });
});

describe('lambda that streams its answers', () => {
  /** As in the runtime: status and headers are a prelude, which the first chunk sends. */
  class ResponseStream {
    readonly written: string[] = [];
    prelude: object | null = null;
    ended = false;
    write(chunk: string): void {
      if (this.written.length === 0) this.written.push(JSON.stringify(this.prelude));
      this.written.push(chunk);
    }
    end(chunk?: string): void {
      if (chunk !== undefined) this.write(chunk);
      this.ended = true;
    }
  }
  const runtime = { HttpResponseStream: { from: (to: ResponseStream, prelude: object) => Object.assign(to, { prelude }) } };
  const streaming = async (headers: Headers, body?: string): Promise<ResponseStream> => {
    const stream = new ResponseStream();
    const render = body === undefined ? {} : { refusal: { render: () => ({ status: 418, headers: {}, body }) } };
    const handler = approov(guard({ ...binding, ...render }), async (_event, out: ResponseStream) => out.end('secret'));
    await handler(httpEvent(headers), stream);
    return stream;
  };

  it('ends the stream of a refused request, with the status in its prelude', async (context) => {
    Object.assign(globalThis, { awslambda: runtime });
    context.after(() => Reflect.deleteProperty(globalThis, 'awslambda'));
    const { written, ended } = await streaming({});
    const headers = { 'content-type': 'application/json', 'www-authenticate': 'Approov', 'cache-control': 'no-store' };
    deepStrictEqual([ended, written.slice(1), JSON.parse(written[0] ?? '').statusCode], [true, ['{}'], 401]);
    deepStrictEqual(Object.keys(JSON.parse(written[0] ?? '').headers).sort(), Object.keys(headers).sort());
    const empty = await streaming({}, '');
    deepStrictEqual([empty.ended, JSON.parse(empty.written[0] ?? '').statusCode], [true, 418]);
    const passed = await streaming(genuine);
    deepStrictEqual([passed.ended, passed.written.at(-1)], [true, 'secret']);
  });

  it('ends it where the runtime has no prelude, too', async () => {
    const { written, ended } = await streaming({});
    deepStrictEqual([ended, written.at(-1)], [true, '{}']);
  });

  it('keeps what the runtime notes on a handler', () => {
    const note = Symbol.for('aws.lambda.runtime.handler.streaming');
    const handler = Object.assign(async () => 'ok', { [note]: 'response' });
    strictEqual((approov(guard(), handler) as unknown as typeof handler)[note], 'response');
  });
});

describe('lambda with events that nobody sent by HTTP', () => {
  it('refuses the console’s test events, and none at all', async () => {
    const handler = approov<never>(guard(), async () => 'secret');
    for (const event of [{ key1: 'value1', key2: 'value2' }, {}, null, undefined, 'text', 7, []]) {
      strictEqual((await (handler as (event: unknown) => Promise<{ statusCode: number }>)(event)).statusCode, 401);
    }
  });

  it('refuses the console’s test event of an authoriser', async () => {
    const arn = 'arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/GET/request';
    const event = { type: 'TOKEN', authorizationToken: 'incoming-client-token', methodArn: arn };
    await rejects(authorizer(guard())(event), { message: 'Unauthorized' });
  });
});

describe('appsync authoriser', () => {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const fresh = exampleToken({ secret: devSecret, now: Date.now(), claims: { exp } });
  const requestContext = { apiId: 'a', accountId: '1', requestId: 'r', queryString: '{ secret }', operationName: 'q', variables: {} };
  const event = (authorizationToken: string, requestHeaders: Headers = {}) => ({ authorizationToken, requestHeaders, requestContext });
  const live = (options: Parameters<typeof guard>[0] = {}): Guard => guard({ now: Date.now, ...options });

  it('answers whether the operation is authorised, and for how long that may be kept', async () => {
    const { isAuthorized, resolverContext, ttlOverride } = await authorizer(live())(event(fresh));
    deepStrictEqual([isAuthorized, resolverContext.approovVerdict], [true, 'accepted']);
    strictEqual(ttlOverride > 0 && ttlOverride <= 600, true);
    const refused = await authorizer(live())(event('a.b.c'));
    deepStrictEqual([refused.isAuthorized, refused.ttlOverride, refused.resolverContext.approovDid], [false, 0, '']);
  });

  it('lets nothing be kept that another request with the same authorisation token might not be given', async () => {
    const header = { 'approov-token': fresh };
    strictEqual((await authorizer(live())(event('user-token', header))).ttlOverride, 0);
    strictEqual((await authorizer(live())(event('user-token', header))).isAuthorized, true);
    strictEqual((await authorizer(live({ routes: [{ match: { path: '/graphql' }, token: {} }] }))(event(fresh))).ttlOverride, 0);
    const bound = exampleToken({ secret: devSecret, now: Date.now(), bind: 'a' });
    const judge = authorizer(live(binding));
    const answers = [await judge(event(bound, { authorization: 'a' })), await judge(event(bound, { authorization: 'b' }))];
    deepStrictEqual(
      answers.map(({ isAuthorized, ttlOverride }) => [isAuthorized, ttlOverride]),
      [
        [true, 0],
        [false, 0],
      ],
    );
  });

  it('fails in an outage of ours', async () => {
    await rejects(authorizer(outage())(event(fresh)), { message: 'Service Unavailable' });
  });
});
