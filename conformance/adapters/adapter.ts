/**
 * The contract between the table and an adapter. Setups, requests and what is observed are plain data, so that an adapter may run in
 * another process or runtime.
 */
import type { BindingOptions, GuardOptions, JsonWebKeySet, ModeOptions, RouteOptions, TokenOptions } from 'approov-guard';

/** Where the guard's keys come from. The words stand for key sources that misbehave. */
export type KeysSetup =
  | { readonly secret: { readonly base64: string } }
  | { readonly jwks: JsonWebKeySet }
  | 'unavailable'
  | 'empty'
  | 'failing';

/** How tokens are checked, as data: `memory` is a store in the app's memory, which makes them one-time tokens. */
export type TokenSetup = Omit<TokenOptions, 'replay'> & { readonly replay?: 'memory' };

/** What is demanded of message signatures, as data. Left out, `replay` is the app's memory; `null`: replays are accepted. */
export type SignatureSetup = WithoutStore<NonNullable<RouteOptions['signature']>>;

type WithoutStore<Options> = Options extends unknown ? Omit<Options, 'replay'> & { readonly replay?: null } : never;

/** What a route demands, as data. */
export interface Demands extends Omit<RouteOptions, 'token' | 'signature'> {
  readonly token?: TokenSetup;
  readonly signature?: SignatureSetup | null;
}

/** The guard's options as data. */
export interface GuardSetup {
  readonly keys: KeysSetup;
  /** The guard's clock stands still at this moment, milliseconds since the epoch. */
  readonly nowMs: number;
  readonly token?: TokenSetup;
  readonly binding?: BindingOptions | null;
  readonly signature?: SignatureSetup | null;
  readonly origin?: NonNullable<GuardOptions['origin']>;
  readonly mode?: ModeOptions;
  readonly exempt?: readonly string[];
  readonly routes?: NonNullable<GuardOptions['routes']>;
  readonly preflight?: 'pass' | 'judge';
  /** Default `development`, so that the published secret may be used. */
  readonly environment?: 'production' | 'development';
  /** A renderer is named: `own` answers 418, `throwing` throws, `success` tries to answer 200. */
  readonly refusal?:
    | { readonly status?: number; readonly format?: 'empty' | 'problem' }
    | { readonly render: 'own' | 'throwing' | 'success' };
  /** What the hook does after it has recorded the verdict. */
  readonly hook?: 'throwing';
}

/** What a handler does: see `app/behaviours.ts`. */
export type Behaviour = 'echo' | 'throw' | 'reject' | 'slow';

/** A route. Every path that no route names is answered by an echo. */
export interface RouteSetup {
  readonly path: string;
  readonly behaviour: Behaviour;
  /** In scope `routes`: what this route demands, or `none`. In scope `app` the guard stands before all routes. */
  readonly demands?: Demands | 'none';
}

/** An app to start. */
export interface Setup {
  readonly name: string;
  readonly guard: GuardSetup;
  readonly routes: readonly RouteSetup[];
  /** `app`: one guard before everything. `routes`: each route is protected by itself; paths without a route are not protected. */
  readonly scope: 'app' | 'routes';
  /** For places in front of a server: another one than the echo, by its URL. */
  readonly behind?: string;
  /** The guard on the platform's crypto port, or on Web Cryptography, which makes every decision asynchronous. Only within Node. */
  readonly crypto: 'platform' | 'web';
}

/** A verdict that the guard's hook saw. */
export interface ObservedVerdict {
  /** `accepted`, a reason code or a fault code. */
  readonly code: string;
  readonly action: 'pass' | 'refuse';
  readonly mode: 'enforce' | 'observe';
  readonly id: string;
  readonly method: string;
  readonly path: string;
}

/** A running app. */
export interface Started {
  /** Such as `http://127.0.0.1:8002`. */
  readonly origin: string;
  /** The verdicts since this was last asked, oldest first. */
  verdicts(): Promise<readonly ObservedVerdict[]>;
  close(): Promise<void>;
}

/** What a platform does to requests before anybody sees them. */
export type Quirk =
  /** A target in absolute form becomes a path. */
  | 'absolute-form'
  /** A target in absolute form is answered 404. */
  | 'absolute-form-not-found'
  /** A path that cannot be decoded is answered 500. */
  | 'decodes-paths'
  /** Of the fields that may be there once, such as `Authorization`, the first line is kept, and the others are dropped. */
  | 'first-line'
  /** A target in absolute form that names another host than `Host` is answered 400. */
  | 'contradiction-refused'
  /** A fragment in the target is left out. */
  | 'fragment-dropped'
  /** Header bytes are decoded as UTF-8, and what is none is lost. */
  | 'headers-as-utf8'
  /** A request with OPTIONS has a body object, empty or not. */
  | 'preflights-may-have-bodies'
  /** The query is parsed and written anew: `%20` becomes `+`, a lone `?` goes. */
  | 'query-rewritten'
  /** Paths with `//` or `\`, and targets in absolute form, are answered 308. */
  | 'redirects-targets'
  /** Characters that no URL may hold are answered 400. */
  | 'strict-target'
  /** The router drops a final slash. */
  | 'final-slash-dropped'
  /** A body without `Content-Type` is none. */
  | 'untyped-body-dropped';

/** How the platform differs where it must. */
export interface Traits {
  /** Repeated header lines are joined before anybody sees them (Fetch `Headers`). */
  readonly joinsLines: boolean;
  /** Targets are parsed by the URL standard before anybody sees them (Fetch `Request`): dot segments are gone, `\` is `/`. */
  readonly normalisesTargets: boolean;
  /** The framework reads the body before it asks the guard: of half a body the guard sees nothing. Default: false. */
  readonly readsBodiesFirst?: boolean;
  /** Nobody compares bodies with their digests here: that is left to the server behind. Default: false. */
  readonly seesNoBodies?: boolean;
  /** It answers 400 by itself where it takes a request for malformed, and nobody is asked. Default: false. */
  readonly refusesMalformed?: boolean;
  /** What else the platform does before anybody sees the request. Default: none. */
  readonly quirks?: readonly Quirk[];
  /** Whether an app can be made of a setup. Default: of all. */
  readonly supports?: (setup: Setup) => boolean;
  /** The crypto ports on which the table is run here. */
  readonly crypto: readonly Setup['crypto'][];
}

/** An adapter on its real framework. */
export interface AdapterUnderTest {
  readonly name: string;
  readonly traits: Traits;
  start(setup: Setup): Promise<Started>;
}
