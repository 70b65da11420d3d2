/** `@grpc/grpc-js`: all four kinds of calls, over real connections. */
import { deepStrictEqual, match, rejects, strictEqual } from 'node:assert';
import { after, before, describe, it } from 'node:test';
import grpc from '@grpc/grpc-js';
import type { Guard } from 'approov-guard';
import { approov, decisionOf } from 'approov-guard/grpc';
import { until } from '../../../../tools/until.mjs';
import { asyncGuard, guard, watched, withToken } from './serving.ts';

const text = { serialize: (value: string) => Buffer.from(value), deserialize: (bytes: Buffer) => bytes.toString() };
const method = (name: string, requestStream: boolean, responseStream: boolean): grpc.MethodDefinition<string, string> => ({
  path: `/hello.Hello/${name}`,
  requestStream,
  responseStream,
  requestSerialize: text.serialize,
  requestDeserialize: text.deserialize,
  responseSerialize: text.serialize,
  responseDeserialize: text.deserialize,
});
const service = {
  unary: method('Unary', false, false),
  clientStream: method('ClientStream', true, false),
  serverStream: method('ServerStream', false, true),
  bidi: method('Bidi', true, true),
  health: method('Health', false, false),
};
type Kind = Exclude<keyof typeof service, 'health'>;

let handled = 0;
const didOf = (call: { metadata: grpc.Metadata }): string => {
  handled++;
  return String(decisionOf(call)?.claims?.did ?? decisionOf(call)?.verdict?.outcome);
};
const handlers: grpc.UntypedServiceImplementation = {
  unary: (call: grpc.ServerUnaryCall<string, string>, done: grpc.sendUnaryData<string>) => done(null, didOf(call)),
  health: (call: grpc.ServerUnaryCall<string, string>, done: grpc.sendUnaryData<string>) => done(null, didOf(call)),
  clientStream: (call: grpc.ServerReadableStream<string, string>, done: grpc.sendUnaryData<string>) => {
    const did = didOf(call);
    call.on('data', () => undefined).on('end', () => done(null, did));
  },
  serverStream: (call: grpc.ServerWritableStream<string, string>) => {
    const did = didOf(call);
    for (let index = 0; index < 3; index++) call.write(did);
    call.end();
  },
  bidi: (call: grpc.ServerDuplexStream<string, string>) => {
    const did = didOf(call);
    call.on('data', () => call.write(did)).on('end', () => call.end());
  },
};

function metadataOf(headers: { readonly [name: string]: string }): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.add(name, value);
  return metadata;
}

/** Makes a call and answers what came, or rejects with the status. */
function called(
  client: grpc.Client,
  kind: keyof typeof service,
  metadata: grpc.Metadata,
  begun: (call: { cancel(): void }) => void = () => undefined,
): Promise<string[]> {
  const { path, requestSerialize: write, responseDeserialize: read } = service[kind];
  return new Promise((resolve, reject) => {
    const got: string[] = [];
    const done = (error: grpc.ServiceError | null, value?: string): void => (error ? reject(error) : resolve([value ?? '']));
    const streamed = (stream: grpc.ClientReadableStream<string>): void => {
      stream.on('data', (value: string) => got.push(value));
      stream.on('error', reject);
      stream.on('end', () => resolve(got));
    };
    if (kind === 'unary' || kind === 'health') begun(client.makeUnaryRequest(path, write, read, 'a', metadata, done));
    else if (kind === 'serverStream') {
      const stream = client.makeServerStreamRequest(path, write, read, 'a', metadata);
      begun(stream);
      streamed(stream);
    } else if (kind === 'clientStream') {
      const stream = client.makeClientStreamRequest(path, write, read, metadata, done);
      begun(stream);
      stream.on('error', () => undefined);
      for (const part of ['a', 'b']) stream.write(part);
      stream.end();
    } else {
      const stream = client.makeBidiStreamRequest(path, write, read, metadata);
      begun(stream);
      streamed(stream);
      for (const part of ['a', 'b', 'c']) stream.write(part);
      stream.end();
    }
  });
}

async function connected(inner: Guard): Promise<{ readonly client: grpc.Client; readonly stop: () => void }> {
  const server = new grpc.Server({ interceptors: [approov(inner)] });
  server.addService(service, handlers);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  return {
    client,
    stop: () => {
      client.close();
      server.forceShutdown();
    },
  };
}

