/** The setups that the families share, and the tokens that go with them. */
import { devSecret, exampleToken, type IssueOptions } from '@approov-guard/testkit';
import type { GuardSetup, RouteSetup, Setup } from '../adapters/adapter.ts';
import type { HeaderLine } from '../run/wire.ts';

/** The moment at which all guards of the table stand still. */
export const NOW = 1_790_000_000_000;

const ROUTES: readonly RouteSetup[] = [
  { path: '/shapes', behaviour: 'echo' },
  { path: '/slow', behaviour: 'slow' },
  { path: '/throws', behaviour: 'throw' },
  { path: '/rejects', behaviour: 'reject' },
];

/** An app with one guard before everything. */
export function app(name: string, guard: Partial<GuardSetup> = {}): Setup {
  return { name, guard: { keys: { secret: devSecret }, nowMs: NOW, ...guard }, routes: ROUTES, scope: 'app', crypto: 'platform' };
}

/** An app whose routes are protected each by itself. */
export function perRoute(name: string, guard: Partial<GuardSetup>, routes: readonly RouteSetup[]): Setup {
  return { ...app(name, guard), routes, scope: 'routes' };
}

/** Tokens only, all options at their defaults. */
export const tokenOnly: Setup = app('token');
/** Bound to `authorization`, all options at their defaults. */
export const bound: Setup = app('bound', { binding: { headers: ['Authorization'] } });

/** A token in the shape of the vendor's examples, judged at {@link NOW}. */
export function token(options: Partial<IssueOptions> = {}): string {
  return exampleToken({ secret: devSecret, now: NOW, ...options });
}

/** A token that has expired. */
export function deadToken(options: Partial<IssueOptions> = {}): string {
  return token({ lifetimeSeconds: -60, ...options });
}

/** The token header. */
export function approovToken(value: string): HeaderLine {
  return ['Approov-Token', value];
}

/** Text as the characters of its UTF-8 bytes: what a client that writes UTF-8 puts on the wire. */
export function utf8OnTheWire(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
