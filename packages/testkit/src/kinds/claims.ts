/** Well-signed tokens with a claims set that no genuine token has. */
import { mintToken } from '../mint.ts';
import { type KindTable, kind, secondsOf, type TokenKind, withClaims, withPayload } from './kind.ts';

/** A claim at this many seconds from the moment of issue. */
function at(claim: string, seconds: number): TokenKind['mint'] {
  return ({ secret, now }) => mintToken({ secret, now, claims: { [claim]: secondsOf(now) + seconds } });
}

/** Expiry and the other times. */
export const timeKinds: KindTable = {
  'exp-absent': kind('token-expiry-missing', 'no exp', withClaims({ exp: undefined, iss: 'api.example.com' })),
  'exp-null': kind('token-expiry-missing', 'exp null', withClaims({ exp: null })),
  'exp-empty-text': kind('token-expiry-missing', 'exp ""', withClaims({ exp: '' })),
  'exp-text': kind('token-expiry-missing', 'exp a number in quotes', withClaims({ exp: '4102444800' })),
  'exp-array': kind('token-expiry-missing', 'exp in a list', withClaims({ exp: [4_102_444_800] })),
  'exp-object': kind('token-expiry-missing', 'exp an object', withClaims({ exp: {} })),
  'exp-boolean': kind('token-expiry-missing', 'exp true', withClaims({ exp: true })),
  'exp-infinite': kind(
    'token-expiry-missing',
    'exp 1e400, which no double holds',
    withPayload(() => '{"exp":1e400}'),
  ),
  'exp-other-case': kind(
    'token-expiry-missing',
    'EXP',
    withPayload((exp) => ({ EXP: exp })),
  ),
  'exp-zero': kind('token-expired', 'exp 0', withClaims({ exp: 0 })),
  'exp-negative': kind('token-expired', 'exp before 1970', withClaims({ exp: -4_102_444_800 })),
  'exp-now': kind('token-expired', 'dead from this second on', at('exp', 0)),
  'exp-next-second': kind('accepted', 'one second to live', at('exp', 1)),
  'nbf-past': kind('accepted', 'nbf in the past', at('nbf', -10)),
  'nbf-future': kind('token-not-yet-valid', 'nbf in the future', at('nbf', 120)),
  'nbf-text': kind('token-claim-invalid', 'nbf is text', withClaims({ nbf: '0' })),
  'iat-past': kind('accepted', 'iat in the past', at('iat', -10)),
  'iat-future': kind('accepted', 'iat in the future, which is not judged', at('iat', 120)),
  'iat-text': kind('token-claim-invalid', 'iat is text', withClaims({ iat: '0' })),
};

/** Claims of the wrong JSON type. */
export const typeKinds: KindTable = {
  'iss-number': kind('token-claim-invalid', 'iss is a number', withClaims({ iss: 7 })),
  'sub-object': kind('token-claim-invalid', 'sub is an object', withClaims({ sub: {} })),
  'aud-number': kind('token-claim-invalid', 'aud is a number', withClaims({ aud: 7 })),
  'aud-mixed-list': kind('token-claim-invalid', 'aud is a list with a number', withClaims({ aud: ['api.example.com', 7] })),
  'did-number': kind('token-claim-invalid', 'did is a number', withClaims({ did: 7 })),
  'ip-array': kind('token-claim-invalid', 'ip is a list', withClaims({ ip: [1, 2, 3, 4] })),
  'arc-null': kind('token-claim-invalid', 'arc null', withClaims({ arc: null })),
  'pay-number': kind('accepted', 'pay is a number', withClaims({ pay: 7 }), 'binding-mismatch'),
  'pay-empty': kind('accepted', 'pay is empty', withClaims({ pay: '' }), 'binding-mismatch'),
  'pay-no-hash': kind('accepted', 'pay is not a hash', withClaims({ pay: 'MismatchingBinding' }), 'binding-mismatch'),
};

/** Payloads that are not claims sets. */
export const payloadKinds: KindTable = {
  'payload-not-json': kind(
    'token-malformed',
    'text that is not JSON',
    withPayload(() => 'exp=4102444800'),
  ),
  'payload-array': kind(
    'token-malformed',
    'a list',
    withPayload((exp) => `[{"exp":${exp}}]`),
  ),
  'payload-number': kind(
    'token-malformed',
    'a number',
    withPayload(() => '4102444800'),
  ),
  'payload-null': kind(
    'token-malformed',
    'null',
    withPayload(() => 'null'),
  ),
  'payload-trailing-comma': kind(
    'token-malformed',
    'JSON with a trailing comma',
    withPayload((exp) => `{"exp":${exp},}`),
  ),
  'payload-two-objects': kind(
    'token-malformed',
    'two objects',
    withPayload((exp) => `{"exp":${exp}}{}`),
  ),
  'payload-byte-order-mark': kind(
    'token-malformed',
    'a byte order mark',
    withPayload((exp) => `\ufeff{"exp":${exp}}`),
  ),
  'payload-invalid-utf8': kind(
    'token-malformed',
    'a byte that is not UTF-8',
    withPayload((exp) => Buffer.from(`{"exp":${exp},"did":"\xff"}`, 'latin1')),
  ),
  'payload-duplicate-member': kind(
    'token-malformed',
    'exp twice',
    withPayload((exp) => `{"exp":1,"exp":${exp}}`),
  ),
  'payload-duplicate-escaped': kind(
    'token-malformed',
    'exp twice, once escaped',
    withPayload((exp) => `{"exp":1,"\\u0065xp":${exp}}`),
  ),
  'payload-deep': kind(
    'token-malformed',
    'lists nested 1000 deep',
    withPayload((exp) => `{"exp":${exp},"x":${'['.repeat(1000)}${']'.repeat(1000)}}`),
  ),
  'payload-prototype-member': kind(
    'accepted',
    'a member named __proto__ changes nothing',
    withPayload((exp) => `{"exp":${exp},"__proto__":{"did":7}}`),
  ),
};
