/** Answers of the authoriser. */
import type { Decision, Refusal } from 'approov-guard';
import { IDENTITY_NAMES, type IdentityHeaders, identityOf } from '../proxy/identity.ts';

/** What a proxy is answered. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

/**
 * The answer that lets a request pass: exactly 200, since Envoy takes no other. It carries every identity header, empty where something is
 * unknown: of a header that is left out, proxies let the client's own pass. Nobody may keep it: what it rests on is in headers that no cache of
 * a proxy has in its key.
 */
export function passAnswer(decision: Decision, identityNames: IdentityHeaders): Answer {
  const identity = identityOf(decision);
  const headers: { [name: string]: string } = {};
  for (const { header, name } of identityNames) headers[header] = identity[name];
  headers['cache-control'] = 'no-store';
  return { status: 200, headers, body: '' };
}

/** The header of a {@link briefAnswer}. */
export const BRIEF_HEADER = 'approov-identity';

/**
 * The same in one header, for a configuration of ours: nginx looks for each header of an answer among all of them. The values stand in the order of
 * the names, with a tab behind each but the last; no value holds one.
 */
export function briefAnswer(decision: Decision): Answer {
  const identity = identityOf(decision);
  const text = IDENTITY_NAMES.map((name) => identity[name]).join('\t');
  return { status: 200, headers: { [BRIEF_HEADER]: text }, body: '' };
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
