/** NestJS 11: gateways on socket.io and `ws`, and calls of a hybrid app. */
import 'reflect-metadata';
import { deepStrictEqual, match, strictEqual } from 'node:assert';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Module, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ClientProxyFactory, GrpcMethod, MessagePattern, Transport } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Guard } from 'approov-guard';
import { approov, Demands } from 'approov-guard/nest';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { guard, listening, withToken } from './serving.ts';

const bound = { binding: { headers: ['authorization'] } };
const genuine = { ...withToken({ bind: 'a' }), authorization: 'a' };

/** A gateway whose message `pay` demands a binding. Decorators are called as the compiler would. */
function gatewayOf(inner: Guard): object {
  class Gateway {
    handleConnection(client: { upgradeReq?: IncomingMessage }, request?: IncomingMessage): void {
      if (request !== undefined) client.upgradeReq = request;
    }
    hello(): object {
      return { event: 'answer', data: 'hello' };
    }
    pay(): object {
      return { event: 'answer', data: 'paid' };
    }
    open(): object {
      return { event: 'answer', data: 'open' };
    }
  }
  for (const name of ['hello', 'pay', 'open'] as const) {
    const member = Object.getOwnPropertyDescriptor(Gateway.prototype, name) as PropertyDescriptor;
    MessageBody()(Gateway.prototype, name, 0);
    if (name === 'open') Demands(null)(Gateway.prototype, name, member);
    if (name === 'pay') Demands(bound)(Gateway.prototype, name, member);
    SubscribeMessage(name)(Gateway.prototype, name, member);
  }
  UseGuards(approov(inner))(Gateway);
  WebSocketGateway()(Gateway);
  return Gateway;
}

async function served(context: TestContext, inner: Guard, platform: 'socket.io' | 'ws'): Promise<number> {
  class App {}
  Module({ providers: [gatewayOf(inner) as never] })(App);
  const app = await NestFactory.create(App, { logger: false });
  if (platform === 'ws') app.useWebSocketAdapter(new WsAdapter(app));
  await app.init();
  context.after(() => app.close());
  return listening(context, app.getHttpServer() as Server);
}

async function overSocketIo(port: number, message: string, extraHeaders: object, _inner: Guard, auth: object = {}): Promise<string> {
  const headers = extraHeaders as Record<string, string>;
  const client = io(`http://127.0.0.1:${port}`, { extraHeaders: headers, auth, transports: ['websocket'], reconnection: false });
  const answer = new Promise<string>((resolve) => {
    client.once('answer', resolve);
    client.once('connect_error', (error: Error) => resolve(String(error)));
    client.once('disconnect', (why: string) => resolve(why));
    client.once('exception', ({ message: text }: { message: string }) => resolve(text));
  });
  client.emit(message, {});
  return answer.finally(() => client.close());
}

/** Of `ws` Nest tells the client nothing of a refusal: the first answer is then that to the open message behind it. */
async function overWs(port: number, message: string, headers: object, inner: Guard): Promise<string> {
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { headers: headers as Record<string, string> });
  await once(client, 'open');
  const judged = (): string => JSON.stringify(inner.counters());
  const send = (event: string): void => client.send(JSON.stringify({ event, data: {} }));
  const before = judged();
  send(message);
  while (judged() === before) await new Promise(setImmediate);
  send('open');
  const [data] = (await once(client, 'message')) as [Buffer];
  client.close();
  return String(data);
}

const ask = { 'socket.io': overSocketIo, ws: overWs };
for (const platform of ['socket.io', 'ws'] as const) {
  describe(`nest gateways on ${platform}`, () => {
    it('judge each message by the handshake, and refuse it', async (context) => {
      const inner = guard();
      const port = await served(context, inner, platform);
      const refused = platform === 'ws' ? /open/ : /Forbidden/;
      match(await ask[platform](port, 'hello', {}, inner), refused);
      match(await ask[platform](port, 'hello', withToken(), inner), /hello/);
      match(await ask[platform](port, 'pay', withToken(), inner), refused);
      match(await ask[platform](port, 'pay', genuine, inner), /paid/);
      const { rejected, accepted } = inner.counters();
      deepStrictEqual([rejected['token-missing'], rejected['binding-claim-missing'], accepted], [1, 1, 2]);
    });
  });
}

