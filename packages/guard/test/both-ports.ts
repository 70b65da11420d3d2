/** What the suites share: a moment, a secret, and guards on both crypto ports that have to agree. */
import assert from 'node:assert/strict';
import { freshSecret, type RequestContent, requestView } from '@approov-guard/testkit';
import type { GuardOptions, RequestView, Verdict } from 'approov-guard';
import type { CryptoPort } from '../src/core/ports.ts';
import { crypto as nodePort } from '../src/crypto/node.ts';
import { crypto as webPort } from '../src/crypto/web.ts';
import { createGuardOn } from '../src/guard/create-guard.ts';
import type { Guard } from '../src/guard/guard.ts';

/** The moment at which the suites judge, milliseconds since the epoch. */
export const now = 1_700_000_000_000;
/** The same in seconds. */
export const nowSeconds: number = now / 1000;
/** A secret of 64 bytes. */
export const secret: { readonly base64: string } = freshSecret();
/** Both crypto ports by name. */
export const PORTS: { readonly node: CryptoPort; readonly web: CryptoPort } = { node: nodePort, web: webPort };

/** `accepted`, the reason code or the fault code. */
export function outcomeOf(verdict: Verdict): string {
  if (verdict.outcome === 'accepted') return 'accepted';
  return verdict.outcome === 'rejected' ? verdict.reason : verdict.fault;
}

/** One guard on each port. */
export interface GuardPair {
  readonly node: Guard;
  readonly web: Guard;
  /** Judges on both, asserts that they agree in outcome, reason and detail, and answers `accepted` or the code. */
  judge(view: RequestView): Promise<string>;
  /** The same for a token in the default header. */
  judgeToken(token: string): Promise<string>;
}

/** Makes one guard on each port, at {@link now} unless the options have a clock. */
export function guardPair(options: GuardOptions): GuardPair {
  const given: GuardOptions = { now: () => now, hints: false, ...options };
  const node = createGuardOn(nodePort, given);
  const web = createGuardOn(webPort, given);
  const judge = async (view: RequestView): Promise<string> => {
    const [left, right] = await Promise.all([node.decide(view), web.decide(view)]);
    assert.equal(left.action, right.action);
    assert.ok(left.verdict !== null && right.verdict !== null, 'judged');
    const detailOf = (verdict: Verdict): unknown => (verdict.outcome === 'rejected' ? verdict.detail : null);
    assert.equal(outcomeOf(left.verdict), outcomeOf(right.verdict), 'node and web agree');
    assert.equal(detailOf(left.verdict), detailOf(right.verdict), 'node and web agree in the detail');
    await assertExplained(node, view, left.verdict);
    return outcomeOf(left.verdict);
  };
  return { node, web, judge, judgeToken: (token) => judge(withToken(token)) };
}

/** What an explanation cannot tell, since it remembers nothing. */
const REMEMBERED: ReadonlySet<string> = new Set([
  'token-replayed',
  'signature-replayed',
  'replay-store-unavailable',
  'token-share-exceeded',
  'signature-share-exceeded',
]);
/** The clock or a check threw an exception: no check has that code. */
const INTERNAL = 'internal';

/** Asserts that the explanation of a request names as its first failure that counts what the guard found. */
export async function assertExplained(guard: Guard, view: RequestView, { code }: Verdict): Promise<void> {
  if (REMEMBERED.has(code)) return;
  const { verdict, checks } = await guard.explain(view);
  const failed = checks.filter(({ outcome }) => outcome === 'failed');
  const first = failed.find(({ mode }) => mode === 'enforce') ?? failed[0];
  assert.equal(verdict.code, code, 'the explanation has the verdict of the guard');
  if (code === INTERNAL) return;
  assert.equal(first?.reason ?? 'accepted', code, 'the first failed check is the reason');
}

/** A request that carries this token. */
export function withToken(token: string, content: RequestContent = {}): RequestView {
  return requestView({ ...content, headers: [['Approov-Token', token], ...((content.headers ?? []) as [])] });
}

/** A deterministic stream of numbers in [0, 1), so that a failing test can be run again. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The seed of this run: `SEED` in the environment, else another one each time. Print it. */
export function runSeed(): number {
  return Number(process.env.SEED ?? Math.floor(Math.random() * 0x7fffffff));
}
