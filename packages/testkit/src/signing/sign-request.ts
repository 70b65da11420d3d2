/** Signs a request as a client library does, with its deviations. */
import { createHash } from 'node:crypto';
import type { HeaderLine } from '../request-view.ts';
import type { SecretText } from '../secret.ts';
import type { InstallationKey } from '../signing-keys.ts';
import { CLIENTS, type ClientName, type ClientRow } from './clients.ts';
import type { AppRequest } from './component-values.ts';
import { signatureBaseOf, signatureParams, VALUE } from './sign-message.ts';
import { ALGORITHM_OF, type SignatureKey, type SignatureLabel, signBase } from './signature-key.ts';
import { requestTarget, urlText } from './url-text.ts';

/** The keys: those that the wanted labels need. */
export interface SigningKeys {
  readonly installationKey?: InstallationKey;
  readonly accountKey?: SecretText;
}

/** What the app configured. */
export interface SigningConfiguration {
  /** Which label, or both where the client can. */
  readonly sign: SignatureLabel | 'both';
  /** The base components, instead of `@method` and `@target-uri`; the token and what else is configured follow them. */
  readonly components?: readonly string[];
  /** Parameters that the app set: they stand before `alg`, `created` and `expires`. */
  readonly parameters?: { readonly keyid?: string; readonly nonce?: string; readonly tag?: string };
  /** Default 15, as in every client. 0: no `expires`. */
  readonly lifetimeSeconds?: number;
  /** Default: `sha-256`, not required. `null`: none. iOS clients digest only if it is required. */
  readonly digest?: { readonly algorithm?: 'sha-256' | 'sha-512'; readonly required?: boolean } | null;
  /** Ask for the header `Signature-Base-Digest`; some clients never send it. */
  readonly debug?: boolean;
  /** Default `Approov-Token`. */
  readonly tokenHeader?: string;
  /** What stands before the token in its header, such as `Bearer `. */
  readonly tokenPrefix?: string;
  /** The debug header `Approov-TraceID`; may be empty. */
  readonly traceId?: string;
  /** The header `Approov-Status` of OkHttp 3.7 and later. */
  readonly status?: string;
  /** The request goes through the interceptor twice: clients that add headers then send them twice. */
  readonly twice?: boolean;
}

