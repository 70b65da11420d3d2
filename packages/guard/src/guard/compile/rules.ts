/** Deny and allow rules: what your own knowledge says of a token that verified. */

import { crypto } from '#crypto';
import { ConfigurationError } from '../../checks/configuration-error.ts';
import { checkedFunction, checkedNumber, checkedObject, type UncheckedOptions } from '../../checks/option-checks.ts';
import { RULE } from '../../checks/option-table.ts';
import type { HashText } from '../../core/binding/check-binding.ts';
import type { AskRules } from '../../core/judge/policy.ts';
import { chain, isThenable, type MaybePromise } from '../../core/result.ts';
import type { Seconds } from '../../core/time.ts';
import type { Claims, VerifiedToken } from '../../core/token/verified.ts';
import { type Rejected, rejected, type Unavailable, unavailable } from '../../core/verdict.ts';
import { afterListening } from '../../http/deadline.ts';

/** A set of texts: a `Set`, which is asked at each request and may change, or anything else with `has`. */
export interface TextSet {
  has(text: string): boolean;
}

/** What a predicate learns beside the claims. */
export interface RuleFacts {
  /** The key that verified the token. */
  readonly keyId: string;
  /** The moment of judgement, milliseconds since the epoch. */
  readonly at: number;
}

/** Decides about verified claims, which are frozen. Must answer `true` or `false`. */
export type RulePredicate = (claims: Claims, facts: RuleFacts) => MaybePromise<boolean>;

/**
 * One rule. A list is copied at start; a `Set` is asked at each request, so that you can add to it while the guard runs.
 * - `denyDids`, `allowDids`: by installation id (claim `did`). `allowDids` refuses every other, and every token without `did`.
 * - `denyTokens`: by fingerprint ({@link tokenFingerprint}), so that no list holds live tokens.
 * - `deny`, `allow`: by your own predicate, synchronous or not.
 */
export type RuleOptions = {
  /** Shown to the operator in the verdict's detail, at most 64 characters. Never shown to the client. */
  readonly name: string;
} & (
  | {
      /** Installation ids (claim `did`) that are refused. */
      readonly denyDids: readonly string[] | TextSet;
    }
  | {
      /** The only installation ids that pass; a token without `did` does not. */
      readonly allowDids: readonly string[] | TextSet;
    }
  | {
      /** Fingerprints of tokens that are refused. */
      readonly denyTokens: readonly string[] | TextSet;
    }
  | {
      /** Answers `true` to refuse. */
      readonly deny: RulePredicate;
      /** How long a promise may take, 0.01 to 60 s, default 2. Then the verdict is `unavailable`. A longer wait holds requests. */
      readonly timeoutSeconds?: Seconds;
    }
  | { /** Answers `false` to refuse. */ readonly allow: RulePredicate; readonly timeoutSeconds?: Seconds }
);

/** Tells whether a rule refuses. */
type Refuses = (verified: VerifiedToken, at: Seconds) => MaybePromise<boolean>;
interface Rule {
  readonly name: string;
  readonly refuses: Refuses;
  readonly timeoutSeconds: Seconds;
}

const KINDS = ['denyDids', 'allowDids', 'denyTokens', 'deny', 'allow'] as const;

/** Compiles the rules into the question that the judge asks, or `null` if there are none. */
export function compileRules(options: unknown, hash: HashText): AskRules | null {
  if (!Array.isArray(options)) throw new ConfigurationError('option-invalid', 'rules', 'must be a list of rules');
  const rules = options.map((rule: unknown, index) => compileRule(rule, `rules[${index}]`, hash));
  return rules.length === 0 ? null : (verified, at) => askFrom(rules, 0, verified, at);
}

function compileRule(options: unknown, path: string, hash: HashText): Rule {
  const rule = checkedObject(options, path, RULE);
  const { name } = rule;
  if (typeof name !== 'string' || !/^[\x20-\x7e]{1,64}$/.test(name)) {
    throw new ConfigurationError('option-invalid', `${path}.name`, 'must be a text of 1 to 64 printable ASCII characters');
  }
  const given = KINDS.filter((kind) => Object.hasOwn(rule, kind));
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    throw new ConfigurationError('options-contradict', path, `give exactly one of ${KINDS.join(', ')}`);
  }
  const timeoutSeconds = checkedNumber(rule.timeoutSeconds, `${path}.timeoutSeconds`, RULE.timeoutSeconds);
  return { name, timeoutSeconds, refuses: refusal(rule, kind, path, hash) };
}

