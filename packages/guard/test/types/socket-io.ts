/** The function fits the server of socket.io 4, whatever its events. */
import { createServer } from 'node:http';
import type { Guard, GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/socket-io';
import { Server } from 'socket.io';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

const server = new Server(createServer());
approov(options, server);
const done = approov(guard, server, { binding: { headers: ['authorization'] } });
proves<Same<typeof done, void>>();
approov(guard, new Server<{ say(text: string): void }, { said(text: string): void }>(createServer()));

// @ts-expect-error: a server is needed
approov(guard);
// @ts-expect-error: the server of socket.io, not Node's
approov(guard, createServer());
// @ts-expect-error: a namespace is no server
approov(guard, server.of('/chat'));
// @ts-expect-error: a route has no keys
approov(guard, server, { keys: { secret: { base64: 'x' } } });
