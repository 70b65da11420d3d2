/** What a row of the table of token kinds holds. */
import type { ReasonCode } from 'approov-guard';
import { type SegmentContent, signCompact } from '../compact.ts';
import { mintToken } from '../mint.ts';
import type { SecretText } from '../secret.ts';
import { type SecretAlgorithm, signerFor } from '../signing.ts';

/** What a kind is minted from. */
export interface KindContext {
  /** The account secret: 64 bytes, so that it serves HS512 as well. */
  readonly secret: SecretText;
  /** The moment of issue and of judgement, milliseconds since the epoch. */
  readonly now: number;
}

/** What a guard finds: acceptance, or the reason code. */
export type ExpectedVerdict = 'accepted' | ReasonCode;

/** One kind of token. */
export interface TokenKind {
  /** What it is, for a reader of a test's output. */
  readonly describe: string;
  /** What a guard finds that has the same secret, all other options at their defaults, and `binding: null`. */
  readonly expected: ExpectedVerdict;
  /** What the same guard finds with `binding: { headers: ['authorization'] }` where the request carries {@link boundText}. */
  readonly expectedWhenBound: ExpectedVerdict;
  /** Mints it: the value of the token header. It holds printable ASCII only, so that any HTTP client can send it. */
  readonly mint: (context: KindContext) => string;
}

/** A table of kinds by name. */
export type KindTable = { readonly [name: string]: TokenKind };

/** The `authorization` value to which the bound kinds are bound. */
export const boundText = 'Bearer example-user-session';

/** Makes a row. What is rejected without binding is rejected for the same reason with it; what is accepted has no `pay` unless said. */
export function kind(expected: ExpectedVerdict, describe: string, mint: TokenKind['mint'], expectedWhenBound?: ExpectedVerdict): TokenKind {
  const whenBound = expectedWhenBound ?? (expected === 'accepted' ? 'binding-claim-missing' : expected);
  return { describe, expected, expectedWhenBound: whenBound, mint };
}

/** Mints a token that is valid except for these claims. */
export function withClaims(claims: { readonly [claim: string]: unknown }): TokenKind['mint'] {
  return ({ secret, now }) => mintToken({ secret, now, claims });
}

/** Mints a valid claims set under this header, signed with HS256 whatever the header says. */
export function withHeader(header: SegmentContent): TokenKind['mint'] {
  return ({ secret, now }) => signCompact({ header, payload: { exp: secondsOf(now) + 300 }, sign: signerFor({ secret }) });
}

/** Mints this payload under a valid header, well signed. `payload` is given the second at which a live token expires. */
export function withPayload(payload: (exp: number) => SegmentContent): TokenKind['mint'] {
  return ({ secret, now }) =>
    signCompact({ header: { alg: 'HS256', typ: 'JWT' }, payload: payload(secondsOf(now) + 300), sign: signerFor({ secret }) });
}

/** Mints a valid token with another algorithm of the same secret. */
export function withAlgorithm(algorithm: SecretAlgorithm): TokenKind['mint'] {
  return ({ secret, now }) => mintToken({ secret, now, algorithm });
}

/** Whole seconds of a moment in milliseconds. */
export function secondsOf(now: number): number {
  return Math.floor(now / 1000);
}
