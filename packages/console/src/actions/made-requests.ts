/** How the requests of the builder are made. */
import {
  exampleToken,
  freshInstallationKey,
  type InstallationKey,
  type IssueOptions,
  type SecretText,
  signExample,
} from '@approov-guard/testkit';
import type { WireRequest } from '../wire.ts';

/** Where requests go, and what makes their tokens. */
export interface Target {
  /** The API's origin, such as `http://127.0.0.1:8002`. */
  readonly origin: string;
  readonly secret: SecretText;
  /** The value of the header `Api-Key`, where the API asks for one. */
  readonly apiKey: string;
  /** Paths: one that asks for a token, one for a token bound to `Authorization`, one for a signed request. */
  readonly paths: { readonly token: string; readonly binding: string; readonly signature: string };
}

/** A request as it is sent. */
export interface Built {
  readonly sent: WireRequest;
  /** What the app signed, where that is known: who compares it with what was sent finds the line that differs. */
  readonly signed: WireRequest | null;
  /** How often it is sent. */
  readonly times: number;
}

/** Makes a request for this API, at this moment (milliseconds since the epoch). */
export type Make = (target: Target, now: number) => Built;

export const USER = 'Bearer session-of-alice';
export const OTHER_USER = 'Bearer session-of-mallory';
export const TEN_MINUTES_MS = 600_000;
/** The installation of the demonstration's app, and another one. */
export const ALICE: InstallationKey = freshInstallationKey();
export const MALLORY: InstallationKey = freshInstallationKey();

type Mint = (options: IssueOptions) => string;
type Lines = readonly (readonly [string, string])[];

export function plain(target: string, headers: Lines, times = 1): Built {
  return { sent: { method: 'GET', target, headers, body: null }, signed: null, times };
}

/** A request with a token and nothing else. */
export function withToken(mint: Mint): Make {
  return ({ secret, paths }, now) => plain(paths.token, [['Approov-Token', mint({ secret, now })]]);
}

/** A request with what stands in the token's place. */
export function withText(...values: readonly string[]): Make {
  return ({ paths }) =>
    plain(
      paths.token,
      values.map((value) => ['Approov-Token', value]),
    );
}

export function bound(headers: Lines, bind: string | null = USER): Make {
  return ({ secret, paths }, now) =>
    plain(paths.binding, [['Approov-Token', exampleToken({ secret, now, ...(bind === null ? {} : { bind }) })], ...headers]);
}

interface SignedSettings {
  readonly by?: InstallationKey;
  /** How long ago it was signed, milliseconds. */
  readonly ago?: number;
  readonly body?: string;
  readonly times?: number;
  /** What happens to it on its way. */
  readonly change?: (request: WireRequest, target: Target, now: number) => WireRequest;
}

export function signed({ by = ALICE, ago = 0, body, times = 1, change }: SignedSettings = {}): Make {
  return (target, now) => {
    const { origin, secret, apiKey, paths } = target;
    const headers: Lines = [['Api-Key', apiKey], ...(body === undefined ? [] : ([['Content-Type', 'application/json']] as const))];
    const request = { method: 'GET', url: origin + paths.signature, headers, ...(body === undefined ? {} : { body }) };
    const token = exampleToken({ secret, now, claims: { ipk: ALICE.ipk } });
    const made = signExample({ installationKey: by, token, request, now: now - ago });
    const asSigned: WireRequest = { method: made.method, target: made.target, headers: made.headers, body: body ?? null };
    return { sent: change?.(asSigned, target, now) ?? asSigned, signed: asSigned, times };
  };
}

/** The request with another value for a header. */
export function exchanged(request: WireRequest, name: string, value: string): WireRequest {
  return { ...request, headers: request.headers.map(([given, old]) => [given, given === name ? value : old]) };
}