/** What {@link signRequest} takes. */
export interface SignRequestOptions extends SigningConfiguration, SigningKeys {
  readonly client: ClientName;
  readonly request: AppRequest;
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A request as it goes out. */
export interface SignedRequest {
  readonly method: string;
  /** What stands in the request line. */
  readonly target: string;
  /** All headers to send, in order: the app's, the token, the digest, the signature. */
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array | null;
  /** What was signed, by label; it holds the token. */
  readonly bases: { readonly [Label in SignatureLabel]?: string };
}

/**
 * Signs a request as a client library does.
 * @throws RangeError where the client would refuse: both labels at once, a missing key, a component without a value
 * @example
 * ```ts
 * import { freshInstallationKey, freshSecret, mintToken, signRequest } from '@approov-guard/testkit';
 *
 * const installationKey = freshInstallationKey();
 * const token = mintToken({ secret: freshSecret(), now: Date.now(), claims: { ipk: installationKey.ipk } });
 * const request = { method: 'GET', url: 'https://api.example.com/items?x=1' };
 * const signed = signRequest({ client: 'okhttp-3.8', sign: 'install', request, token, installationKey, now: Date.now() });
 * console.log(signed.headers.map(([name]) => name)); // [ 'Approov-Token', 'Signature', 'Signature-Input' ]
 * ```
 */
export function signRequest(options: SignRequestOptions): SignedRequest {
  const { request, sign } = options;
  const row: ClientRow = CLIENTS[options.client];
  if (sign === 'both' && row.labels === 'one') throw new RangeError(`sign: ${options.client} sends one label only`);
  const body = bodyBytes(request.body);
  const first = signOnce(options, row, { headers: withAttestation(options, row, body), body });
  const done = options.twice === true && row.headers === 'add' ? signOnce(options, row, first) : first;
  const method = row.method === 'upper' ? request.method.toUpperCase() : request.method;
  return { method, target: requestTarget(urlText(request.url)), headers: done.headers, body, bases: done.bases };
}

function bodyBytes(body: AppRequest['body']): Buffer | null {
  if (body === undefined || body === null) return null;
  return typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.from(body);
}

interface Outgoing {
  readonly headers: readonly HeaderLine[];
  readonly body: Buffer | null;
}

/** The app's headers and what the interceptor adds before it signs. */
function withAttestation(options: SignRequestOptions, row: ClientRow, body: Buffer | null): readonly HeaderLine[] {
  const { tokenHeader = 'Approov-Token', tokenPrefix = '', token, traceId, status } = options;
  const headers: HeaderLine[] = [...(options.request.headers ?? [])];
  if (row.contentHeaders === 'as-sent' && body !== null && !has(headers, 'content-length'))
    headers.push(['Content-Length', String(body.length)]);
  headers.push([tokenHeader, `${tokenPrefix}${token}`]);
  if (traceId !== undefined) headers.push(['Approov-TraceID', traceId]);
  if (status !== undefined && row.coversStatus) headers.push(['Approov-Status', status]);
  return headers;
}

function has(headers: readonly HeaderLine[], name: string): boolean {
  return headers.some(([given]) => given.toLowerCase() === name);
}

function signOnce(options: SignRequestOptions, row: ClientRow, outgoing: Outgoing): Outgoing & Pick<SignedRequest, 'bases'> {
  const digest = digestOf(options, row, outgoing.body);
  const headers = digest === null ? outgoing.headers : withHeader(outgoing.headers, 'Content-Digest', digest, row);
  const covered = coveredBy(options, row, headers, digest !== null);
  const labels: readonly SignatureLabel[] = options.sign === 'both' ? ['install', 'account'] : [options.sign];
  const signatures = labels.map((label) => signatureOf(label, { options, row, covered, headers }));
  const dictionary = (member: (signature: LabelSignature) => string): string =>
    signatures.map((one) => `${one.label}=${member(one)}`).join(', ');
  let signed = withHeader(
    headers,
    'Signature',
    dictionary(({ value }) => value),
    row,
  );
  signed = withHeader(
    signed,
    'Signature-Input',
    dictionary(({ input }) => input),
    row,
  );
  if (options.debug === true && row.debug !== 'none')
    signed = withHeader(signed, 'Signature-Base-Digest', baseDigest(signatures, row.debug), row);
  return { headers: signed, body: outgoing.body, bases: Object.fromEntries(signatures.map(({ label, base }) => [label, base])) };
}

/** Adds a header line, or replaces the one that is there. */
function withHeader(headers: readonly HeaderLine[], name: string, value: string, row: ClientRow): readonly HeaderLine[] {
  const kept = row.headers === 'add' ? headers : headers.filter(([given]) => given.toLowerCase() !== name.toLowerCase());
  return [...kept, [name, value]];
}

function digestOf({ digest = {} }: SigningConfiguration, row: ClientRow, body: Buffer | null): string | null {
  if (digest === null) return null;
  const { algorithm = 'sha-256', required = false } = digest;
  const wanted = row.digest === 'if-required' ? required && body !== null : row.digest === 'any' ? body !== null : (body?.length ?? 0) > 0;
  if (!wanted && required) throw new RangeError('digest: required, and this client makes none for such a body');
  if (!wanted || body === null) return null;
  return `${algorithm}=:${createHash(algorithm.replace('-', '')).update(body).digest('base64')}:`;
}

/** The default component list, in its order. */
function coveredBy(options: SigningConfiguration, row: ClientRow, headers: readonly HeaderLine[], hasDigest: boolean): readonly string[] {
  const { components = ['@method', '@target-uri'], tokenHeader = 'Approov-Token', traceId, status } = options;
  const content = ['content-length', 'content-type'].filter((name) => has(headers, name) && coversContent(name, headers, row));
  return [
    ...components,
    tokenHeader.toLowerCase(),
    ...(traceId !== undefined && row.coversTraceId ? ['approov-traceid'] : []),
    ...(status !== undefined && row.coversStatus ? ['approov-status'] : []),
    ...(has(headers, 'authorization') && tokenHeader.toLowerCase() !== 'authorization' ? ['authorization'] : []),
    ...content,
    ...(hasDigest ? ['content-digest'] : []),
  ].filter((name, index, all) => all.indexOf(name) === index);
}

function coversContent(name: string, headers: readonly HeaderLine[], row: ClientRow): boolean {
  if (row.contentHeaders === 'after-signing') return false;
  const isZero = headers.some(([given, value]) => given.toLowerCase() === name && value.trim() === '0');
  return !(row.contentHeaders === 'if-set-and-not-zero' && name === 'content-length' && isZero);
}

interface Signing {
  readonly options: SignRequestOptions;
  readonly row: ClientRow;
  readonly covered: readonly string[];
  readonly headers: readonly HeaderLine[];
}

interface LabelSignature {
  readonly label: SignatureLabel;
  readonly base: string;
  readonly input: string;
  readonly value: string;
}

function signatureOf(label: SignatureLabel, { options, row, covered, headers }: Signing): LabelSignature {
  const content = { covered, parameters: parametersOf(label, options, row), request: { ...options.request, headers } };
  const base = signatureBaseOf(content, row);
  const signature = signBase(base, keyOf(label, options), row.der && label === 'install');
  return { label, base, input: signatureParams(content), value: VALUE[row.value](signature) };
}

function keyOf(label: SignatureLabel, { installationKey, accountKey }: SigningKeys): SignatureKey {
  if (label === 'install' && installationKey !== undefined) return { install: installationKey };
  if (label === 'account' && accountKey !== undefined) return { account: accountKey };
  throw new RangeError(`${label === 'install' ? 'installationKey' : 'accountKey'}: needed for the label ${label}`);
}

function parametersOf(label: SignatureLabel, options: SignRequestOptions, row: ClientRow): string {
  const { now, lifetimeSeconds = 15, parameters = {} } = options;
  const created = Math.floor(now / 1000);
  const own = Object.entries(parameters).map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&')}"`);
  const text = { alg: `alg="${ALGORITHM_OF[label]}"`, created: `created=${created}`, expires: `expires=${created + lifetimeSeconds}` };
  return [...own, ...row.parameterOrder.filter((name) => name !== 'expires' || lifetimeSeconds > 0).map((name) => text[name])].join(';');
}

function baseDigest(signatures: readonly LabelSignature[], form: 'plain' | 'by-label'): string {
  const digest = (base: string): string => `:${createHash('sha256').update(base, 'latin1').digest('base64')}:`;
  if (form === 'plain') return `sha-256=${digest(signatures[0]?.base ?? '')}`;
  return signatures.map(({ label, base }) => `${label}=${digest(base)}`).join(', ');
}

/** What {@link signExample} takes. */
export type SignExampleOptions = Required<Pick<SignRequestOptions, 'request' | 'token' | 'now' | 'installationKey'>>;

/**
 * Signs a request for a demonstration: as apps with OkHttp do, with the installation's key, and good for as long as the guard's `maxAgeSeconds` says.
 * SDKs let a signature live for 15 seconds: too short for somebody who copies a line into a terminal, or edits the request first.
 */
export function signExample(options: SignExampleOptions): SignedRequest {
  return signRequest({ client: 'okhttp-3.8', sign: 'install', lifetimeSeconds: 0, ...options });
}
