/** Tokens with a header that no genuine token has. All but those that say otherwise are signed with the secret over that header. */
import { generateKeyPairSync } from 'node:crypto';
import { signCompact } from '../compact.ts';
import { anotherSecret } from '../secret.ts';
import { signerFor } from '../signing.ts';
import { type KindTable, kind, secondsOf, type TokenKind, withAlgorithm, withHeader } from './kind.ts';

const ALG = { alg: 'HS256', typ: 'JWT' };

/** `alg: none` in every spelling, with a signature and without. */
function unsigned(spelling: string): TokenKind['mint'] {
  return ({ now }) => signCompact({ header: { alg: spelling, typ: 'JWT' }, payload: { exp: secondsOf(now) + 300 }, sign: null });
}

/** RFC 8725 §2.1: the public key's text taken as an HMAC secret. */
function confused({ now }: { readonly now: number }): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const bytes = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }).toString());
  return signCompact({ header: ALG, payload: { exp: secondsOf(now) + 300 }, sign: signerFor({ secret: { bytes } }) });
}

/** A header that brings its own key, and a signature that this key verifies. */
function bringsItsKey({ secret, now }: { readonly secret: Parameters<typeof anotherSecret>[0]; readonly now: number }): string {
  const own = anotherSecret(secret);
  const jwk = { kty: 'oct', k: Buffer.from(own.base64, 'base64').toString('base64url') };
  return signCompact({ header: { ...ALG, jwk }, payload: { exp: secondsOf(now) + 300 }, sign: signerFor({ secret: own }) });
}

/** Algorithms: `none`, other families, other spellings. */
export const algorithmKinds: KindTable = {
  'alg-none': kind('token-algorithm-not-allowed', 'alg none, unsigned', unsigned('none')),
  'alg-none-capitals': kind('token-algorithm-not-allowed', 'alg NONE, unsigned', unsigned('NONE')),
  'alg-none-mixed-case': kind('token-algorithm-not-allowed', 'alg nOnE, unsigned', unsigned('nOnE')),
  'alg-none-signed': kind('token-algorithm-not-allowed', 'alg none, signed with the secret', withHeader({ alg: 'none', typ: 'JWT' })),
  'alg-none-signed-mixed-case': kind(
    'token-algorithm-not-allowed',
    'alg NoNe, signed with the secret',
    withHeader({ alg: 'NoNe', typ: 'JWT' }),
  ),
  'alg-lower-case': kind('token-algorithm-not-allowed', 'alg hs256', withHeader({ alg: 'hs256', typ: 'JWT' })),
  'alg-empty': kind('token-algorithm-not-allowed', 'alg empty', withHeader({ alg: '', typ: 'JWT' })),
  'alg-prototype-member': kind('token-algorithm-not-allowed', 'alg toString', withHeader({ alg: 'toString', typ: 'JWT' })),
  'alg-asymmetric': kind(
    'token-algorithm-not-allowed',
    'alg RS256, where only a secret is configured',
    withHeader({ alg: 'RS256', typ: 'JWT' }),
  ),
  'alg-hs384': kind('token-algorithm-not-allowed', 'HS384, where the secret is configured for HS256', withAlgorithm('HS384')),
  'alg-hs512': kind('token-algorithm-not-allowed', 'HS512, where the secret is configured for HS256', withAlgorithm('HS512')),
  'alg-absent': kind('token-malformed', 'no alg', withHeader({ typ: 'JWT', enc: 'A256GCM' })),
  'alg-number': kind('token-malformed', 'alg is a number', withHeader({ alg: 256, typ: 'JWT' })),
  'alg-array': kind('token-malformed', 'alg is an array', withHeader({ alg: ['HS256'], typ: 'JWT' })),
  'key-confusion': kind('token-signature-invalid', 'HS256 over a public key’s text', confused),
  'brings-its-key': kind('token-signature-invalid', 'a jwk in the header that verifies the token', bringsItsKey),
};

/** The other header members. */
export const headerKinds: KindTable = {
  'typ-absent': kind('accepted', 'no typ', withHeader({ alg: 'HS256' })),
  'typ-lower-case': kind('accepted', 'typ jwt', withHeader({ alg: 'HS256', typ: 'jwt' })),
  'typ-other': kind('token-malformed', 'typ at+jwt', withHeader({ alg: 'HS256', typ: 'at+jwt' })),
  'typ-number': kind('token-malformed', 'typ is a number', withHeader({ alg: 'HS256', typ: 1 })),
  'kid-number': kind('token-malformed', 'kid is a number', withHeader({ ...ALG, kid: 7 })),
  crit: kind('token-malformed', 'crit names an extension', withHeader({ ...ALG, crit: ['exp'], exp: 1 })),
  'crit-empty': kind('token-malformed', 'crit is an empty list', withHeader({ ...ALG, crit: [] })),
  'b64-false': kind('token-malformed', 'b64 false (RFC 7797)', withHeader({ ...ALG, b64: false })),
  'header-not-json': kind('token-malformed', 'the header is not JSON', withHeader('alg=HS256')),
  'header-not-object': kind('token-malformed', 'the header is a list', withHeader('["HS256"]')),
  'header-invalid-utf8': kind(
    'token-malformed',
    'a byte that is not UTF-8',
    withHeader(Buffer.from('{"alg":"HS256","x":"\xff"}', 'latin1')),
  ),
  'header-byte-order-mark': kind('token-malformed', 'a byte order mark before the header', withHeader('\ufeff{"alg":"HS256"}')),
  'header-duplicate-member': kind('token-malformed', 'alg twice', withHeader('{"alg":"none","alg":"HS256"}')),
};