const did = 'ExampleApproovTokenDID==';
const answers: { readonly [K in Kind]: string[] } = {
  unary: [did],
  clientStream: [did],
  serverStream: [did, did, did],
  bidi: [did, did, did],
};

for (const [crypto, make] of Object.entries({ 'decided at once': guard, 'decided later': asyncGuard })) {
  describe(`grpc, ${crypto}`, () => {
    const inner = make({ binding: { headers: ['authorization'] }, exempt: ['/hello.Hello/Health'] });
    let running: Awaited<ReturnType<typeof connected>>;
    before(async () => {
      running = await connected(inner);
    });
    after(() => running.stop());
    const genuine = { ...withToken({ bind: 'Bearer a' }), authorization: 'Bearer a' };

    for (const kind of Object.keys(answers) as Kind[]) {
      it(`passes a genuine ${kind} call with its decision`, async () => {
        deepStrictEqual(await called(running.client, kind, metadataOf(genuine)), answers[kind]);
      });

      it(`ends every other ${kind} call with UNAUTHENTICATED, and asks no handler`, async () => {
        const before = handled;
        const repeated = metadataOf(genuine);
        repeated.add('approov-token', genuine['approov-token']);
        const others = [metadataOf({}), metadataOf(withToken()), metadataOf({ ...genuine, authorization: 'Bearer b' }), repeated];
        for (const metadata of others) {
          await rejects(called(running.client, kind, metadata), { code: grpc.status.UNAUTHENTICATED, details: 'Unauthenticated' });
        }
        strictEqual(handled, before);
      });
    }

    it('passes an exempt method', async () => {
      deepStrictEqual(await called(running.client, 'health', metadataOf({})), ['undefined']);
    });

    it('keeps the claims of calls apart', async () => {
      const ids = Array.from({ length: 50 }, (_, index) => `device-${index}`);
      const seen = await Promise.all(
        ids.map((id) => {
          const token = withToken({ bind: id, claims: { did: id } });
          return called(running.client, 'unary', metadataOf({ ...token, authorization: id }));
        }),
      );
      deepStrictEqual(seen.flat(), ids);
    });
  });
}

describe('grpc', () => {
  it('ends calls with UNAVAILABLE where the keys are', async () => {
    const { client, stop } = await connected(guard({ keys: { current: () => null } }));
    await rejects(called(client, 'unary', metadataOf(withToken())), { code: grpc.status.UNAVAILABLE, details: 'Unavailable' });
    stop();
  });

  it('starts no handler for a call that ended while it was judged', async () => {
    const inner = guard();
    let judged: () => void = () => undefined;
    const release = new Promise<void>((resolve) => {
      judged = resolve;
    });
    let asked = 0;
    const decide: Guard['decide'] = async (view, route) => {
      asked++;
      await release;
      return inner.decide(view, route);
    };
    const { client, stop } = await connected({ ...watched(inner).guard, decide });
    const before = handled;
    for (const [index, kind] of (Object.keys(answers) as Kind[]).entries()) {
      let cancel = (): void => undefined;
      const ended = rejects(
        called(client, kind, metadataOf(withToken()), (call) => {
          cancel = () => call.cancel();
        }),
        { code: grpc.status.CANCELLED },
      );
      await until(() => asked > index);
      cancel();
      await ended;
    }
    // What comes on the same connection afterwards finds that the server knows of it.
    const last = called(client, 'unary', metadataOf(withToken()));
    await until(() => asked > 4);
    judged();
    deepStrictEqual(await last, answers.unary);
    strictEqual(inner.counters().accepted, 5);
    strictEqual(handled, before + 1);
    stop();
  });

  it('passes everything in observe mode, with the verdict', async () => {
    const { client, stop } = await connected(guard({ mode: 'observe' }));
    deepStrictEqual(await called(client, 'unary', metadataOf({})), ['rejected']);
    stop();
  });

  it('tells the hook the path of the method', async () => {
    const paths: string[] = [];
    const { client, stop } = await connected(
      guard({ onVerdict: (_verdict, { method: verb, path }) => void paths.push(`${verb} ${path}`) }),
    );
    await called(client, 'unary', metadataOf(withToken()));
    stop();
    match(paths.join(), /^POST \/hello\.Hello\/Unary$/);
  });
});