function refusal(rule: UncheckedOptions, kind: (typeof KINDS)[number], path: string, hash: HashText): Refuses {
  const place = `${path}.${kind}`;
  if (kind === 'deny' || kind === 'allow') {
    const ask = checkedFunction<RulePredicate>(rule[kind], place);
    if (ask === undefined) throw new ConfigurationError('option-missing', place, 'must be a function');
    return byPredicate(ask, kind === 'deny');
  }
  const isIn = membership(rule[kind], place, kind === 'denyTokens' ? FINGERPRINT : TRIMMED);
  if (kind === 'denyDids') return ({ claims }) => claims.did !== undefined && isIn(claims.did);
  if (kind === 'allowDids') return ({ claims }) => claims.did === undefined || !isIn(claims.did);
  return ({ token }) => chain(fingerprintOf(token, hash), isIn);
}

/** A line feed at the end (of a list from a file) would match no device, and the rule would do nothing. */
const TRIMMED = /^\S(?:.*\S)?$/s;

function byPredicate(ask: RulePredicate, refusesOn: boolean): Refuses {
  const refuses = (answer: unknown): boolean => {
    // An answer that is neither is a forgotten `return`: no reason to let a token pass.
    if (typeof answer !== 'boolean') throw new TypeError('the predicate answered neither true nor false');
    return answer === refusesOn;
  };
  return ({ claims, key }, at) => {
    const answer = ask(claims, { keyId: key.id, at: at * 1000 });
    return isThenable(answer) ? Promise.resolve(answer).then(refuses) : refuses(answer);
  };
}

function membership(value: unknown, path: string, form: RegExp): (text: string) => boolean {
  if (Array.isArray(value) && value.every((text) => typeof text === 'string' && form.test(text))) {
    const set = new Set<unknown>(value);
    return (text) => set.has(text);
  }
  // The cast holds as far as the call goes: what answers no boolean is caught when it is asked.
  const set = value as TextSet | null | undefined;
  if (Array.isArray(value) || typeof set?.has !== 'function') {
    const what = form === FINGERPRINT ? 'token fingerprints' : 'texts without white space at their ends';
    throw new ConfigurationError('option-invalid', path, `must be a list of ${what}, or a Set of them`);
  }
  return (text) => {
    const found: unknown = set.has(text);
    if (typeof found !== 'boolean') throw new TypeError('`has` answered neither true nor false');
    return found;
  };
}

/** Asks one rule after the other. Synchronous rules cost no promise. */
function askFrom(rules: readonly Rule[], from: number, verified: VerifiedToken, at: Seconds): MaybePromise<Rejected | Unavailable | null> {
  for (let index = from; index < rules.length; index++) {
    // The cast holds: the index is below the length of an array without holes.
    const rule = rules[index] as Rule;
    const refuses = ask(rule, verified, at);
    if (refuses instanceof Promise) {
      return withinTime(rule, refuses).then((answer) => outcome(rule, answer) ?? askFrom(rules, index + 1, verified, at));
    }
    const settled = outcome(rule, refuses);
    if (settled !== null) return settled;
  }
  return null;
}

function ask(rule: Rule, verified: VerifiedToken, at: Seconds): MaybePromise<boolean | Error> {
  try {
    return rule.refuses(verified, at);
  } catch (cause) {
    return asError(cause);
  }
}

function outcome(rule: Rule, answer: boolean | Error): Rejected | Unavailable | null {
  if (answer === false) return null;
  if (answer === true) return rejected('token-denied', rule.name);
  return unavailable('rule-failed', new Error(`the rule "${rule.name}" failed`, { cause: answer }));
}

function withinTime(rule: Rule, answer: Promise<boolean | Error>): Promise<boolean | Error> {
  return new Promise((resolve) => {
    const seconds = rule.timeoutSeconds;
    const callOff = afterListening(seconds, () => resolve(new Error(`no answer within ${seconds} s`)));
    const settle = (value: boolean | Error): void => {
      callOff();
      resolve(value);
    };
    answer.then(settle, (cause: unknown) => settle(asError(cause)));
  });
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error('something was thrown that is not an Error');
}

// The name under which a token stands in a deny list: nobody can make a token of it.

/** What a fingerprint looks like. A token does not. */
export const FINGERPRINT: RegExp = /^[A-Za-z0-9_-]{43}$/;

/**
 * The fingerprint of a token, for the rule `denyTokens`: base64url, without padding, of SHA-256 over its header and payload segments. The
 * signature is left out: who holds an ECDSA-signed token can write a second signature that verifies as well.
 *
 * @param token - the token's text; nothing of it is verified
 *
 * @example
 * ```ts
 * import { tokenFingerprint } from 'approov-guard';
 * console.log(await tokenFingerprint('a.b.c')); // LnM23I66h-9HLfVow1SCq_JXXcPl6sDFxiuP-urCyTQ
 * ```
 */
export async function tokenFingerprint(token: string): Promise<string> {
  return fingerprintOf(token, crypto.sha256Base64);
}

/** The same with a given hash, at once where the hash answers at once. */
export function fingerprintOf(token: string, hash: HashText): MaybePromise<string> {
  return chain(hash(token.slice(0, token.lastIndexOf('.'))), (digest) => digest.slice(0, 43).replaceAll('+', '-').replaceAll('/', '_'));
}
