/** The guard's options as a user writes them. `compile/` checks them and turns them into policies. */

import type { Mode } from '../core/judge/policy.ts';
import type { ReplayStore } from '../core/ports.ts';
import type { RequestView } from '../core/request-view.ts';
import type { Bytes, Seconds } from '../core/time.ts';
import type { Claims } from '../core/token/verified.ts';
import type { RefusalOptions } from '../http/refusal.ts';
import type { KeysOptions } from '../keys/key-options.ts';
import type { RuleOptions } from './compile/rules.ts';
import type { GuardWarning } from './gauges.ts';
import type { OnVerdict } from './report.ts';
import type { SignatureOptions } from './signature-options.ts';

/** How the attestation token is read and checked. */
export interface TokenOptions {
  /** The header that carries the token. Default `approov-token`. */
  readonly header?: string;
  /**
   * The scheme that precedes the token in that header, such as `Bearer`. Default `null`: the bare token. `{ optional: 'Bearer' }`: with it or bare,
   * while versions of the app of both kinds are in use. It names no credential, so either way the same token is judged.
   */
  readonly prefix?: string | { readonly optional: string } | null;
  /**
   * The header in which the SDKs say why they have no token (okhttp from 3.7 on), so that such an app is not taken for one without the SDK: the
   * reason is then `token-sdk-status`. It proves nothing. Default `approov-status`; `null`: it is not looked at.
   */
  readonly statusHeader?: string | null;
  /** The longest token that is looked at, 512 to 65536 bytes. Default 8192. A larger limit costs CPU under a flood. */
  readonly maxBytes?: Bytes;
  /** How far clocks may differ when `exp` and `nbf` are judged, 0 to 300 s. Default 0. Relaxing it lets expired tokens live on. */
  readonly clockToleranceSeconds?: Seconds;
  /** The longest remaining life that is accepted, 1 s to 3650 days. Default `null`: unlimited, so that long-lived test tokens work. */
  readonly maxLifetimeSeconds?: Seconds | null;
  /** The accepted values of `iss`. Default `null`: `iss` is not checked. */
  readonly issuer?: string | readonly string[] | null;
  /**
   * The accepted values of `aud`, which a token must then have. `null`: any is accepted, also that of another of your API domains. Default: a
   * token may lack `aud`; one that has it must name a host of the option `origin` (with or without port), and is refused where `origin`
   * names none (RFC 7519 §4.1.3).
   */
  readonly audience?: string | readonly string[] | null;
  /** Where tokens are remembered so that each is accepted once. Default `null`: a token may be used until it expires. For routes such as payments. */
  readonly replay?: ReplayStore | null;
}

/** How the token is bound to other header values. */
export interface BindingOptions {
  /** The bound headers. Several are concatenated without a separator, in this order (the platform's rule). */
  readonly headers: readonly string[];
  /**
   * A token without `pay`: `reject` (default) or `accept`. `accept` keeps fail-over tokens working, which never carry `pay`;
   * it costs the binding of every token that was never bound. A `pay` that is present is checked either way.
   */
  readonly missing?: 'reject' | 'accept';
  /** What of `authorization` is hashed: the `whole` value (default, what the SDK's setBindingHeader does), or the part after `Bearer `. */
  readonly value?: 'whole' | 'without-bearer';
}

/** How the origin that the client saw is found: fixed, or as the request arrived, with forwarding fields believed only from trusted proxies. */
export type OriginOptions =
  | string
  | {
      /**
       * Addresses or CIDR blocks of your proxies, or `loopback`, `linklocal`, `uniquelocal`, `unix` (peers on a Unix socket of Node's). Default:
       * none, so forwarding fields are ignored.
       */
      readonly trustedProxies?: readonly string[];
      /**
       * How many of your proxies each request passes, 1 to 16, where their addresses are not known: in each forwarding field, the member that the
       * outermost of them wrote counts. **Whoever reaches the server past them is believed**, and so is a client's own field that fewer of them append
       * to: close every other way, and have each of them append to each field that it writes. Default: none; not together with `trustedProxies`.
       */
      readonly trustedHops?: number;
      /** The hosts that are yours; a request for another has no origin. Default: any well-formed host. */
      readonly hosts?: readonly string[];
    };

/** `enforce` or `observe` for everything, or for each check by itself. */
export type ModeOptions =
  | Mode
  | {
      /** Default `enforce`. `observe` lets requests without a good token pass: for a roll-out. */
      readonly token?: Mode;
      /** Default `enforce`, or `observe` where the token is only observed. `observe` lets tokens of other users pass. */
      readonly binding?: Mode;
      /** Default `enforce`, or `observe` where the token is only observed. `observe` lets altered and repeated requests pass. */
      readonly signature?: Mode;
    };

