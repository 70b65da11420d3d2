/**
 * Why a request was rejected (reason codes: the client's side) or could not be judged (fault codes: our side). `docs/reasons.md` is
 * generated from these tables. What runs for each request needs the codes only, and imports them from `reasons/codes.ts`: bundlers then
 * leave the texts out.
 */
import type { FaultCode, FaultRow, ReasonCode, ReasonRow } from './codes.ts';
import { MESSAGE_REASONS } from './message-rows.ts';
import { REQUEST_REASONS, TOKEN_REASONS } from './token-rows.ts';

export type { FaultCode, FaultRow, ReasonCode, ReasonRow, Stage } from './codes.ts';

/** Every reason code with its row. */
export const REASONS: { readonly [Code in ReasonCode]: ReasonRow } = { ...REQUEST_REASONS, ...TOKEN_REASONS, ...MESSAGE_REASONS };

/** Every fault code with its row. */
export const FAULTS: { readonly [Code in FaultCode]: FaultRow } = {
  'keys-unavailable': {
    spec: 'RFC 9110 §15.6.4',
    meaning: 'The key source could not deliver a key set.',
    action: 'Check the key source: file, network, permissions. Requests are answered with 503 until it recovers.',
  },
  'keys-empty': {
    spec: 'RFC 9110 §15.6.4',
    meaning: 'The key source delivered a set without one usable key.',
    action: 'Publish at least one signature key with a supported algorithm.',
  },
  'rule-failed': {
    spec: 'RFC 9110 §15.6.1',
    meaning: 'A deny or allow rule threw, took longer than its `timeoutSeconds`, or answered neither true nor false.',
    action: 'The cause in the verdict names the rule. A rule that fails never lets a token pass: requests are answered with 503.',
  },
  'body-unavailable': {
    spec: 'RFC 9530 §2',
    meaning: 'The body was read before the guard, and its raw bytes are gone, so its digest cannot be compared.',
    action:
      'Put the guard before body parsers, or keep the raw bytes on the request as `rawBody`. The cause in the verdict names the parser.',
  },
  'body-budget-exceeded': {
    spec: 'RFC 9110 §15.6.4',
    meaning: 'So many bytes of bodies are held already, for this signing key or for the whole guard, that this one is not read.',
    action:
      'Look at the gauge `bodies`: one key at its limit is one client that holds bodies back; the guard at its limit needs `bodies.maxBytes` or more instances.',
  },
  'replay-store-unavailable': {
    spec: 'RFC 9421 §7.2.2',
    meaning: 'The replay store could not answer, or is full.',
    action:
      'Check the store: network, memory, and after a fail-over whether the client still writes to the old primary (`READONLY`). Requests get 503 until it recovers.',
  },
  internal: {
    spec: 'RFC 9110 §15.6.1',
    meaning: 'The guard itself failed: a custom key source, rule or clock threw, or there is a bug.',
    action: 'The cause is in the verdict that the hook receives. Report it if none of your own code is in its stack.',
  },
};
