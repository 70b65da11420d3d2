/** What the adapters' tests share: a guard, its tokens, and servers on free ports that end with the test. */
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { devSecret, exampleToken, type IssueOptions } from '@approov-guard/testkit';
import { createGuard, type Guard, type GuardOptions, type RequestView } from 'approov-guard';
import { crypto as webCrypto } from '../../src/crypto/web.ts';
import { createGuardOn } from '../../src/guard/create-guard.ts';

export const NOW = 1_790_000_000_000;

const OPTIONS: GuardOptions = { keys: { secret: devSecret }, now: () => NOW, hints: false };

/** A guard that decides at once. */
export function guard(options: Partial<GuardOptions> = {}): Guard {
  return createGuard({ ...OPTIONS, ...options });
}

/** A guard whose decisions are promises. */
export function asyncGuard(options: Partial<GuardOptions> = {}): Guard {
  return createGuardOn(webCrypto, { ...OPTIONS, ...options });
}

/** Headers with a token that is valid at {@link NOW}. */
export function withToken(options: Partial<IssueOptions> = {}): { readonly 'approov-token': string } {
  return { 'approov-token': exampleToken({ secret: devSecret, now: NOW, ...options }) };
}

/** A guard that also shows the views it was asked about. */
export function watched(inner: Guard): { readonly guard: Guard; readonly views: RequestView[] } {
  const views: RequestView[] = [];
  const decide: Guard['decide'] = (view, route) => {
    views.push(view);
    return inner.decide(view, route);
  };
  const { judge, demands, verifyToken, route, counters, warmUp, close } = inner;
  const rest = { judge, demands, verifyToken, route, counters, warmUp, close };
  const bound = Object.fromEntries(Object.entries(rest).map(([name, method]) => [name, method.bind(inner)]));
  // The cast holds: the members are those of the guard, bound to it.
  return { guard: { ...bound, decide } as Guard, views };
}

/** What is needed of a server: satisfied by those of `node:http`, `node:https` and `node:http2`. */
interface AnyServer {
  listen(port: number, host: string, listening: () => void): unknown;
  address(): AddressInfo | string | null;
  close(): unknown;
}

/** Listens on a free port until the test ends. */
export async function listening(context: TestContext, server: AnyServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function') server.closeAllConnections();
    server.close();
  });
  // The cast holds: a server that listens on a port has an address with a port.
  return (server.address() as AddressInfo).port;
}