/** What a {@link ModeSource} goes by. */
export interface ModeFacts {
  /** The request. Nothing that it says of itself is verified. */
  readonly request: RequestView;
  /** The claims of the token if its signature held, whatever failed afterwards; else `null`. */
  readonly claims: Claims | null;
  /** The moment of judgement, milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Says in which mode one request is judged, where that is to change without a deployment: by cohort, by a switch. Asked once for each request that
 * some check did not hold for, and for what passed, synchronously. One that throws, or answers no mode, **enforces**. It must not go by anything
 * but the facts and settings that stand still while requests are judged, and must not keep the request. `@approov-guard/rollout` makes such sources.
 */
export type ModeSource = (facts: ModeFacts) => ModeOptions;

/** What a single route may demand differently from the guard as a whole. */
export interface RouteOptions {
  /** How the attestation token is read and checked. Default: as the guard does; every token must verify either way. */
  readonly token?: TokenOptions;
  /** `null` switches binding off for this route. */
  readonly binding?: BindingOptions | null;
  /** `null` switches message signatures off for this route. */
  readonly signature?: SignatureOptions | null;
  /** What is done with what was found. Default: that of the guard. */
  readonly mode?: ModeOptions | ModeSource;
}

/** Which requests belong to a route. At least one member; all that are given must fit. */
export interface RouteMatchOptions {
  /** The host that the client asked for, without port: exact, or `*.example.com` for everything below. Behind a proxy see `origin`. Default: any. */
  readonly host?: string | readonly string[];
  /**
   * `/pay`, or `/pay/*` for `/pay` and everything below, percent-encoded. Demands match loosely (case, encoding, a slash at the end), and what
   * matches only loosely has to satisfy the routes after it, too. Exemptions match byte for byte. Default: any.
   */
  readonly path?: string | readonly string[];
  /** Another word for `path`. Default: any. */
  readonly paths?: string | readonly string[];
  /** The methods. `GET` includes `HEAD`. Default: any. */
  readonly methods?: string | readonly string[];
}

/** A policy for some of the requests, chosen by what the request says. */
export type MatchedRouteOptions =
  | (RouteOptions & {
      readonly match: RouteMatchOptions;
      /** Shown to `onVerdict`. Default: its place, such as `routes[0]`. */
      readonly name?: string;
      /** The keys of this route's API domain. Default: those of the guard. */
      readonly keys?: KeysOptions;
    })
  | {
      /** Must name paths. */
      readonly match: RouteMatchOptions;
      readonly name?: string;
      /** Such requests pass unjudged, if their path is the row's byte for byte. */
      readonly exempt: true;
    };

/** How much is remembered. Each number is what is held: a fleet of that size finds all its entries. */
export interface CacheOptions {
  /**
   * How many verified tokens are held for each key source, 2 to 1000000, so that the next request with the same token costs a comparison.
   * Default 20000 (about 16 MiB when full). A token with a MAC is held when it comes a second time.
   */
  readonly maxTokens?: number;
  /**
   * How many opened keys of installations are held for message signatures, 2 to 1000000. Default 10000 (about 40 MiB when full, most of it
   * OpenSSL's). A device whose key is not held costs opening it: about half a verification more.
   */
  readonly maxInstallationKeys?: number;
}

/** What one signing key may take of the replay store. */
export interface ShareOptions {
  /** Signed requests a second that were proven, 0.01 to 1000000. Default 50. More lets one device fill the store faster. */
  readonly perSecond?: number;
  /** How many of them at once, after a pause, 1 to 1000000. Default 500. */
  readonly burst?: number;
  /** Entries of the replay store at a time, 1 to 10000000. Default 5000. A larger share leaves room for fewer hostile devices. */
  readonly entries?: number;
}

/** What bodies may take that are read to compare their digests. A body is counted from its first byte until its digest was compared. */
export interface BodyOptions {
  /** Bytes of the whole guard, 1024 to 1 TiB. Default 128 MiB, and at least four times `signature.maxBodyBytes`. Over it: 503. */
  readonly maxBytes?: Bytes;
  /** Bytes for one signing key, 1024 to 1 TiB. Default 8 MiB, and at least twice `signature.maxBodyBytes`. Over it: 503, for this key alone. */
  readonly maxBytesPerKey?: Bytes;
  /**
   * How long a body may take to arrive once its signature is verified, 0.1 to 3600 s, however soon the signature ends. Default 60: phones are
   * slow. Then 408. Entries of the replay store live so much longer.
   */
  readonly deadlineSeconds?: Seconds;
}

/** Options of {@link createGuard}. Unknown names are refused. */
export interface GuardOptions extends RouteOptions {
  /** Where the keys come from that verify tokens: the account's secret, public keys, a URL, or a source of your own. */
  readonly keys: KeysOptions;
  /** Which header values the token is bound to. Default: no binding. */
  readonly binding?: BindingOptions | null;
  /** What is demanded of message signatures. Default: none are asked for. */
  readonly signature?: SignatureOptions | null;
  /** What is done with what was found: enforced, or only observed. Default `enforce`. A function is asked for the mode of each request. */
  readonly mode?: ModeOptions | ModeSource;
  /**
   * Other demands for other requests: the first whose `match` fits is used, what it does not say is taken from the guard's own options, and
   * a request that none fits is judged by the guard's own options. Where servers may disagree about a path, the request has to satisfy
   * every route whose host and method may be its own, and the guard's own options. Where something rewrote the path before the guard, it has to
   * satisfy what both paths demand. What is rewritten behind the guard is not seen. Default: none.
   */
  readonly routes?: readonly MatchedRouteOptions[];
  /**
   * Deny and allow rules, asked in this order of every token that verified, remembered or not. Default: none. A rule that fails makes the
   * verdict `unavailable`.
   */
  readonly rules?: readonly RuleOptions[];
  /**
   * Paths that pass unjudged: exact (`/health`) or everything below (`/public/*`), percent-encoded and compared byte for byte, without the query. A
   * path that was rewritten before the guard is exempt if it was before and is after. A path whose meaning is ambiguous (`%2f`, `..`, `//`, `;`,
   * `\` …) is never exempt. Default: none.
   */
  readonly exempt?: readonly string[];
  /**
   * True CORS preflights (OPTIONS with Origin and Access-Control-Request-Method, which cannot carry a token): `judge` (default) refuses them like
   * every request without a token, so put CORS before the guard. `pass` lets them through unjudged to whatever handles OPTIONS behind the guard:
   * never upgrades, requests with a body (or where the platform cannot tell), or requests that go on to another server.
   */
  readonly preflight?: 'judge' | 'pass';
  /** What is remembered of tokens and installations. Default: see there. `null`: no tokens, which costs a signature verification for each request. */
  readonly cache?: CacheOptions | null;
  /**
   * What one signing key may take of the replay store: the claim `ipk`, else the device (`did`), else the token. Taken once the signature is
   * proven; beyond it the answer is 429, before the store is asked. Default: numbers that no app reaches. `null`: one client may fill the store.
   */
  readonly share?: ShareOptions | null;
  /** What bodies may take whose digests are compared: bytes, and time to arrive. Default: see there. */
  readonly bodies?: BodyOptions;
  /** How scheme and authority are found as the client saw them; message signatures and host routes depend on it. Default: as the request arrived. */
  readonly origin?: OriginOptions | null;
  /** What the client sees of a refusal. Default: 401, `{}`. */
  readonly refusal?: RefusalOptions;
  /**
   * Called once for each judgement, synchronously, one after the other where there are several; `facts.again` tells the later judgements of one
   * request. What one throws is dropped and counted: it cannot change the decision, nor keep the others from hearing of it. Default: none.
   */
  readonly onVerdict?: OnVerdict | readonly OnVerdict[];
  /**
   * Whether the first refusal, and the first fault, of each code in a process prints one line to stderr: the code, the request's method and path, and what to do.
   * Default: yes, unless `onVerdict` is given. Never in production, whatever this says (see `environment`). `DEBUG=approov-guard` in the environment
   * prints a line for every verdict, in production as well. No line holds a token, a secret or a bound value.
   */
  readonly hints?: boolean;
  /**
   * Told when the guard is used in a way that undoes its protection: guards with equal options and memory stores of their own are made again and
   * again. Default: a process warning, or the console.
   */
  readonly onWarning?: (warning: GuardWarning) => void;
  /** The clock, milliseconds since the epoch. Default `Date.now`, looked up at each reading: a test may replace it. */
  readonly now?: () => number;
  /**
   * Whether well-known test secrets are refused, and tokens that an emulator of the issuing cloud made (`token-from-emulator`). Default:
   * `production` if `NODE_ENV` says so, else `development`.
   */
  readonly environment?: 'production' | 'development';
}
