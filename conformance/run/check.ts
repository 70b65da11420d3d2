/** Sends one request and compares everything that can be seen with what is expected. */
import { isDeepStrictEqual } from 'node:util';
import type { Setup, Started, Traits } from '../adapters/adapter.ts';
import type { Echo } from '../app/behaviours.ts';
import type { Expected } from '../table/case.ts';
import { send, type WireRequest, type WireResponse } from './wire.ts';

/** Verdicts that are none: the request is passed on unjudged, and the hook sees nothing. */
const UNJUDGED = new Set(['preflight', 'exempt', 'unguarded']);

/** What is being checked. */
export interface Subject {
  readonly setup: Setup;
  readonly started: Started;
  readonly traits: Traits;
}

/** Sends and checks. Throws an error that says what differs. */
export async function check(subject: Subject, request: WireRequest, given: Expected): Promise<WireResponse> {
  const { started, setup, traits } = subject;
  const expected = forPlatform(given, traits);
  const response = await send(started.origin, request);
  const verdicts = await started.verdicts();
  if (given.frameworkMayRefuse === true && (response.status === 400 || response.status === 404)) return response;
  if (traits.seesNoBodies === true && /^digest-(?:mismatch|body)/.test(expected.verdict)) return response;
  if (traits.refusesMalformed === true && response.status === 400 && expected.status !== 200 && verdicts.length === 0) return response;
  same(response.status, expected.status, 'status');
  const codes = verdicts.map(({ code }) => code);
  same(codes, UNJUDGED.has(expected.verdict) ? [] : [expected.verdict], 'what the hook saw');
  const action = response.status === 200 || response.status === 500 ? 'pass' : 'refuse';
  for (const verdict of verdicts) same(verdict.action, action, 'the action that the hook saw');
  for (const verdict of verdicts) same(verdict.method, request.method ?? 'GET', 'the method that the hook saw');
  if (response.status === 200) checkEcho(subject, request, expected, response);
  if (response.status === 401 && setup.guard.refusal === undefined) checkRefusal(request, response);
  expected.response?.(response);
  return response;
}

function forPlatform(expected: Expected, traits: Traits): Expected {
  const quirk = traits.quirks?.find((name) => expected.quirks?.[name] !== undefined);
  if (quirk !== undefined) return { ...expected, ...expected.quirks?.[quirk] };
  if (traits.normalisesTargets && expected.normalised !== undefined) return { ...expected, ...expected.normalised };
  return traits.joinsLines && expected.joined !== undefined ? { ...expected, verdict: expected.joined } : expected;
}

function checkEcho({ setup, traits }: Subject, request: WireRequest, expected: Expected, response: WireResponse): void {
  same(response.field('x-observed').join(), expected.verdict, 'what the handler saw');
  if (request.method === 'HEAD') return;
  // The cast holds: every handler that answers 200 answers an echo.
  const echo = JSON.parse(response.body.toString()) as Echo;
  same(echo.verdict, expected.verdict, 'the verdict that the handler saw');
  same(echo.method, request.method ?? 'GET', 'the method that the handler saw');
  same(echo.claims, expected.verdict === 'accepted' ? claimsOf(setup, request) : null, 'the claims that the handler saw');
  const { signature } = setup.guard;
  const leftBehind = traits.seesNoBodies === true && echo.digest === 'unchecked' && signature?.digest !== 'delegated';
  expected.echo?.(leftBehind ? { ...echo, digest: 'verified' } : echo);
}

/** The payload of the token that was sent: what a handler must see if the token was accepted. */
function claimsOf(setup: Setup, { headers = [], target = '/' }: WireRequest): unknown {
  const route = setup.routes.find(({ path }) => path === target);
  const demands = typeof route?.demands === 'object' ? route.demands : {};
  const name = demands.token?.header ?? setup.guard.token?.header ?? 'approov-token';
  const value = headers.find(([field]) => field.toLowerCase() === name.toLowerCase())?.[1] ?? '';
  return JSON.parse(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString());
}

/** The standard refusal: nothing in it depends on the reason. */
function checkRefusal(request: WireRequest, { body, field }: WireResponse): void {
  same(field('content-type'), ['application/json'], 'content-type of the refusal');
  same(field('www-authenticate'), ['Approov'], 'challenge of the refusal');
  same(field('cache-control'), ['no-store'], 'cache-control of the refusal');
  same(body.toString(), request.method === 'HEAD' ? '' : '{}', 'body of the refusal');
}

function same(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) throw new Error(`${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
}
