/** One request while it is judged: what is asked of it, what that takes, and what was found so far. */
import type { DigestAlgorithm } from '../digest/content-digest.ts';
import type { KeysAtHand, PreparedKey, UnverifiedJws, VerificationKey } from '../jws/jws.ts';
import type { BodyReader, ReplayStore } from '../ports.ts';
import type { FaultCode, ReasonCode } from '../reasons/reasons.ts';
import type { RequestView } from '../request-view.ts';
import type { MaybePromise } from '../result.ts';
import type { SignatureBases } from '../signature/base.ts';
import type { KnownComponents, UnverifiedSignature } from '../signature/parse-signature.ts';
import type { Habits, OpenInstallationKey } from '../signature/signing-key.ts';
import type { Origin } from '../signature/target.ts';
import type { VerifiedSignature } from '../signature/verify-signature.ts';
import type { Seconds } from '../time.ts';
import type { Claims, VerifiedToken, VerifiedTokens } from '../token/verified.ts';
import type { Attestation, Rejected, Unavailable } from '../verdict.ts';
import type { Part, Policy } from './policy.ts';
import type { Shares, Taking } from './shares.ts';

/** A check that did not hold, or that could not be made. */
export type Failure = Rejected | Unavailable;

/** What the guard lends to every judgement. */
export interface Means {
  /** SHA-256 as padded base64. */
  readonly hash: (text: string) => MaybePromise<string>;
  /** Decodes a base64url segment of UTF-8 text, or answers `null`. */
  readonly decodeText: (segment: string) => string | null;
  readonly digestBody: (algorithm: DigestAlgorithm, chunks: readonly Uint8Array[]) => MaybePromise<string>;
  readonly originOf: (request: RequestView) => Origin | null;
  /** Why {@link originOf} answers `null`, for the operator. It names fields and holds none of their values. */
  readonly whyUnknown: (request: RequestView) => string | null;
  readonly openInstallationKey: OpenInstallationKey;
  /** How the clients of signing keys sign. */
  readonly habits: Habits;
  /** What each signing key may take, or `null` if that is not bounded. */
  readonly shares: Shares | null;
  readonly bodies: BodyReader;
  /** The component lists that came lately, or `null` where none are kept. */
  readonly known: KnownComponents | null;
  /** What each message was the first to bring to a store: guards that share a store share this, too. */
  readonly broughtTo: (store: ReplayStore) => Brought;
}

/** What messages were the first to bring, by message: nothing outlives it. */
export type Brought = WeakMap<object, Set<string>>;

/** The keys at one moment, and the tokens that exactly these keys verified lately. */
export interface KeySnapshot {
  /** `null` while no keys could be had. */
  readonly keys: KeysAtHand | null;
  /** `null` if verified tokens are not remembered. */
  readonly verified: VerifiedTokens | null;
  /** Why there are no keys, where more is known than that. */
  readonly whyNone?: Failure;
  /** Of what this is a snapshot. */
  readonly of: Keys;
}

/** The keys by which requests are judged, as they change. */
export interface Keys {
  /** How many requests wait for newer ones. */
  waiting: number;
  /** The newest snapshot. Moments are in milliseconds since the epoch. */
  snapshot(at: number): KeySnapshot;
  /** Asks for newer keys; answers whether the source vouches for what it has. */
  refresh(at: number): MaybePromise<boolean>;
  /** Counts one use. */
  keyUsed(key: VerificationKey, at: Seconds): void;
}

/** The keys of one policy: the same for every request, or chosen. */
export interface RequestKeys {
  /** The newest keys for one request. Throws or rejects if a source of the user's own does. */
  ofRequest(request: RequestView, at: number): MaybePromise<KeySnapshot>;
}

/** A route's compiled demands: made by `Guard.route`, once, at start. */
export interface Route {
  /** As in the option `routes`; `null` for the guard as a whole and for routes made in code. */
  readonly name: string | null;
  readonly policy: Policy;
  readonly keys: RequestKeys;
  /** The checks that the policy asks for. */
  readonly order: readonly Check[];
}

