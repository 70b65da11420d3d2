/** What `check` found, for machines and for people. */
import { FAULTS, type FaultCode, REASONS, type ReasonCode, type Verdict } from 'approov-guard';
import { columns, memberColumns, printable, spellLife } from '../terminal/text.ts';

/** What `check` found. Claims are there only if the signature held. */
export interface CheckReport {
  readonly outcome: Verdict['outcome'];
  /** Why it was rejected, else `null`. */
  readonly reason: ReasonCode | null;
  /** Why it could not be judged, else `null`. */
  readonly fault: FaultCode | null;
  readonly meaning: string | null;
  readonly action: string | null;
  readonly detail: string | null;
  readonly binding: 'verified' | 'absent' | 'unchecked' | null;
  /** The key that verified an accepted token: its `kid`, else its place among the guard's options. */
  readonly keyId: string | null;
  readonly claims: { readonly [claim: string]: unknown } | null;
  /** Seconds to live, negative since death; `null` where that is not known. */
  readonly secondsLeft: number | null;
}

/**
 * Puts a verdict into words.
 * @param verdict - what the guard found
 * @param at - the moment of judgement, seconds since the epoch
 */
export function reportOf(verdict: Verdict, at: number): CheckReport {
  const claims = provenClaims(verdict);
  const exp = claims?.exp;
  const secondsLeft = typeof exp === 'number' && Number.isFinite(exp) ? Math.round((exp - at) * 1000) / 1000 : null;
  return { ...wordsOf(verdict), claims, secondsLeft };
}

function provenClaims(verdict: Verdict): CheckReport['claims'] {
  if (verdict.outcome === 'unavailable') return null;
  const claims = verdict.outcome === 'accepted' ? verdict.attestation.claims : verdict.proven;
  return claims === null ? null : { ...claims };
}

const NOTHING = { reason: null, fault: null, meaning: null, action: null, detail: null, binding: null, keyId: null } as const;

function wordsOf(verdict: Verdict): Omit<CheckReport, 'claims' | 'secondsLeft'> {
  switch (verdict.outcome) {
    case 'accepted': {
      const { binding, keyId } = verdict.attestation;
      return { ...NOTHING, outcome: 'accepted', binding, keyId };
    }
    case 'rejected': {
      const { reason, detail = null } = verdict;
      const { meaning, action } = REASONS[reason];
      return { ...NOTHING, outcome: 'rejected', reason, meaning, action, detail };
    }
    case 'unavailable': {
      const { meaning, action } = FAULTS[verdict.fault];
      return { ...NOTHING, outcome: 'unavailable', fault: verdict.fault, meaning, action };
    }
    default:
      return verdict satisfies never;
  }
}

/** The report for people. */
export function spellReport(report: CheckReport, at: number): string {
  const { outcome, reason, fault, meaning, action, detail, keyId, claims, secondsLeft } = report;
  const code = reason ?? fault;
  const facts: (readonly [string, string | null])[] = [
    ['life', secondsLeft === null ? null : spellLife(at + secondsLeft, at)],
    ['binding', spellBinding(report)],
    ['key', keyId === null || keyId.startsWith('keys') ? null : printable(keyId)],
    ['meaning', meaning],
    ['to do', action],
    ['detail', detail === null ? null : printable(detail)],
  ];
  const known = facts.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
  const members = claims === null ? '' : `claims (the signature held):\n${memberColumns(claims)}`;
  return `${code === null ? outcome : `${outcome}: ${code}`}\n${columns(known)}${members}`;
}

function spellBinding({ binding, claims }: CheckReport): string | null {
  if (binding === 'verified') return 'bound to the given text';
  if (binding !== 'unchecked') return binding;
  return claims?.pay === undefined ? 'the token is not bound' : 'not checked; give the bound text: --bind TEXT';
}
