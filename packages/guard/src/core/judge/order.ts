/**
 * The order of judgement: every check there is, once, in the order in which the first failure wins. `judge` runs it to the first failure that
 * counts, an explanation runs it to its end, the documentation prints it, and compilers for other engines walk it.
 */
import type { Check, RequestKeys, Route } from './case.ts';
import * as message from './message.ts';
import * as once from './once.ts';
import type { Policy } from './policy.ts';
import * as token from './token.ts';

const always = (): boolean => true;
const remembersSignatures = ({ signature }: Policy): boolean => signature !== null && signature.replay !== null;
const signed = ({ signature }: Policy): boolean => signature !== null;

/** All checks. A policy is judged by those that it asks for: {@link orderOf}. */
export const ORDER: readonly Check[] = [
  { name: 'request-headers', part: 'token', codes: ['request-headers-cut'], needs: [], asked: always, run: token.checkSection },
  {
    name: 'token-header',
    part: 'token',
    codes: ['token-missing', 'token-duplicated', 'token-too-large', 'token-sdk-status', 'token-malformed'],
    needs: [],
    asked: always,
    run: token.checkHeader,
  },
  {
    name: 'token-form',
    part: 'token',
    codes: ['token-malformed'],
    needs: ['token'],
    asked: always,
    proves: true,
    run: token.checkForm,
  },
  {
    name: 'token-key',
    part: 'token',
    codes: ['token-malformed', 'token-algorithm-not-allowed', 'token-key-unknown', 'keys-unavailable', 'keys-empty'],
    needs: ['jws'],
    asked: always,
    proves: true,
    run: token.checkKey,
  },
  {
    name: 'token-signature',
    part: 'token',
    codes: ['token-signature-invalid', 'token-malformed'],
    needs: ['candidates'],
    asked: always,
    proves: true,
    run: token.checkSignature,
  },
  {
    name: 'token-times',
    part: 'token',
    codes: ['token-expiry-missing', 'token-expired', 'token-not-yet-valid', 'token-lifetime-too-long', 'token-claim-invalid'],
    needs: ['claims'],
    asked: always,
    run: token.checkLife,
  },
  {
    name: 'token-claims',
    part: 'token',
    codes: ['token-from-emulator', 'token-claim-invalid', 'token-issuer-unexpected', 'token-audience-unexpected'],
    needs: ['claims'],
    asked: always,
    run: token.checkOtherClaims,
  },
  {
    name: 'token-rules',
    part: 'token',
    codes: ['token-denied', 'rule-failed'],
    needs: ['verified'],
    asked: ({ rules }) => rules !== null,
    run: token.checkRules,
  },
  {
    name: 'binding',
    part: 'binding',
    codes: ['binding-claim-missing', 'binding-value-missing', 'binding-value-duplicated', 'binding-mismatch'],
    needs: ['claims'],
    asked: (policy) => policy.binding !== null,
    run: message.checkBound,
  },
  {
    name: 'signing-key',
    part: 'signature',
    codes: ['signature-key-missing', 'signature-key-invalid'],
    needs: ['claims'],
    asked: signed,
    run: message.checkSigningKey,
  },
  {
    name: 'signing-share',
    part: 'signature',
    codes: ['signature-share-exceeded'],
    needs: ['verified'],
    asked: remembersSignatures,
    remembers: true,
    run: once.checkShare,
  },
  {
    name: 'signature-form',
    part: 'signature',
    codes: [
      'signature-missing',
      'signature-malformed',
      'signature-label-missing',
      'signature-parameter-missing',
      'signature-parameter-invalid',
      'signature-component-repeated',
      'signature-component-unknown',
    ],
    needs: [],
    asked: signed,
    run: message.checkForm,
  },
  {
    name: 'signature-parameters',
    part: 'signature',
    codes: [
      'signature-algorithm-not-allowed',
      'signature-created-in-future',
      'signature-too-old',
      'signature-expired',
      'signature-parameter-missing',
      'signature-parameter-invalid',
    ],
    needs: ['signature'],
    asked: signed,
    run: message.checkParameters,
  },
  {
    name: 'signature-coverage',
    part: 'signature',
    codes: ['signature-component-not-covered'],
    needs: ['signature'],
    asked: signed,
    run: message.checkCovered,
  },
  {
    name: 'signature-base',
    part: 'signature',
    codes: ['signature-component-unresolvable', 'signature-malformed'],
    needs: ['signature'],
    asked: signed,
    run: message.checkBase,
  },
  {
    name: 'signature-proof',
    part: 'signature',
    codes: ['signature-invalid'],
    needs: ['signingKey', 'base'],
    asked: signed,
    run: message.checkProof,
  },
  {
    name: 'signature-share',
    part: 'signature',
    codes: ['signature-share-exceeded'],
    needs: ['proof'],
    asked: remembersSignatures,
    remembers: true,
    run: once.takeShare,
  },
  {
    name: 'digest',
    part: 'signature',
    codes: [
      'digest-missing',
      'digest-malformed',
      'digest-algorithm-unsupported',
      'signature-replayed',
      'digest-body-too-large',
      'digest-body-incomplete',
      'digest-body-late',
      'body-budget-exceeded',
      'body-unavailable',
      'digest-mismatch',
    ],
    needs: [],
    asked: signed,
    run: message.checkDigest,
  },
  {
    name: 'signature-replay',
    part: 'signature',
    codes: ['signature-replayed', 'replay-store-unavailable'],
    needs: ['proof'],
    asked: remembersSignatures,
    remembers: true,
    run: once.rememberSignature,
  },
  {
    name: 'token-replay',
    part: 'token',
    codes: ['token-share-exceeded', 'token-replayed', 'replay-store-unavailable'],
    needs: ['verified'],
    asked: ({ tokenReplay }) => tokenReplay !== null,
    remembers: true,
    run: once.rememberToken,
  },
];

/** The checks that a policy asks for, in order. */
export function orderOf(policy: Policy): readonly Check[] {
  return ORDER.filter(({ asked }) => asked(policy));
}

/** Makes a route of a compiled policy. */
export function routeOf(name: string | null, policy: Policy, keys: RequestKeys): Route {
  return { name, policy, keys, order: orderOf(policy) };
}

/** The route by which a token by itself is judged: no binding, no signature of the message. */
export function tokenOnly({ name, policy, keys }: Route): Route {
  const token = { ...policy.token, prefix: null };
  return routeOf(name, { ...policy, token, binding: null, signature: null, tokenReplay: null }, keys);
}