it('nest gateways on socket.io take token and bound header from the auth payload', async (context) => {
  const inner = guard();
  const port = await served(context, inner, 'socket.io');
  match(await overSocketIo(port, 'pay', {}, inner, genuine), /paid/);
  match(await overSocketIo(port, 'pay', {}, inner, { ...genuine, authorization: 'b' }), /Forbidden/);
});

describe('nest calls under APP_GUARD', () => {
  const PROTO = fileURLToPath(new URL('../../../../examples/hello/grpc/hello.proto', import.meta.url));

  class Calls {
    inside(): string {
      return 'inside';
    }
    open(): string {
      return 'open';
    }
    hello(): object {
      return { message: 'hello' };
    }
  }
  const member = (name: keyof Calls): PropertyDescriptor => Object.getOwnPropertyDescriptor(Calls.prototype, name) as PropertyDescriptor;
  MessagePattern('inside')(Calls.prototype, 'inside', member('inside'));
  Demands(null)(Calls.prototype, 'open', member('open'));
  MessagePattern('open')(Calls.prototype, 'open', member('open'));
  GrpcMethod('Hello', 'Hi')(Calls.prototype, 'hello', member('hello'));

  async function started(context: TestContext, inner: Guard, transport: object): Promise<void> {
    class App {}
    const { Controller } = await import('@nestjs/common');
    Controller()(Calls);
    Module({ controllers: [Calls], providers: [{ provide: APP_GUARD, useValue: approov(inner) }] })(App);
    const app = await NestFactory.createMicroservice(App, { ...transport, logger: false } as never);
    await app.listen();
    context.after(() => app.close());
  }
  const freePort = async (): Promise<number> => {
    const server = (await import('node:net')).createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  };

  it('over TCP have nothing to judge by: they are refused, unless they are opened', async (context) => {
    const options = { host: '127.0.0.1', port: await freePort() };
    const inner = guard();
    await started(context, inner, { transport: Transport.TCP, options });
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    context.after(() => client.close());
    const call = (pattern: string): Promise<unknown> =>
      new Promise((resolve) => client.send(pattern, {}).subscribe({ next: resolve, error: ({ message }) => resolve(message) }));
    deepStrictEqual([await call('inside'), await call('open')], ['Forbidden resource', 'open']);
    strictEqual(inner.counters().rejected['token-missing'], 1);
  });

  it('over gRPC are judged by their metadata', async (context) => {
    const url = `127.0.0.1:${await freePort()}`;
    const definition = loadSync(PROTO);
    const [path = ''] = Object.keys(definition).filter((name) => 'Hi' in (definition[name] as object));
    await started(context, guard(), {
      transport: Transport.GRPC,
      options: { url, package: path.split('.').slice(0, -1).join('.'), protoPath: PROTO },
    });
    // biome-ignore lint/suspicious/noExplicitAny: what a proto file describes has no types.
    const Client = path.split('.').reduce<any>((found, name) => found[name], loadPackageDefinition(definition));
    const client = new Client(url, credentials.createInsecure());
    context.after(() => client.close());
    const call = (headers: object): Promise<string> =>
      new Promise((resolve) => {
        const metadata = new Metadata();
        for (const [name, value] of Object.entries(headers)) metadata.set(name, value as string);
        client.Hi({}, metadata, (error: ServiceError | null, answer?: { message: string }) =>
          resolve(error?.details ?? answer?.message ?? ''),
        );
      });
    deepStrictEqual([await call({}), await call(withToken())], ['Forbidden resource', 'hello']);
  });
});