/** What a check needs that an earlier one found. */
export type Fact = 'token' | 'jws' | 'candidates' | 'verified' | 'claims' | 'signingKey' | 'signature' | 'base' | 'proof';

/** One check: a row of the order of judgement. */
export interface Check {
  readonly name: string;
  /** The part whose mode governs it. */
  readonly part: Part;
  /** Every code with which it can fail. */
  readonly codes: readonly (ReasonCode | FaultCode)[];
  /** What earlier checks must have found. */
  readonly needs: readonly Fact[];
  /** Whether a policy asks for it. */
  readonly asked: (policy: Policy) => boolean;
  /** Whether it proves what a token that is known has behind it, and is not made of such a token. */
  readonly proves?: true;
  /** Whether making it leaves a trace for later requests. */
  readonly remembers?: true;
  /** Makes the check and notes on the case what it found. Answers `null` if it held. */
  readonly run: (judged: Case) => MaybePromise<Failure | null>;
}

/** How one check ended. */
export interface CheckOutcome {
  readonly check: Check;
  /** `null`: it held. `skipped`: it was not made, for want of what an earlier check would have found. */
  readonly failure: Failure | 'skipped' | null;
}

/**
 * What several judgements of one message find alike, found once: a path that may be every path is judged by every route, and must cost no more
 * cryptography than one. It lives as long as the judgements do.
 */
export interface FoundOnce {
  /**
   * What `find` answers, or answered when it was asked for before.
   * @param subject - what it is about, compared by identity
   * @param text - what else the answer depends on, beside the message
   */
  of<T>(subject: unknown, text: string, find: () => T): T;
}

export function foundOnce(): FoundOnce {
  const found = new Map<unknown, Map<string, unknown>>();
  return {
    of<T>(subject: unknown, text: string, find: () => T): T {
      const about = found.get(subject) ?? new Map<string, unknown>();
      found.set(subject, about);
      if (!about.has(text)) about.set(text, find());
      // The cast holds: each subject is asked about by one caller.
      return about.get(text) as T;
    },
  };
}

/** What the checks found so far. Members that are `null` were not found, or not looked for. */
export interface Case {
  readonly request: RequestView;
  readonly policy: Policy;
  readonly means: Means;
  /** What judgements by other routes found, or `null` if there is one route. */
  readonly alike: FoundOnce | null;
  readonly snapshot: KeySnapshot;
  /** The moment of judgement. */
  readonly at: Seconds;

  /** The token's text. Nothing of it is verified. */
  token: string | null;
  jws: UnverifiedJws | null;
  /** The keys that may have signed the token. */
  candidates: readonly VerificationKey[] | null;
  /** The token, once its signature held. */
  verified: VerifiedToken | null;
  /** The verified claims. Only an explanation goes on with claims that were not. */
  claims: Claims | null;
  /** Whether signature, times and claims of the token held. */
  tokenHeld: boolean;
  binding: Attestation['binding'];
  /** The key of the message signature. */
  signingKey: PreparedKey | null;
  signature: UnverifiedSignature | null;
  bases: SignatureBases | null;
  /** The signature base as RFC 9421 has it. */
  base: string | null;
  signatureState: Attestation['signature'];
  /** The signature, once it held. */
  proof: VerifiedSignature | null;
  /** What the signature took of its key's share: given back unless the message is accepted. */
  taken: Taking | null;
  digest: Attestation['digest'];

  /** The failure that the verdict will name. */
  failure: Failure | null;
  /** The part of the judgement of which nothing more is checked. */
  over: Part | null;
  /** Where an explanation notes the end of each check: it makes all of them, and leaves no trace elsewhere. Else `null`. */
  trace: CheckOutcome[] | null;
  /** Whether the verdict is settled. */
  settled: boolean;
}
