/** `@approov-guard/testkit`: mints tokens of every kind. For tests and local development; nothing in it belongs into production. */
export { type ManualClock, manualClock } from './clock.ts';
export { base64url, type CompactParts, type SegmentContent, segment, signCompact, signSegments } from './compact.ts';
export { durationSeconds } from './duration.ts';
export {
  exampleClaims,
  exampleToken,
  failoverToken,
  type IssueOptions,
  type LongLivedOptions,
  longLivedToken,
  lookalikeToken,
  misboundToken,
  webToken,
} from './issued.ts';
export { freshKeySet, type KeySetContext, type KeySetKind, keySetKinds } from './kinds/key-set.ts';
export { boundText, type ExpectedVerdict, type KindContext, type KindTable, type TokenKind } from './kinds/kind.ts';
export { tokenKinds } from './kinds/token-kinds.ts';
export { bindingHash, type MintOptions, mintToken, type TokenContent } from './mint.ts';
export {
  type MakeReplayStore,
  type ReplayCase,
  type ReplayConformanceOptions,
  replayConformance,
} from './replay-conformance.ts';
export { type HeaderLine, type RequestContent, requestView } from './request-view.ts';
export { anotherSecret, devSecret, freshSecret, type SecretText, secretBytes } from './secret.ts';
export { CLIENT_NAMES, CLIENTS, type ClientName, type ClientRow } from './signing/clients.ts';
export { type AppRequest, EXACT, type ValueForm } from './signing/component-values.ts';
export {
  type CoveredContent,
  type MessageOptions,
  type SignedMessageText,
  signatureBaseOf,
  signMessage,
} from './signing/sign-message.ts';
export {
  type SignExampleOptions,
  type SignedRequest,
  type SigningConfiguration,
  type SigningKeys,
  type SignRequestOptions,
  signExample,
  signRequest,
} from './signing/sign-request.ts';
export {
  type AccountSigningKey,
  freshAccountKey,
  installationKeyFrom,
  type SignatureKey,
  type SignatureLabel,
} from './signing/signature-key.ts';
export {
  algorithmOf,
  PRIVATE_KEY_ALGORITHMS,
  type PrivateKeyAlgorithm,
  type SecretAlgorithm,
  type SigningOptions,
  signerFor,
} from './signing.ts';
export { freshInstallationKey, freshSigningKey, type InstallationKey, publicKeySet, type SigningKey } from './signing-keys.ts';
