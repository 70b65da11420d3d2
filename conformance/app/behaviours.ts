/** What the handlers do, in one place for all adapters and runtimes. */
import type { Decision } from 'approov-guard';
import type { Behaviour } from '../adapters/adapter.ts';

/** A request as a handler sees it. */
export interface HandlerRequest {
  /** What the adapter put on the request; absent where no guard stands before the handler. */
  readonly decision: Decision | undefined;
  readonly method: string;
  readonly target: string;
  readBody(): Promise<Uint8Array<ArrayBuffer>>;
}

/** What a handler answers. */
export interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

/** What the echo tells the table. */
export interface Echo {
  /** `accepted`, a reason code, a fault code, `preflight`, `exempt`, or `unguarded`. */
  readonly verdict: string;
  readonly action: string | null;
  readonly mode: string | null;
  readonly binding: string | null;
  readonly signature: string | null;
  readonly digest: string | null;
  readonly claims: { readonly [claim: string]: unknown } | null;
  readonly method: string;
  readonly target: string;
  readonly body: { readonly bytes: number; readonly sha256: string };
}

/** The one error that handlers throw and reject with. */
const handlerError: Error = new Error('thrown by the handler');

/** Answers as the behaviour says. `throw` throws before it returns anything. */
export function answer(behaviour: Behaviour, request: HandlerRequest): Promise<Answer> {
  if (behaviour === 'throw') throw handlerError;
  return behaviour === 'reject' ? rejectSoon() : echo(request, behaviour === 'slow');
}

/** What the framework's own error path answers: whether it met the handler's error untouched. */
export function errorAnswer(error: unknown): Answer {
  return { status: 500, headers: { 'x-error-path': 'framework' }, body: error === handlerError ? 'untouched' : `another: ${error}` };
}

async function rejectSoon(): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  throw handlerError;
}

async function echo(request: HandlerRequest, slow: boolean): Promise<Answer> {
  const body = await request.readBody();
  if (slow) await new Promise((resolve) => setTimeout(resolve, 5 + (body.length % 7) * 3));
  const { decision, method, target } = request;
  const attestation = decision?.verdict?.outcome === 'accepted' ? decision.verdict.attestation : null;
  const seen: Echo = {
    verdict: verdictOf(decision),
    action: decision?.action ?? null,
    mode: decision?.mode ?? null,
    binding: attestation?.binding ?? null,
    signature: attestation?.signature ?? null,
    digest: attestation?.digest ?? null,
    claims: decision?.claims ?? null,
    method,
    target,
    body: { bytes: body.length, sha256: await sha256(body) },
  };
  return { status: 200, headers: { 'content-type': 'application/json', 'x-observed': seen.verdict }, body: JSON.stringify(seen) };
}

function verdictOf(decision: Decision | undefined): string {
  if (decision === undefined) return 'unguarded';
  const { verdict } = decision;
  if (verdict === null) return decision.action === 'pass' ? (decision.skipped ?? 'nothing') : 'nothing';
  if (verdict.outcome === 'accepted') return 'accepted';
  return verdict.outcome === 'rejected' ? verdict.reason : verdict.fault;
}

/** SHA-256 in hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
