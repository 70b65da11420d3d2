/** Answers of the authoriser. */
import type { Decision, Refusal } from 'approov-guard';
import { IDENTITY_NAMES, identityOf } from '../proxy/identity.ts';

/** What a proxy is answered. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

/** The identity headers of a policy: their names, and what each says. */
export type IdentityHeaders = readonly { readonly header: string; readonly name: (typeof IDENTITY_NAMES)[number] }[];

/** The names are made once: a text that is made for each answer is looked up for each, too. */
export function identityHeaders(prefix: string): IdentityHeaders {
  return IDENTITY_NAMES.map((name) => ({ header: prefix + name, name }));
}

/**
 * The answer that lets a request pass: exactly 200, since Envoy takes no other. It carries every identity header, empty where something is
 * unknown: of a header that is left out, proxies let the client's own pass. Nobody may keep it: what it rests on is in headers that no cache of
 * a proxy has in its key.
 */
export function passAnswer(decision: Decision, names: IdentityHeaders): Answer {
  const identity = identityOf(decision);
  const headers: { [name: string]: string } = {};
  for (const { header, name } of names) headers[header] = identity[name];
  headers['cache-control'] = 'no-store';
  return { status: 200, headers, body: '' };
}

/** A refusal as it is, for proxies that send it on. */
export function wholeRefusal({ status, headers, body }: Refusal): Answer {
  return { status, headers, body };
}

/** The status that would have been answered, for proxies that take a few only. */
export const STATUS_HEADER = 'x-attestation-status';

/** A refusal with another status: the client's is in {@link STATUS_HEADER}. */
export function foldedRefusal(refusal: Refusal, status: number): Answer {
  return { status, headers: { ...refusal.headers, [STATUS_HEADER]: String(refusal.status) }, body: refusal.body };
}
