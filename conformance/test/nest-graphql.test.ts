/** NestJS 12 with GraphQL: the guard on resolvers. */
import 'reflect-metadata';
import { deepStrictEqual } from 'node:assert';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { devSecret, exampleToken } from '@approov-guard/testkit';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { createParamDecorator, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { createGuard, type Decision } from 'approov-guard';
import { approov, Demands, decisionOf } from 'approov-guard/nest';

const NOW = 1_790_000_000_000;
const guard = createGuard({ keys: { secret: devSecret }, now: () => NOW });
const genuine = (bind: string): { readonly [name: string]: string } => ({
  'approov-token': exampleToken({ secret: devSecret, now: NOW, bind }),
  authorization: bind,
});

class Shapes {
  device(decision: Decision | null): string {
    return decision?.claims?.did ?? 'none';
  }
  bound(decision: Decision | null): string {
    return decision?.claims?.did ?? 'none';
  }
  open(): string {
    return 'open';
  }
}

/** Decorators are functions: they are called here as the compiler would. */
function decorate(): void {
  const ApproovDecision = createParamDecorator(decisionOf);
  for (const name of ['device', 'bound', 'open'] as const) {
    // The cast holds: the method was declared above.
    const member = Object.getOwnPropertyDescriptor(Shapes.prototype, name) as PropertyDescriptor;
    Query(name)(Shapes.prototype, name, member);
    if (name !== 'open') ApproovDecision()(Shapes.prototype, name, 0);
    if (name === 'open') Demands(null)(Shapes.prototype, name, member);
    if (name === 'bound') Demands({ binding: { headers: ['authorization'] } })(Shapes.prototype, name, member);
  }
  Resolver()(Shapes);
}

type Answer = { readonly data?: unknown; readonly errors?: readonly { readonly extensions: { readonly code: string } }[] };

async function asking(context: TestContext): Promise<(query: string, headers: object) => Promise<Answer>> {
  class App {}
  const typeDefs = 'type Query { device: String, bound: String, open: String }';
  const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, typeDefs, playground: false });
  Module({ imports: [graphql], providers: [Shapes] })(App);
  const app = await NestFactory.create(App, { logger: false });
  app.useGlobalGuards(approov(guard));
  await app.listen(0, '127.0.0.1');
  context.after(() => app.close());
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return async (query, headers) => {
    const body = JSON.stringify({ query });
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body };
    return (await (await fetch(`http://127.0.0.1:${port}/graphql`, init)).json()) as Answer;
  };
}

const codes = ({ errors }: Answer): unknown => errors?.map(({ extensions }) => extensions.code);

describe('nest 12, graphql', () => {
  decorate();

  it('judges operations by what their resolvers demand', async (context) => {
    const ask = await asking(context);
    deepStrictEqual((await ask('{ device bound open }', genuine('a'))).data, {
      device: 'ExampleApproovTokenDID==',
      bound: 'ExampleApproovTokenDID==',
      open: 'open',
    });
    deepStrictEqual((await ask('{ open }', {})).data, { open: 'open' });
    deepStrictEqual(codes(await ask('{ device }', {})), ['UNAUTHENTICATED']);
    const other = { ...genuine('a'), authorization: 'b' };
    deepStrictEqual((await ask('{ device }', other)).data, { device: 'ExampleApproovTokenDID==' });
    deepStrictEqual(codes(await ask('{ bound }', other)), ['UNAUTHENTICATED']);
  });
});
