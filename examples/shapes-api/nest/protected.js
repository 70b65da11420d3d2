// Nest in plain JavaScript: decorators are functions, and `decorate` calls them. In TypeScript they stand before the method:
//   @Get('v2/shapes') @UseGuards(tokenCheck) shapes() { return { shape: randomShape() }; }
import 'reflect-metadata';
import { Controller, Get, Header, HttpException, Module, Req, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { approov } from 'approov-guard/nest';
import { apiKeyProblem } from '../api-key.js';
import { guard, signatureText } from '../guard.js';
import { HOME_PAGE, randomForm, randomShape } from '../shapes.js';

const HELLO = 'Hello, World!';
const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);

const tokenCheck = approov(guard);
const tokenBindingCheck = approov(guard, { binding: { headers: ['authorization'] } });
// A token without `ipk` (fail-over) passes unsigned.
const signatureCheck = approov(guard, { signature: { missingKey: 'accept' } });

/** @type {import('@nestjs/common').CanActivate} */
const apiKeyCheck = {
  canActivate: (context) => {
    const problem = apiKeyProblem(context.switchToHttp().getRequest().headers['api-key']);
    if (problem !== null) throw new HttpException({ status: problem }, 400);
    return true;
  },
};

class ShapesController {
  home() {
    return HOME_PAGE;
  }
  helloText() {
    return HELLO;
  }
  shapeText() {
    return randomShape();
  }
  hello() {
    return { text: HELLO };
  }
  healthy() {
    return { text: HELLO, status: `${HELLO} (healthy)` };
  }
  shapeV1() {
    return { shape: randomShape() };
  }
  formV1() {
    return { form: randomForm() };
  }
  shapeV2() {
    return { shape: randomShape() };
  }
  formV2() {
    return { form: randomForm() };
  }
  shapeV3() {
    const shape = randomShape();
    return { shape, status: `${shape} (approoved and api key valid)` };
  }
  formV3() {
    const form = randomForm();
    return { form, status: `${form} (approoved and api key valid)` };
  }
  /** @param {{ approov?: import('approov-guard').Decision }} request */
  shapeV5(request) {
    const shape = randomShape();
    return { shape, status: `${shape} (approoved ${signatureText(request.approov)})` };
  }
}

Controller()(ShapesController);
Req()(ShapesController.prototype, 'shapeV5', 0);
const text = Header('content-type', 'text/plain; charset=utf-8');
decorate(ShapesController, {
  home: [Get()],
  // v0: plain text, open.
  helloText: [Get('hello'), text],
  shapeText: [Get('shapes'), text],
  // v1: JSON, open.
  hello: [Get(['v1/hello', 'v2/hello'])],
  shapeV1: [Get('v1/shapes')],
  formV1: [Get('v1/forms')],
  // v2: what an app needs to be genuine for. `/v2/forms` is what a user needs to be signed in for.
  shapeV2: [Get('v2/shapes'), UseGuards(tokenCheck)],
  formV2: [Get('v2/forms'), UseGuards(tokenBindingCheck)],
  // v3: as v2, for an API that also has an API key.
  healthy: [Get(['v3/hello', 'v5/hello'])],
  shapeV3: [Get('v3/shapes'), UseGuards(tokenCheck, apiKeyCheck)],
  formV3: [Get('v3/forms'), UseGuards(tokenBindingCheck, apiKeyCheck)],
  // v5: as v3, the API key first; the request must be signed if the token carries the key of the app installation.
  shapeV5: [Get('v5/shapes'), UseGuards(apiKeyCheck, signatureCheck)],
});

/**
 * @param {new () => object} Class
 * @param {{ [method: string]: MethodDecorator[] }} decorators
 */
function decorate(Class, decorators) {
  for (const [name, list] of Object.entries(decorators)) {
    const member = Object.getOwnPropertyDescriptor(Class.prototype, name) ?? {};
    for (const decorator of list) decorator(Class.prototype, name, member);
  }
}

class AppModule {}
Module({ controllers: [ShapesController] })(AppModule);

// Nest's guards come after its body parsers: `rawBody` keeps the bytes that a content digest is compared with.
const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'], rawBody: true });
await app.listen(port, host);
console.log(`Listening on http://${host}:${port}`);
