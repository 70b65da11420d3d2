/** A request as a way through the order of judgement: each check, what it saw, and the line of the signature base that differs. */
import {
  type Decision,
  FAULTS,
  type FaultCode,
  type Guard,
  REASONS,
  type ReasonCode,
  type RequestView,
  type Route,
  type Verdict,
} from 'approov-guard';
import { type Explained, type Explanation, explainRequest } from 'approov-guard/explain';
import type { ShownCheck, ShownDecision, ShownLine, Way } from '../wire.ts';
import { sawOf } from './saw.ts';
import { printable } from './shown-request.ts';

const LONGEST_CLAIMS = 4000;
const LONGEST_VALUE = 400;
const MOST_LINES = 40;

/** What is explained, and by which guard. */
export interface WayOf {
  readonly guard: Guard;
  readonly request: RequestView;
  readonly route: Route | undefined;
  readonly decision: Decision;
  /** Whether the guard read the body. */
  readonly wasRead: () => boolean;
}

/** Explains a decision. */
export async function wayOf({ guard, request, route, decision, wasRead }: WayOf, shown: ShownDecision): Promise<Way> {
  let facts: Explained['facts'] | null = null;
  // Only these two are asked of a guard by an explanation; the route of the adapter goes in between.
  const byRoute: Pick<Guard, 'explain' | 'decide'> = {
    decide: (view) => guard.decide(view, route),
    explain: async (view) => {
      const explained = await guard.explain(view, route);
      facts = explained.facts;
      return explained;
    },
  };
  // The cast holds: see above.
  const explanation = await explainRequest(request, byRoute as Guard);
  const { verdict } = decision;
  const checks = checksOf(explanation, verdict, wasRead()).map((check): ShownCheck => {
    const saw = facts === null ? null : sawOf(check.name, { request, facts, explanation });
    return { ...check, saw: saw === null ? null : printable(saw, LONGEST_VALUE), detail: bounded(check.detail) };
  });
  return {
    decision: { ...shown, explained: true },
    checks,
    claims: claimsText(explanation.claims),
    tokenVerified: explanation.tokenVerified,
    base: baseOf(explanation),
    ...adviceOn(verdict?.code ?? 'accepted'),
  };
}

/** What a code means, and what to do. */
export function adviceOn(code: string): { readonly meaning: string; readonly remedy: string } {
  if (code === 'accepted')
    return { meaning: 'Every check that the policy asks for held.', remedy: 'Nothing: the request reaches your handler.' };
  const row = REASONS[code as ReasonCode] ?? FAULTS[code as FaultCode];
  return row === undefined ? { meaning: '', remedy: '' } : { meaning: row.meaning, remedy: row.action };
}

/** The checks that only remember, by the codes with which they end: an explanation does not make them, the guard did. */
const REMEMBERING: ReadonlyMap<string, readonly string[]> = new Map([
  ['signature-share', ['signature-share-exceeded']],
  ['signature-replay', ['signature-replayed', 'replay-store-unavailable']],
  ['token-replay', ['token-share-exceeded', 'token-replayed', 'replay-store-unavailable']],
]);

type Check = Omit<ShownCheck, 'saw'>;

function checksOf({ checks, verdict: explained }: Explanation, verdict: Verdict | null, bodyWasRead: boolean): readonly Check[] {
  const code = verdict === null || verdict.outcome === 'accepted' ? null : verdict.code;
  const isOwn = explained.code === verdict?.code;
  let decided = false;
  return checks.map(({ name, outcome, reason, detail, mode }): Check => {
    const made = { name, outcome, reason, detail, mode, decisive: false };
    if (reason === 'body-unavailable' && !bodyWasRead && code !== reason)
      return { ...made, outcome: 'skipped', reason: null, detail: 'the body was not read, since an earlier check failed' };
    const isRemembered = outcome === 'skipped' && detail === 'an explanation remembers nothing';
    if (isRemembered) return rememberedOf(made, code, isOwn);
    if (decided || outcome !== 'failed' || reason !== code) return made;
    decided = true;
    return { ...made, decisive: true };
  });
}

/** How a check ended that the guard alone can make. */
function rememberedOf(made: Check, code: string | null, isOwn: boolean): Check {
  if (code === null) return { ...made, outcome: 'passed', detail: null };
  const isIts = !isOwn && (REMEMBERING.get(made.name)?.includes(code) ?? false);
  if (isIts) return { ...made, outcome: 'failed', reason: code, detail: null, decisive: true };
  return { ...made, detail: 'not reached' };
}

function claimsText(claims: Explanation['claims']): string | null {
  if (claims === null) return null;
  const text = JSON.stringify(claims, null, 2);
  const cut = text.length > LONGEST_CLAIMS ? `${text.slice(0, LONGEST_CLAIMS)}\n… (${text.length} characters)` : text;
  return cut
    .split('\n')
    .map((line) => printable(line, LONGEST_VALUE))
    .join('\n');
}

function baseOf({ components, differences, base }: Explanation): readonly ShownLine[] {
  if (base === null) return [];
  const lines = components.slice(0, MOST_LINES).map(({ identifier, value }): ShownLine => {
    const differs = differences?.find((difference) => difference.identifier === identifier);
    return {
      identifier: printable(identifier, LONGEST_VALUE),
      server: bounded(value),
      client: bounded(differs?.client ?? null),
      cause: differs?.cause ?? null,
    };
  });
  const parameters = base.slice(base.lastIndexOf('\n"@signature-params": ') + 1).replace('"@signature-params": ', '');
  return [...lines, { identifier: '"@signature-params"', server: bounded(parameters), client: null, cause: null }];
}

function bounded(text: string | null): string | null {
  return text === null ? null : printable(text, LONGEST_VALUE);
}
