/** Signed requests for the suites: a good one, and every way to spoil it after or before signing. */
import { createHash } from 'node:crypto';
import {
  type AppRequest,
  freshInstallationKey,
  type HeaderLine,
  type InstallationKey,
  type MessageOptions,
  mintToken,
  type RequestContent,
  requestView,
  type SignatureKey,
  signMessage,
} from '@approov-guard/testkit';
import type { GuardOptions, Verdict } from 'approov-guard';
import { type GuardPair, guardPair, now, nowSeconds, outcomeOf, secret } from './both-ports.ts';

/** The option `signature`. */
export type SignatureOptions = NonNullable<GuardOptions['signature']>;

/** The installation whose key is in the tokens. */
export const install: InstallationKey = freshInstallationKey();

/** A token with the installation's key. */
export function tokenWith(claims: { readonly [name: string]: unknown } = {}): string {
  return mintToken({ secret, now, claims: { did: 'ZGV2aWNlLWlkLWRldmljZQ==', ipk: install.ipk, ...claims } });
}

/** One token for all requests that need no particular one. */
export const token: string = tokenWith();

/** What is covered by default, as the SDKs do. */
export const COVERED: readonly string[] = ['@method', '@target-uri', 'approov-token'];
/** The SDKs' parameters. */
export const PARAMETERS: string = `alg="ecdsa-p256-sha256";created=${nowSeconds};expires=${nowSeconds + 15}`;

/** `Content-Digest` of a body. */
export function digestLine(body: string | Uint8Array, algorithm: 'sha-256' | 'sha-512' = 'sha-256'): HeaderLine {
  const digest = createHash(algorithm.replace('-', '')).update(body).digest('base64');
  return ['Content-Digest', `${algorithm}=:${digest}:`];
}

/** What a request is made of before it is signed. */
export interface Draft extends Partial<Omit<MessageOptions, 'request' | 'key'>> {
  readonly method?: string;
  readonly url?: string;
  /** Headers beside the token. */
  readonly headers?: readonly HeaderLine[];
  readonly body?: string | Uint8Array | null;
  readonly token?: string;
  readonly key?: SignatureKey;
}

/** A request as it is sent. */
export interface Sent extends RequestContent {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly HeaderLine[];
  readonly scheme: string;
  readonly authority: string;
}

const URL_TEXT = /^(https?):\/\/([^/?#]+)(.*)$/;

/** Signs a request: a good one, but for what the draft says. */
export function signed(draft: Draft = {}): Sent {
  const { method = 'GET', url = 'https://api.example.com/v1/items?b=2&a=1', body = null, key = { install } } = draft;
  const headers: readonly HeaderLine[] = [['Approov-Token', draft.token ?? token], ...(draft.headers ?? [])];
  const request: AppRequest = { method, url, headers, body };
  const { covered = COVERED, parameters = PARAMETERS } = draft;
  const { headers: signature } = signMessage({ ...draft, covered, parameters, request, key });
  const [, scheme = '', authority = '', target = ''] = URL_TEXT.exec(url) ?? [];
  return { method, scheme, authority, target, headers: [...headers, ...signature], body };
}

/** The same request with one header's lines replaced; `null` removes them. */
export function withHeader(sent: Sent, name: string, ...values: readonly string[]): Sent {
  const others = sent.headers.filter(([given]) => given.toLowerCase() !== name.toLowerCase());
  return { ...sent, headers: [...others, ...values.map((value): HeaderLine => [name, value])] };
}

/** The first line of a header. */
export function headerOf(sent: Sent, name: string): string {
  return sent.headers.find(([given]) => given.toLowerCase() === name.toLowerCase())?.[1] ?? '';
}

/** A pair of guards that demand a signature. */
export function signaturePair(signature: SignatureOptions = {}, options: Partial<GuardOptions> = {}): GuardPair {
  return guardPair({ keys: { secret }, signature, ...options });
}

/** Judges a request on both ports: `accepted` or the code. */
export function judge(sent: RequestContent, signature: SignatureOptions = {}, options: Partial<GuardOptions> = {}): Promise<string> {
  return signaturePair(signature, options).judge(requestView(sent));
}

/** The verdict itself, of the guard on Node. */
export async function verdictOf(
  sent: RequestContent,
  signature: SignatureOptions = {},
  options: Partial<GuardOptions> = {},
): Promise<Verdict> {
  return signaturePair(signature, options).node.judge(requestView(sent));
}

/** The reason and its detail. */
export function described(verdict: Verdict): string {
  const detail = verdict.outcome === 'rejected' ? verdict.detail : undefined;
  return detail === undefined ? outcomeOf(verdict) : `${outcomeOf(verdict)}: ${detail}`;
}
