/**
 * Token binding, as the Approov platform defines it (not RFC 8471): the claim `pay` is base64(SHA-256(bound value)), where the bound
 * value is the value of one header, or of several concatenated without a separator.
 */
import { equalInConstantTime, trimOptionalWhiteSpace } from '../bytes.ts';
import type { RequestView } from '../request-view.ts';
import type { MaybePromise } from '../result.ts';
import type { Claims } from '../token/verified.ts';
import { type Rejected, rejected } from '../verdict.ts';

/** How the token is bound to other header values. */
export interface BindingPolicy {
  /** The bound headers in configured order, lower case. */
  readonly headers: readonly string[];
  /** What to do with a token that has no `pay` claim. */
  readonly missing: 'reject' | 'accept';
  /** What of the `authorization` header is hashed. */
  readonly value: 'whole' | 'without-bearer';
}

/** The outcome of a binding check that did not fail. */
export type BindingState = 'verified' | 'absent';

/** SHA-256 as padded base64. */
export type HashText = (text: string) => MaybePromise<string>;

/**
 * Checks that the token was bound to the values that this request carries. Does not check that the bound value itself (an access token,
 * say) is valid.
 * @returns `verified`; `absent` if the token carries no `pay` and the policy accepts that; else `binding-claim-missing`,
 * `binding-value-missing`, `binding-value-duplicated` or `binding-mismatch`
 */
export function checkBinding(
  request: RequestView,
  policy: BindingPolicy,
  claims: Claims,
  hash: HashText,
): MaybePromise<BindingState | Rejected> {
  const { pay } = claims;
  if (pay === undefined) return policy.missing === 'accept' ? 'absent' : rejected('binding-claim-missing');
  // A `pay` that is present but unusable is not an absent one.
  if (typeof pay !== 'string') return rejected('binding-mismatch', 'pay is not a text');
  const value = boundValue(request, policy);
  if (typeof value !== 'string') return value;
  const expected = hash(value);
  if (expected instanceof Promise) return expected.then((digest) => compare(pay, digest, request, policy));
  return compare(pay, expected, request, policy);
}

function compare(pay: string, expected: string, request: RequestView, policy: BindingPolicy): BindingState | Rejected {
  if (equalInConstantTime(pay, expected)) return 'verified';
  return mayHoldJoinedLines(request, policy)
    ? rejected('binding-value-duplicated', 'the value holds a comma: probably repeated lines that the platform joined')
    : rejected('binding-mismatch');
}

/** On platforms that join repeated lines a duplicate cannot be told from a comma in the value until the hash has failed. */
function mayHoldJoinedLines(request: RequestView, policy: BindingPolicy): boolean {
  return request.joinsLines === true && policy.headers.some((name) => request.lines(name)[0]?.includes(',') === true);
}

/** The text that was hashed: each header's value, trimmed, in configured order. */
function boundValue(request: RequestView, policy: BindingPolicy): string | Rejected {
  let bound = '';
  for (const name of policy.headers) {
    const lines = request.lines(name);
    if (lines.length > 1) return rejected('binding-value-duplicated', name);
    const value = partHashed(name, trimOptionalWhiteSpace(lines[0] ?? ''), policy);
    if (value === '') return rejected('binding-value-missing', name);
    bound += value;
  }
  return bound;
}

/** Gateways move the client's field aside when they write their own: `X-Forwarded-Authorization`, `X-Original-Authorization`. */
export function isAuthorization(name: string): boolean {
  return name === 'authorization' || name.endsWith('-authorization');
}

const BEARER = /^bearer +/i;

function partHashed(name: string, value: string, policy: BindingPolicy): string {
  if (policy.value === 'whole' || !isAuthorization(name)) return value;
  return BEARER.test(value) ? value.replace(BEARER, '') : '';
}
