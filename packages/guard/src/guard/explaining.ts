/** Why a request gets the verdict it gets: the order of judgement, run to its end. */
import { whatCounts } from '../core/judge/by-each.ts';
import { type Case, type Check, type Failure, foundOnce, type KeySnapshot, type Means, type Route } from '../core/judge/case.ts';
import { judge, newCase, noMoment, orAgain, type Subject, settle, withoutKeys } from '../core/judge/judge.ts';
import { ORDER } from '../core/judge/order.ts';
import { type Mode, type Modes, modesOf } from '../core/judge/policy.ts';
import type { FaultCode, ReasonCode } from '../core/reasons/reasons.ts';
import type { RequestView } from '../core/request-view.ts';
import { chain, type MaybePromise } from '../core/result.ts';
import type { Origin } from '../core/signature/target.ts';
import { type Claims, parseClaims } from '../core/token/verified.ts';
import { unavailable, type Verdict } from '../core/verdict.ts';

/** How a check ended. */
export interface ExplainedCheck {
  /** Its name in the order of judgement. */
  readonly name: string;
  /** `skipped`: not asked for by the policy, or not to be made for want of what an earlier check would have found. */
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** The code that the guard would answer, if this check failed and nothing before it did. */
  readonly reason: ReasonCode | FaultCode | null;
  readonly detail: string | null;
  /** The mode in which it is made. */
  readonly mode: Mode;
}

/** Every check that was made of a request. */
export interface Explained {
  /** The name of the route by which it was judged. */
  readonly route: string | null;
  /** What the guard finds: the first failed check that is enforced, else the first failed one. */
  readonly verdict: Verdict;
  /** All checks, in the order of judgement. */
  readonly checks: readonly ExplainedCheck[];
  /** What the token says; `null` if it cannot be read. */
  readonly claims: Claims | null;
  /** Whether the claims were verified, and so whether later checks that rest on them can be believed. */
  readonly tokenVerified: boolean;
  /** What the checks of a message signature went by. */
  readonly facts: Pick<Case, 'policy' | 'binding' | 'signature' | 'signingKey' | 'digest' | 'at'> & { readonly origin: Origin | null };
}

/** Makes every check that the routes ask for, by the first route that is not satisfied, else the last. Remembers nothing. Never rejects. */
export async function explainByEach(means: Means, request: RequestView, routes: readonly Route[], at: number): Promise<Explained> {
  const subject = { request, means, alike: foundOnce() };
  return whatCounts({ routes, request, at, judgeBy: (route) => explainByRoute(subject, route, at) }, 0, null);
}

async function explainByRoute(subject: Subject, route: Route, at: number): Promise<Explained> {
  const { request, means } = subject;
  const made = route.order.filter(({ remembers }) => !remembers).map(traced);
  let judged = newCase(subject, route.policy, withoutKeys(), at / 1000);
  const explainWith = (newest: KeySnapshot): MaybePromise<Verdict> => {
    // Without the tokens that are known: their checks are made, too.
    judged = newCase(subject, route.policy, { ...newest, verified: null }, at / 1000);
    judged.trace = [];
    return judge(judged, made);
  };
  let verdict: Verdict;
  try {
    const snapshot = await route.keys.ofRequest(request, at);
    verdict = Number.isFinite(at) ? await orAgain(await explainWith(snapshot), snapshot, at, explainWith) : noMoment();
  } catch (cause) {
    // What a judgement would not have come to changes no verdict.
    verdict = judged.settled && judged.failure !== null ? judged.failure : unavailable('internal', cause);
  }
  const { policy, binding, signature, signingKey, digest, claims, verified } = judged;
  const modes = modesOf(policy, request, verified?.claims ?? null, judged.at);
  const checks = ORDER.map((check) => explainedCheck(check, judged, modes));
  const facts = { policy, binding, signature, signingKey, digest, at: judged.at, origin: means.originOf(request) };
  return { route: route.name, verdict, checks, claims, tokenVerified: verified !== null, facts };
}

/** The same check, which notes how it ended and never ends the judgement: that goes on as far as what was found carries. */
function traced(check: Check): Check {
  const noted = (judged: Case, failure: Failure | null | 'skipped'): null => {
    judged.trace?.push({ check, failure });
    if (failure !== null && failure !== 'skipped' && !judged.settled) settle(judged, check, failure);
    return null;
  };
  const run = (judged: Case): MaybePromise<null> => {
    if (judged.claims === null && check.needs.includes('claims')) judged.claims = unverifiedClaims(judged);
    if (check.needs.some((fact) => judged[fact] === null)) return noted(judged, 'skipped');
    return chain(check.run(judged), (failure) => noted(judged, failure));
  };
  return { ...check, run };
}

/** What a token says of itself whose signature did not hold, or could not be checked. */
function unverifiedClaims({ jws, means }: Case): Claims | null {
  const text = jws === null ? null : means.decodeText(jws.payload);
  return text === null ? null : parseClaims(text);
}

function explainedCheck(check: Check, { trace, policy }: Case, modes: Modes): ExplainedCheck {
  const { name, part, asked, remembers } = check;
  const mode = modes[part];
  const skipped = (detail: string): ExplainedCheck => ({ name, outcome: 'skipped', reason: null, detail, mode });
  const made = trace?.find((outcome) => outcome.check === check);
  if (made === undefined) return skipped(remembers && asked(policy) ? 'an explanation remembers nothing' : 'not asked for');
  if (made.failure === 'skipped') return skipped('an earlier check did not find what this one needs');
  if (made.failure === null) return { name, outcome: 'passed', reason: null, detail: null, mode };
  const detail = made.failure.outcome === 'rejected' ? (made.failure.detail ?? null) : null;
  return { name, outcome: 'failed', reason: made.failure.code, detail, mode };
}
