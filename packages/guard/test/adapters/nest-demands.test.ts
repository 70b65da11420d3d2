/** NestJS: demands that are inherited, or that stand below a decorator which wraps the method. */
import 'reflect-metadata';
import { deepStrictEqual, strictEqual } from 'node:assert';
import type { Server } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { Controller, Get, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { approov, Demands } from 'approov-guard/nest';
import { guard, listening, withToken } from './serving.ts';

type Member = PropertyDescriptor & { value: (...args: unknown[]) => unknown };
const bound = { binding: { headers: ['authorization'] } };

/** Asks `/pay` and `/health`: unbound, bound, without a token. */
async function statusesOf(context: TestContext, controller: Type, path: string): Promise<number[]> {
  class App {}
  Module({ controllers: [controller] })(App);
  const app = await NestFactory.create(App, { logger: false });
  app.useGlobalGuards(approov(guard()));
  await app.init();
  const port = await listening(context, app.getHttpServer() as Server);
  const ask = async (headers: object): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { headers: headers as Record<string, string> })).status;
  return [await ask(withToken()), await ask({ ...withToken({ bind: 'a' }), authorization: 'a' }), await ask({})];
}

/** Decorators are called as the compiler would, the lowest first. */
function decorate(
  target: object,
  name: string,
  ...decorators: readonly ((target: object, name: string, member: Member) => unknown)[]
): void {
  for (const decorator of decorators) {
    const member = Object.getOwnPropertyDescriptor(target, name) as Member;
    Object.defineProperty(target, name, (decorator(target, name, member) as Member | undefined) ?? member);
  }
}

const wrapped =
  (copy: boolean, named: boolean) =>
  (_target: object, name: string, member: Member): Member => {
    const inner = member.value;
    const { [name]: value } = { [name]: (...args: unknown[]) => inner(...args) } as { [name: string]: Member['value'] };
    const outer = named ? (value as Member['value']) : (...args: unknown[]): unknown => inner(...args);
    if (copy) for (const key of Reflect.getMetadataKeys(inner)) Reflect.defineMetadata(key, Reflect.getMetadata(key, inner), outer);
    return { ...member, value: outer };
  };

describe('nest: @Demands', () => {
  it('on a base controller holds for what is derived from it', async (context) => {
    class Base {
      pay(): string {
        return 'paid';
      }
    }
    decorate(Base.prototype, 'pay', Get('pay') as never);
    Demands(bound)(Base);
    class Derived extends Base {}
    Controller()(Derived);
    deepStrictEqual(await statusesOf(context, Derived, '/pay'), [401, 200, 401]);
  });

  it('on a method of a base controller holds where it is inherited and where it is overridden', async (context) => {
    class Base {
      pay(): string {
        return 'paid';
      }
    }
    decorate(Base.prototype, 'pay', Demands(bound) as never, Get('pay') as never);
    class Inheriting extends Base {}
    Controller()(Inheriting);
    class Overriding extends Base {
      override pay(): string {
        return 'paid again';
      }
    }
    decorate(Overriding.prototype, 'pay', Get('pay') as never);
    Controller()(Overriding);
    for (const one of [Inheriting, Overriding]) deepStrictEqual(await statusesOf(context, one, '/pay'), [401, 200, 401]);
  });

  for (const copy of [true, false]) {
    for (const named of [true, false]) {
      it(`below a decorator that wraps the method holds (metadata copied: ${copy}, name kept: ${named})`, async (context) => {
        class Shop {
          pay(): string {
            return 'paid';
          }
        }
        decorate(Shop.prototype, 'pay', Demands(bound) as never, wrapped(copy, named), Get('pay') as never);
        Controller()(Shop);
        deepStrictEqual(await statusesOf(context, Shop, '/pay'), [401, 200, 401]);
      });
    }
  }

  it('holds where an instance wraps its own method', async (context) => {
    class Shop {
      constructor() {
        const inner = this.pay.bind(this);
        const outer = (): string => inner();
        for (const key of ['path', 'method']) Reflect.defineMetadata(key, Reflect.getMetadata(key, Shop.prototype.pay), outer);
        this.pay = outer;
      }
      pay(): string {
        return 'paid';
      }
    }
    decorate(Shop.prototype, 'pay', Demands(bound) as never, Get('pay') as never);
    Controller()(Shop);
    deepStrictEqual(await statusesOf(context, Shop, '/pay'), [401, 200, 401]);
  });

  it('opens the class or the method that it stands on, and nothing derived', async (context) => {
    class Base {
      health(): string {
        return 'ok';
      }
    }
    decorate(Base.prototype, 'health', Get('health') as never);
    Demands(null)(Base);
    Controller()(Base);
    class Derived extends Base {}
    Controller()(Derived);
    class Overriding extends Base {
      override health(): string {
        return 'secret';
      }
    }
    decorate(Overriding.prototype, 'health', Get('health') as never);
    Controller()(Overriding);
    const seen = [];
    for (const one of [Base, Derived, Overriding]) seen.push((await statusesOf(context, one, '/health'))[2]);
    deepStrictEqual(seen, [200, 401, 401]);
  });

  it('opens a method below a decorator that wraps it', async (context) => {
    class Shop {
      health(): string {
        return 'ok';
      }
    }
    decorate(Shop.prototype, 'health', Demands(null) as never, wrapped(false, true), Get('health') as never);
    Controller()(Shop);
    strictEqual((await statusesOf(context, Shop, '/health'))[2], 200);
  });
});
