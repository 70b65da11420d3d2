/** The Shapes API on gRPC: each server is started as a program and called over a real connection. */
import { deepEqual, doesNotMatch, equal, match, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { devSecret, exampleToken, freshSecret, lookalikeToken } from '@approov-guard/testkit';
import { Client, credentials, Metadata, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { approov } from 'approov-guard/grpc';
import { packageFlags } from '../../tools/ready.mjs';
import { freePort } from '../../tools/start/free-port.mjs';
import { apiKeyCheck, shapeHandlers, shapeService } from '../shapes-api/grpc/shapes-service.js';
import { root, spawnTool } from './running-example.ts';

const STEPS = ['original', 'token-check', 'token-binding-check'] as const;
type Step = (typeof STEPS)[number];
type Method = 'Hello' | 'Shape' | 'ApproovShape' | 'ApproovShapes';
type Lines = readonly (readonly [string, string])[];

const SHAPE = /^(?:Circle|Rectangle|Square|Triangle)$/;
const USER = 'Bearer user-1';
const API_KEY = ['api-key', 'yXClypapWNHIifHUWmBIyPFAm'] as const;
const token = (value: string): readonly [string, string] => ['approov-token', value];
const authorization = (value: string): readonly [string, string] => ['authorization', value];
const genuine = exampleToken({ secret: devSecret });
const bound = exampleToken({ secret: devSecret, bind: USER });
const REFUSED = [status.UNAUTHENTICATED, 'Unauthenticated'];

/** The status of a call, and the messages that came before it. */
interface Answer {
  readonly end: readonly [code: number, details: string];
  readonly messages: readonly string[];
}

/** Calls a method: unary or not, the answer is a stream of messages and a status. */
function call(client: Client, method: Method, lines: Lines): Promise<Answer> {
  const definition = shapeService[method];
  if (definition === undefined) throw new TypeError(`the proto file has no ${method}`);
  const metadata = new Metadata();
  for (const [name, value] of lines) metadata.add(name, value);
  const { path, requestSerialize, responseDeserialize } = definition;
  const deadline = Date.now() + 60_000;
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { count: 3 }, metadata, { deadline });
  const messages: string[] = [];
  return new Promise((resolve) => {
    stream.on('data', ({ message }: { message: string }) => messages.push(message));
    stream.on('end', () => resolve({ end: [status.OK, ''], messages }));
    stream.on('error', ({ code, details }: ServiceError) => resolve({ end: [code, details], messages }));
  });
}

describe('shapes-api/grpc', () => {
  const clients = new Map<string, Client>();
  const output: string[] = [];
  const children: ReturnType<typeof spawnTool>[] = [];

  async function start(step: Step): Promise<void> {
    const port = await freePort();
    // As `npm run example` runs it.
    const environment = { NODE_OPTIONS: packageFlags.join(' '), GRPC_PORT: String(port) };
    const secret = step === 'original' ? '' : devSecret.base64;
    const file = join(root, `examples/shapes-api/grpc/${step}.js`);
    const child = spawnTool('start/run-example.mjs', [file], { ...environment, APPROOV_BASE64_SECRET: secret });
    children.push(child);
    const { stdout, stderr } = child;
    if (stdout === null) throw new TypeError('the example has no standard output');
    for (const stream of [stdout, stderr]) stream?.on('data', (chunk) => output.push(String(chunk)));
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${step} ended with ${code}: ${output.join('')}`)));
    ended.catch(() => undefined);
    await Promise.race([once(createInterface({ input: stdout }), 'line'), ended]);
    clients.set(step, new Client(`127.0.0.1:${port}`, credentials.createInsecure()));
  }

  const answer = (step: Step, method: Method, lines: Lines = []): Promise<Answer> => {
    const client = clients.get(step);
    if (client === undefined) throw new TypeError(`${step} was not started`);
    return call(client, method, lines);
  };

  before(() => Promise.all(STEPS.map(start)));
  after(async () => {
    for (const client of clients.values()) client.close();
    for (const child of children) child.kill('SIGTERM');
    await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
  });

  test('Hello is open, Shape asks for the API key only, on every server', async () => {
    for (const step of STEPS) {
      deepEqual(await answer(step, 'Hello'), { end: [status.OK, ''], messages: ['Hello, World!'] });
      const { end, messages } = await answer(step, 'Shape', [API_KEY]);
      deepEqual(end, [status.OK, '']);
      match(messages.join(), SHAPE);
      deepEqual((await answer(step, 'Shape')).end, [status.UNAUTHENTICATED, 'missing the api key in the request']);
      deepEqual((await answer(step, 'Shape', [['api-key', 'wrong']])).end, [status.UNAUTHENTICATED, 'invalid api key']);
    }
  });

  test('the original asks for no token', async () => {
    equal((await answer('original', 'ApproovShape', [API_KEY])).messages.length, 1);
    equal((await answer('original', 'ApproovShapes', [API_KEY])).messages.length, 3);
  });

  const passing: readonly (readonly [string, Step, Lines])[] = [
    ['a genuine token', 'token-check', [token(genuine)]],
    ['a bound token', 'token-check', [token(bound)]],
    ['a bound token with its user', 'token-binding-check', [token(bound), authorization(USER)]],
  ];
  const failing: readonly (readonly [string, Step, Lines])[] = (['token-check', 'token-binding-check'] as const).flatMap((step) => [
    ['no token', step, [authorization(USER)]],
    ['an empty token', step, [token(''), authorization(USER)]],
    ['a status word', step, [token('NO_NETWORK'), authorization(USER)]],
    ['no form', step, [token('adasdasdsadasd'), authorization(USER)]],
    ['a bad signature', step, [token(lookalikeToken({ secret: devSecret, bind: USER })), authorization(USER)]],
    ['another secret', step, [token(exampleToken({ secret: freshSecret(), bind: USER })), authorization(USER)]],
    ['an expired token', step, [token(exampleToken({ secret: devSecret, bind: USER, lifetimeSeconds: -60 })), authorization(USER)]],
    ['two tokens', step, [token(bound), token(bound), authorization(USER)]],
  ]);
  const unbound: readonly (readonly [string, Step, Lines])[] = [
    ['a token that is bound to nobody', 'token-binding-check', [token(genuine), authorization(USER)]],
    ['a bound token of another user', 'token-binding-check', [token(bound), authorization('Bearer user-2')]],
    ['a bound token without its user', 'token-binding-check', [token(bound)]],
  ];

  for (const [method, count] of [
    ['ApproovShape', 1],
    ['ApproovShapes', 3],
  ] as const) {
    test(`${method} answers genuine apps, and then asks for the API key`, async () => {
      for (const [name, step, lines] of passing) {
        const { end, messages } = await answer(step, method, [...lines, API_KEY]);
        deepEqual({ name, end, count: messages.length }, { name, end: [status.OK, ''], count });
        for (const message of messages) match(message, SHAPE);
        const { end: keyless } = await answer(step, method, lines);
        deepEqual({ name, keyless }, { name, keyless: [status.UNAUTHENTICATED, 'missing the api key in the request'] });
      }
    });

    test(`${method} refuses all others alike, with no message`, async () => {
      for (const [name, step, lines] of [...failing, ...unbound]) {
        const answered = await answer(step, method, [...lines, API_KEY]);
        deepEqual({ name, step, ...answered }, { name, step, end: REFUSED, messages: [] });
      }
    });
  }

  test('the servers never print a token or a user', () => doesNotMatch(output.join(''), /eyJ|user-1/));

  test('the token check takes at most 4 lines, token binding changes 1', () => {
    const lines = STEPS.map((step) => readFileSync(join(root, `examples/shapes-api/grpc/${step}.js`), 'utf8').split('\n'));
    const [original = [], tokenCheck = [], bindingCheck = []] = lines;
    const added = (from: readonly string[], to: readonly string[]): number => to.filter((line) => !from.includes(line)).length;
    ok(added(original, tokenCheck) <= 4);
    equal(added(tokenCheck, bindingCheck), 1);
    deepEqual([added(tokenCheck, original), added(bindingCheck, tokenCheck)], [1, 1]);
  });
});

describe('shapes-api/grpc with a key server that is down', () => {
  test('answers UNAVAILABLE, which clients may retry, and opens nothing', async () => {
    const keys = { jwksUrl: `http://127.0.0.1:${await freePort()}/jwks.json` };
    const exempt = ['/shapes.Shape/Hello'];
    const server = new Server({ interceptors: [approov({ keys, exempt }), apiKeyCheck] });
    server.addService(shapeService, shapeHandlers);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bindsTo) => (error ? reject(error) : resolve(bindsTo)));
    });
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    for (const method of ['ApproovShape', 'ApproovShapes'] as const) {
      const answered = await call(client, method, [token(genuine), API_KEY]);
      deepEqual(answered, { end: [status.UNAVAILABLE, 'Unavailable'], messages: [] });
    }
    deepEqual((await call(client, 'Hello', [])).end, [status.OK, '']);
    client.close();
    server.forceShutdown();
  });
});
