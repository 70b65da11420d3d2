import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { approov } from 'approov-guard/nest';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);
const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };

class HelloController {
  hello() {
    return { message: 'Hello, World!' };
  }
}

// Decorators are functions. In TypeScript they stand before the class and the method: @Controller(), @Get().
Controller()(HelloController);
Get()(
  HelloController.prototype,
  'hello',
  /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(HelloController.prototype, 'hello')),
);

class AppModule {}
Module({ controllers: [HelloController] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.useGlobalGuards(approov({ keys }));
await app.listen(port, host);
console.log(`Listening on http://${host}:${port}`);
