/** Server-sent events: streams that end when the token expires. */
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert';
import { createServer, request } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { manualClock } from '@approov-guard/testkit';
import type { Guard } from 'approov-guard';
import { approov } from 'approov-guard/node';
import { endAtExpiry, untilExpiry } from 'approov-guard/sse';
import { approov as approovWeb } from 'approov-guard/web';
import { settled, until } from '../../../../tools/until.mjs';
import { guard, listening, NOW, withToken } from './serving.ts';

/** Expiry keeps no process alive: where nothing else does, the test must. */
function keptAlive(context: TestContext): void {
  const alive = setInterval(() => undefined, 1000);
  context.after(() => clearInterval(alive));
}

/** A guard whose clock stands just before the end of a token; it is looked at every few milliseconds. */
function expiring(): { readonly running: Guard; readonly dying: { readonly 'approov-token': string }; readonly expire: () => void } {
  const clock = manualClock(NOW + 995);
  return { running: guard({ now: clock.now }), dying: withToken({ lifetimeSeconds: 1 }), expire: () => clock.advance(5) };
}

describe('server-sent events', () => {
  it('end at expiry on Node', async (context) => {
    const { running, dying, expire } = expiring();
    const listener = approov(running, (incoming, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
      endAtExpiry(running, incoming.approov, response);
    });
    const port = await listening(context, createServer(listener));
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: dying });
    const reader = response.body?.getReader();
    const first = await reader?.read();
    deepStrictEqual([response.status, Buffer.from(first?.value ?? []).toString()], [200, 'data: 1\n\n']);
    expire();
    strictEqual((await reader?.read())?.done, true);
  });

  it('leave no timer behind when the client goes', async (context) => {
    let calledOff = 0;
    const inner = guard();
    const watched = { ...inner, decide: inner.decide.bind(inner), whenExpired: () => () => void calledOff++ } as unknown as typeof inner;
    const listener = approov(watched, (incoming, response) => {
      response.writeHead(200).write('data: 1\n\n');
      endAtExpiry(watched, incoming.approov, response);
    });
    const port = await listening(context, createServer(listener));
    await new Promise<void>((resolve) => {
      const client = request({ port, host: '127.0.0.1', headers: withToken() }, () => client.destroy());
      client.on('close', resolve).on('error', () => undefined);
      client.end();
    });
    await until(() => calledOff > 0);
    strictEqual(calledOff, 1);
  });

  it('end at expiry on fetch, and cancel their source', async (context) => {
    keptAlive(context);
    const { running, dying, expire } = expiring();
    let cancelled = false;
    const events = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
      cancel: () => {
        cancelled = true;
      },
    });
    const handler = approovWeb(running, (incoming) => new Response(untilExpiry(running, incoming.approov, events)));
    const response = await handler(new Request('https://api.example.com/', { headers: dying }));
    strictEqual(response.status, 200);
    expire();
    strictEqual(await response.text(), 'data: 1\n\n');
    ok(cancelled);
  });

  it('pass through what ends or fails by itself', async (context) => {
    keptAlive(context);
    const { running, dying, expire } = expiring();
    const decision = await running.decide({
      method: 'GET',
      scheme: null,
      authority: null,
      target: '/',
      lines: (name) => (name === 'approov-token' ? [dying['approov-token']] : []),
    });
    strictEqual(await new Response(untilExpiry(running, decision, new Blob(['data: 2\n\n']).stream())).text(), 'data: 2\n\n');
    const failing = new ReadableStream({
      pull: () => {
        throw new Error('the source failed');
      },
    });
    await rejects(new Response(untilExpiry(running, decision, failing)).text(), /the source failed/);
    let expired = false;
    running.whenExpired(decision, () => {
      expired = true;
    });
    expire();
    await until(() => expired);
    await settled();
  });
});
