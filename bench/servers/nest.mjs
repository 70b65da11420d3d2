/** NestJS 12 on Express. */
import 'reflect-metadata';
import { Controller, Get, Header, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { approov } from 'approov-guard/nest';
import { BODY } from './given.mjs';

class Shapes {
  shapes() {
    return BODY;
  }
}
const member = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(Shapes.prototype, 'shapes'));
Controller()(Shapes);
Get('shapes')(Shapes.prototype, 'shapes', member);
Header('content-type', 'application/json')(Shapes.prototype, 'shapes', member);
class App {}
Module({ controllers: [Shapes] })(App);

/** @param {import('./given.mjs').Given} given @param {string} protection @returns {Promise<number>} */
export async function start({ guard }, protection) {
  const app = await NestFactory.create(App, { logger: false });
  if (protection === 'guard') app.useGlobalGuards(approov(guard));
  const server = await app.listen(0, '127.0.0.1');
  return server.address().port;
}
