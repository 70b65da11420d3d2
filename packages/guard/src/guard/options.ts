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
  /** How the attestation token is read and checked. It must verify in any case. Default: as the guard does. */
  readonly token?: TokenOptions;
  /** `null` switches binding off for this route. */
  readonly binding?: BindingOptions | null;
  /** `null` switches message signatures off for this route. */
  readonly signature?: SignatureOptions | null;
  /** Whether failures are enforced or only observed. Default: the mode of the guard. */
  readonly mode?: ModeOptions | ModeSource;
}

/** Which requests belong to a route. Give at least one member; all that you give must fit. */
export interface RouteMatchOptions {
  /** The host that the client asked for, without port: exact, or `*.example.com` for all subdomains. Behind a proxy, set `origin`. Default: any. */
  readonly host?: string | readonly string[];
  /**
   * `/pay`, or `/pay/*` for `/pay` and everything below, percent-encoded. Demands match loosely (case, encoding, a slash at the end). A path that
   * matches only loosely also has to satisfy the next routes. Exemptions match byte for byte. Default: any.
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
      /** Such requests pass without a check, if their path is the row's byte for byte. */
      readonly exempt: true;
    };

/** How much is remembered. Each number is a capacity: a fleet of that size finds all its entries. */
export interface CacheOptions {
  /**
   * How many verified tokens are held for each key source, 2 to 1000000. The next request with the same token costs only a comparison.
   * Default 20000 (about 16 MiB when full). A token with a MAC is held when it comes a second time.
   */
  readonly maxTokens?: number;
  /**
   * How many opened keys of installations are held for message signatures, 2 to 1000000. Default 10000 (about 40 MiB when full, most of it
   * OpenSSL's). If a device's key is not held, opening it costs about half a verification.
   */
  readonly maxInstallationKeys?: number;
}

/** What one signing key may take of the replay store. */
export interface ShareOptions {
  /** Verified signed requests a second, 0.01 to 1000000. Default 50. A larger number lets one device fill the store faster. */
  readonly perSecond?: number;
  /** Verified signed requests at once, after a pause, 1 to 1000000. Default 500. */
  readonly burst?: number;
  /** Entries of the replay store at the same time, 1 to 10000000. Default 5000. With a larger share fewer hostile devices fill the store. */
  readonly entries?: number;
}

/** Limits for bodies that are read to compare their digests. A body counts from its first byte until its digest is compared. */
export interface BodyOptions {
  /** Bytes of the whole guard, 1024 to 1 TiB. Default 128 MiB, and at least four times `signature.maxBodyBytes`. Over it: 503. */
  readonly maxBytes?: Bytes;
  /** Bytes for one signing key, 1024 to 1 TiB. Default 8 MiB, and at least twice `signature.maxBodyBytes`. Over it: 503, only for this key. */
  readonly maxBytesPerKey?: Bytes;
  /**
   * How long a body may take to arrive after its signature is verified, 0.1 to 3600 s. Then 408. Entries of the replay store live that much
   * longer. Default 60, as phones can be slow.
   */
  readonly deadlineSeconds?: Seconds;
}

/** Options of {@link createGuard}. Unknown names are refused. */
export interface GuardOptions extends RouteOptions {
  /** The keys that verify tokens: the account secret, public keys, a URL, or your own source. */
  readonly keys: KeysOptions;
  /** The header values that the token must be bound to. Default: no binding. */
  readonly binding?: BindingOptions | null;
  /** What message signatures must have. Default: none are asked for. */
  readonly signature?: SignatureOptions | null;
  /** Whether failures are enforced or only observed. A function gives the mode of each request. Default `enforce`. */
  readonly mode?: ModeOptions | ModeSource;
  /**
   * Other demands for some requests. The first route whose `match` fits is used. What it does not set comes from the guard's own options, and they
   * also apply where no route fits. A path that servers may read differently has to satisfy every route whose host and method may be its own, and
   * the guard's own options. A path that was rewritten before the guard has to satisfy what both paths demand. The guard does not see what is
   * rewritten behind it. Default: none.
   */
  readonly routes?: readonly MatchedRouteOptions[];
  /**
   * Deny and allow rules. They are applied in this order to every verified token, cached or not. If a rule fails, the verdict is `unavailable`.
   * Default: none.
   */
  readonly rules?: readonly RuleOptions[];
  /**
   * Paths that pass without a check: exact (`/health`) or everything below (`/public/*`). They are percent-encoded, and compared byte for byte
   * without the query. A path that was rewritten before the guard is exempt only if both paths are. An ambiguous path (`%2f`, `..`, `//`, `;`, `\` …)
   * is never exempt. Default: none.
   */
  readonly exempt?: readonly string[];
  /**
   * CORS preflights (OPTIONS with Origin and Access-Control-Request-Method, which cannot carry a token). `judge` (default) refuses them like every
   * request without a token, so put CORS before the guard. `pass` lets them through without a check, but never upgrades, requests with a body (or
   * where the platform cannot tell), or requests that go on to another server.
   */
  readonly preflight?: 'judge' | 'pass';
  /** What is remembered of tokens and installations. `null`: no tokens, so each request costs a signature verification. Default: see there. */
  readonly cache?: CacheOptions | null;
  /**
   * What one signing key may take of the replay store: the claim `ipk`, else the device (`did`), else the token. It counts after the signature is
   * verified. Beyond it the answer is 429, before the store is asked. `null`: one client may fill the store. Default: numbers that no app reaches.
   */
  readonly share?: ShareOptions | null;
  /** Limits for bodies whose digests are compared: bytes, and time to arrive. Default: see there. */
  readonly bodies?: BodyOptions;
  /** The scheme and host that the client saw. Message signatures and routes by host depend on it. Default: as the request arrived. */
  readonly origin?: OriginOptions | null;
  /** What the client gets as a refusal. Default: 401, `{}`. */
  readonly refusal?: RefusalOptions;
  /**
   * Hooks that are called once for each decision, synchronously, in this order. `facts.again` marks a later decision about the same request. If a
   * hook throws, the error is dropped and counted: it cannot change the decision or stop the other hooks. Default: none.
   */
  readonly onVerdict?: OnVerdict | readonly OnVerdict[];
  /**
   * Whether the first refusal, and the first fault, of each code in a process prints one line to stderr: the code, the request's method and path, and what to do.
   * Default: yes, unless `onVerdict` is given. Never in production, whatever this says (see `environment`). `DEBUG=approov-guard` in the environment
   * prints a line for every verdict, in production as well. No line holds a token, a secret or a bound value.
   */
  readonly hints?: boolean;
  /**
   * Called when the use of the guard undoes its protection: when guards with equal options, each with its own memory store, are made again and
   * again. Default: a process warning, or the console.
   */
  readonly onWarning?: (warning: GuardWarning) => void;
  /** The clock, milliseconds since the epoch. Default `Date.now`, looked up at each reading: a test may replace it. */
  readonly now?: () => number;
  /**
   * In `production` the guard refuses published test secrets, and tokens of a local stand-in for the issuing cloud (`token-from-emulator`). Default:
   * `production` if `NODE_ENV` says so, else `development`.
   */
  readonly environment?: 'production' | 'development';
}
