/**
 * Why a request was rejected (reason codes: the client's side) or could not be judged (fault codes: our side).
 * One row a code; `docs/reasons.md` is generated from these tables.
 */

/** The part of the judgement that gave the verdict. */
export type Stage = 'request' | 'token' | 'binding' | 'signature' | 'digest';

/** Every reason code: why a request was rejected. Stable strings: operators alert on them, dashboards group by them. */
export const REASON_CODES = [
  'request-headers-cut',
  'token-missing',
  'token-duplicated',
  'token-too-large',
  'token-sdk-status',
  'token-malformed',
  'token-algorithm-not-allowed',
  'token-key-unknown',
  'token-signature-invalid',
  'token-expiry-missing',
  'token-expired',
  'token-not-yet-valid',
  'token-lifetime-too-long',
  'token-issuer-unexpected',
  'token-audience-unexpected',
  'token-claim-invalid',
  'token-from-emulator',
  'token-denied',
  'token-replayed',
  'token-share-exceeded',
  'binding-claim-missing',
  'binding-value-missing',
  'binding-value-duplicated',
  'binding-mismatch',
  'signature-missing',
  'signature-malformed',
  'signature-label-missing',
  'signature-parameter-missing',
  'signature-parameter-invalid',
  'signature-key-missing',
  'signature-key-invalid',
  'signature-algorithm-not-allowed',
  'signature-component-not-covered',
  'signature-component-repeated',
  'signature-component-unknown',
  'signature-component-unresolvable',
  'signature-created-in-future',
  'signature-too-old',
  'signature-expired',
  'signature-invalid',
  'signature-replayed',
  'signature-share-exceeded',
  'digest-missing',
  'digest-malformed',
  'digest-algorithm-unsupported',
  'digest-mismatch',
  'digest-body-too-large',
  'digest-body-incomplete',
  'digest-body-late',
] as const;

/** Why a request was rejected. */
export type ReasonCode = (typeof REASON_CODES)[number];

/** Every fault code: why the guard could not tell. Never the client's fault: answered with 503, and never accepted in `enforce`. */
export const FAULT_CODES = [
  'keys-unavailable',
  'keys-empty',
  'rule-failed',
  'body-unavailable',
  'body-budget-exceeded',
  'replay-store-unavailable',
  'internal',
] as const;

/** Why the guard could not tell. */
export type FaultCode = (typeof FAULT_CODES)[number];

/**
 * The stage in which a reason arises: each code begins with it, and each of them with a letter of its own, so that running needs no table; a test
 * compares them.
 */
export function stageOf(reason: ReasonCode): Stage {
  // Codes of letters: texts of one letter cost as much as a table.
  switch (reason.charCodeAt(0)) {
    case 0x74: // t
      return 'token';
    case 0x62: // b
      return 'binding';
    case 0x73: // s
      return 'signature';
    case 0x64: // d
      return 'digest';
    default:
      return 'request';
  }
}

/** One reason code: where it arises, the clause it rests on, what it means, and what the operator should do. */
export interface ReasonRow {
  readonly stage: Stage;
  /** The HTTP status where it is not that of all others (401, option `refusal.status`). */
  readonly status?: number;
  readonly spec: string;
  readonly meaning: string;
  readonly action: string;
}

/** One fault code: what it means and what the operator should do. */
export interface FaultRow {
  readonly spec: string;
  readonly meaning: string;
  readonly action: string;
}
