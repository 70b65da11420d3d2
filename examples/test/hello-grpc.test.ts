/** The hello servers on gRPC, each started as a program and called over a real connection. */
import { deepEqual, doesNotMatch } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { devSecret, exampleToken, lookalikeToken } from '@approov-guard/testkit';
import { Client, credentials, Metadata, type ServiceDefinition, type ServiceError, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { type RunningExample, startExample, stopExamples } from './running-example.ts';

const STEPS = ['unprotected', 'token-check', 'token-binding-check'] as const;
type Step = (typeof STEPS)[number];
type Metadatum = readonly [name: string, value: string];

const USER: Metadatum = ['authorization', 'Bearer user-1'];
const token = (text: string): Metadatum => ['approov-token', text];
const unbound = token(exampleToken({ secret: devSecret }));
const bound = token(exampleToken({ secret: devSecret, bind: USER[1] }));
const HELLO = { code: status.OK, text: 'Hello, World!' };
const REFUSED = { code: status.UNAUTHENTICATED, text: 'Unauthenticated' };

const definitions = loadSync(fileURLToPath(new URL('../hello/grpc/hello.proto', import.meta.url)));
// The cast holds: the name is that of a service.
const { Hi } = definitions['hello.Hello'] as ServiceDefinition;

/** The message, or the details of the status with which the call ended. */
function sayHi(client: Client, lines: readonly Metadatum[]): Promise<{ readonly code: number; readonly text: string }> {
  if (Hi === undefined) throw new TypeError('the proto file has no Hi');
  const metadata = new Metadata();
  for (const [name, value] of lines) metadata.add(name, value);
  const { path, requestSerialize, responseDeserialize } = Hi;
  return new Promise((resolve) => {
    const done = (error: ServiceError | null, reply?: { readonly message: string }): void =>
      resolve(error === null ? { code: status.OK, text: reply?.message ?? '' } : { code: error.code, text: error.details });
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, metadata, { deadline: Date.now() + 60_000 }, done);
  });
}

describe('hello/grpc', () => {
  const running: { readonly [step in Step]?: { readonly example: RunningExample; readonly client: Client } } = {};
  const start = async (step: Step): Promise<void> => {
    const example = await startExample(`hello/grpc/${step}`, { APPROOV_BASE64_SECRET: step === 'unprotected' ? '' : devSecret.base64 });
    const client = new Client(new URL(example.url).host, credentials.createInsecure());
    Object.assign(running, { [step]: { example, client } });
  };
  const answer = (step: Step, ...lines: readonly Metadatum[]): ReturnType<typeof sayHi> => {
    const client = running[step]?.client;
    if (client === undefined) throw new TypeError(`${step} was not started`);
    return sayHi(client, lines);
  };

  before(() => Promise.all(STEPS.map(start)));
  after(async () => {
    for (const { client } of Object.values(running)) client.close();
    await stopExamples();
  });

  test('the unprotected server asks for nothing', async () => deepEqual(await answer('unprotected'), HELLO));

  test('genuine apps are answered', async () => {
    deepEqual(await answer('token-check', unbound), HELLO);
    deepEqual(await answer('token-check', bound, USER), HELLO);
    deepEqual(await answer('token-binding-check', bound, USER), HELLO);
  });

  const refused: readonly (readonly [string, readonly Metadatum[]])[] = [
    ['no token', [USER]],
    ['a bad signature', [token(lookalikeToken({ secret: devSecret, bind: USER[1] })), USER]],
    ['an expired token', [token(exampleToken({ secret: devSecret, bind: USER[1], lifetimeSeconds: -60 })), USER]],
    ['two tokens', [bound, bound, USER]],
  ];
  const refusedIfBound: typeof refused = [
    ['a token that is bound to nobody', [unbound, USER]],
    ['the token of another user', [bound, ['authorization', 'Bearer user-2']]],
    ['a bound token without its user', [bound]],
  ];

  test('all others are refused alike', async () => {
    for (const [name, lines] of refused) {
      deepEqual({ name, ...(await answer('token-check', ...lines)) }, { name, ...REFUSED });
    }
    for (const [name, lines] of [...refused, ...refusedIfBound]) {
      deepEqual({ name, ...(await answer('token-binding-check', ...lines)) }, { name, ...REFUSED });
    }
  });

  test('no server prints a token or a user', () => {
    const printed = Object.values(running).flatMap(({ example }) => example.lines);
    doesNotMatch(printed.join('\n'), /eyJ|user-1/);
  });
});
