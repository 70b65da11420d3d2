/** Signed requests for the table: as each client library sends them, and what an attacker makes of them. */
import {
  type AccountSigningKey,
  type ClientName,
  freshAccountKey,
  freshInstallationKey,
  type InstallationKey,
  type IssueOptions,
  type SigningConfiguration,
  signRequest,
} from '@approov-guard/testkit';
import type { Demands, GuardSetup, Setup } from '../../adapters/adapter.ts';
import type { HeaderLine, WireRequest } from '../../run/wire.ts';
import type { Case, Expected } from '../case.ts';
import { app, NOW, perRoute, token } from '../setups.ts';

/** How the requests arrive. `TABLE_SCHEME=https`: over TLS, which signatures cover. */
export const SCHEME: 'http' | 'https' = process.env.TABLE_SCHEME === 'https' ? 'https' : 'http';

/** The app installation of these requests, and another one. */
export const installation: InstallationKey = freshInstallationKey();
export const otherInstallation: InstallationKey = freshInstallationKey();
/** The account's message-signing key. */
export const account: AccountSigningKey = freshAccountKey();

/** What is demanded, by the label that is asked for. */
export const DEMANDS = {
  install: { signature: {} },
  account: { signature: { label: 'account', accountKeys: [account] } },
} as const satisfies { readonly [label: string]: Demands };

/** Apps that ask for a signature, all else at the defaults: the origin is the one at which the request arrives. */
export const signed: Setup = app('signed', DEMANDS.install);
export const accountSigned: Setup = app('account', DEMANDS.account);

/** An app that asks for an installation's signature. */
export function signedApp(name: string, signature: NonNullable<Demands['signature']>, guard: Partial<GuardSetup> = {}): Setup {
  return app(`signed, ${name}`, { ...guard, signature });
}

/** One guard, demands route by route. */
export function signedRoutes(name: string, guard: Partial<GuardSetup>, demands: { readonly [path: string]: Demands | 'none' }): Setup {
  const routes = Object.entries(demands).map(([path, demanded]) => ({ path, behaviour: 'echo' as const, demands: demanded }));
  return perRoute(name, guard, routes);
}

/** A token that carries the installation's key and the account key's id, as real ones do. */
export function signingToken(options: Partial<IssueOptions> = {}): string {
  return token({ ...options, claims: { ipk: installation.ipk, mskid: account.id, ...options.claims } });
}

/** A request that an app makes. */
export interface AppCall extends Omit<SigningConfiguration, 'sign'> {
  readonly client?: ClientName;
  readonly sign?: SigningConfiguration['sign'];
  readonly method?: string;
  /** Default `/shapes`; a number is added, so that no two requests have the same signature. */
  readonly target?: string;
  /** Default `http://api.example.com` (or `https:`), where the request arrives. */
  readonly origin?: string;
  readonly headers?: readonly HeaderLine[];
  readonly body?: string | Uint8Array | null;
  readonly framing?: 'length' | 'chunked';
  readonly token?: string;
  readonly installation?: InstallationKey;
  /** When it was signed. Default {@link NOW}. */
  readonly at?: number;
}

let count = 0;

/** `target` with a number in its query. */
export function numbered(target: string): string {
  count += 1;
  return `${target}${target.includes('?') ? '&' : '?'}n=${count}`;
}

/** The request as it goes out, signed. */
export function call(made: AppCall = {}): WireRequest {
  const {
    client = 'okhttp-3.8',
    sign = 'install',
    method = 'GET',
    origin = `${SCHEME}://api.example.com`,
    headers = [],
    body = null,
  } = made;
  const target = made.target ?? numbered('/shapes');
  const outgoing = signRequest({
    ...made,
    client,
    sign,
    request: { method, url: `${origin}${target}`, headers, body },
    token: made.token ?? signingToken(),
    installationKey: made.installation ?? installation,
    accountKey: account,
    now: made.at ?? NOW,
  });
  // The wire writes this line itself, where there is a body.
  const lines = outgoing.headers.filter(([name]) => name.toLowerCase() !== 'content-length');
  const framed = outgoing.body === null ? {} : { body: { chunks: [outgoing.body], framing: made.framing ?? 'length' } as const };
  return { method: outgoing.method, target: outgoing.target, headers: lines, ...framed };
}

/** The value of a header that is sent once. */
export function headerOf({ headers = [] }: WireRequest, name: string): string {
  const values = headers.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);
  if (values.length !== 1) throw new Error(`${name} is sent ${values.length} times`);
  return values[0] ?? '';
}

/** The request with another value of a header; `null` takes the header out. */
export function withHeader(request: WireRequest, name: string, value: string | null): WireRequest {
  const { headers = [] } = request;
  if (!headers.some(([given]) => given.toLowerCase() === name)) throw new Error(`${name} is not sent`);
  const lines = headers.flatMap((line): readonly HeaderLine[] => {
    if (line[0].toLowerCase() !== name) return [line];
    return value === null ? [] : [[line[0], value]];
  });
  return { ...request, headers: lines };
}

/** The request with a header's value edited. The edit must change it. */
export function edited(request: WireRequest, name: string, edit: (value: string) => string): WireRequest {
  const before = headerOf(request, name);
  const after = edit(before);
  if (after === before) throw new Error(`${name}: nothing to edit in ${before}`);
  return withHeader(request, name, after);
}

/** The request with another body. */
export function withBody(request: WireRequest, body: string): WireRequest {
  return { ...request, body: { chunks: [Buffer.from(body)], framing: request.body?.framing ?? 'length' } };
}

/** What a case expects beside the verdict. */
type More = Partial<Omit<Expected, 'verdict'>> & { readonly signature?: string; readonly digest?: string };

/** What is answered with another status than 401. */
const STATUS: { readonly [verdict: string]: number } = { accepted: 200, unguarded: 200, 'digest-body-too-large': 413 };

/** 200 if accepted or unguarded, else that of the reason, unless it says more. */
export function expecting(verdict: string, { signature, digest, ...more }: More = {}): Expected {
  const echo: Expected['echo'] = (seen) => {
    if (signature !== undefined && seen.signature !== signature) throw new Error(`the handler saw signature ${seen.signature}`);
    if (digest !== undefined && seen.digest !== digest) throw new Error(`the handler saw digest ${seen.digest}`);
  };
  return { status: STATUS[verdict] ?? 401, verdict, echo, ...more };
}

/** One request of these families. */
export function row(setup: Setup, name: string, request: WireRequest, expected: Expected): Case {
  return { name: `${setup.name}: ${name}`, setup, request, expected };
}

/** Several requests, one after the other. */
export function sequence(setup: Setup, name: string, steps: readonly (readonly [WireRequest, Expected])[]): Case {
  return {
    name: `${setup.name}: ${name}`,
    setup,
    run: async ({ expect }) => {
      for (const [request, expected] of steps) await expect(request, expected);
    },
  };
}
