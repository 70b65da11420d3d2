/**
 * Every option that is checked: its name and, where it is a number or one of a few words, what it may be and what it is where it is left out (the first
 * of the words). `null`: what it may be is checked where it is used. The checks, "did you mean", the schema of policy files and `docs/options.md` rest on
 * these tables. What an option does, and what relaxing it costs, is said once: in the doc comment of its type.
 */

/** What a number may be, and what it is where it is left out. */
export interface NumberRow<F extends number | null = number | null> {
  readonly min: number;
  readonly max: number;
  readonly fallback: F;
  readonly unit: string;
}

/** Which words there are; the first one where the option is left out. */
export interface WordRow<W extends string = string> {
  readonly words: readonly [W, ...W[]];
}

/** The options that stand in one object. */
export type OptionGroup = { readonly [name: string]: NumberRow | WordRow | null };

/** `token`. */
export const TOKEN = {
  header: null,
  prefix: null,
  statusHeader: null,
  maxBytes: { min: 512, max: 65_536, fallback: 8192, unit: 'bytes' },
  clockToleranceSeconds: { min: 0, max: 300, fallback: 0, unit: 'seconds' },
  maxLifetimeSeconds: { min: 1, max: 315_360_000, fallback: null, unit: 'seconds' },
  issuer: null,
  audience: null,
  replay: null,
} as const;

/** `binding`. */
export const BINDING = {
  headers: null,
  missing: { words: ['reject', 'accept'] },
  value: { words: ['whole', 'without-bearer'] },
} as const;

/** `signature`. */
export const SIGNATURE = {
  label: { words: ['install', 'account'] },
  accountKeys: null,
  required: null,
  maxAgeSeconds: { min: 1, max: 86_400, fallback: 300, unit: 'seconds' },
  clockToleranceSeconds: { min: 0, max: 300, fallback: 60, unit: 'seconds' },
  missingKey: { words: ['reject', 'accept'] },
  digest: { words: ['if-present', 'required', 'delegated'] },
  nonce: { words: ['optional', 'required'] },
  tag: null,
  maxBytes: { min: 256, max: 65_536, fallback: 4096, unit: 'bytes' },
  maxBodyBytes: { min: 0, max: 1_073_741_824, fallback: 1_048_576, unit: 'bytes' },
  tolerances: null,
  replay: null,
} as const;

/** A member of `signature.accountKeys`. */
export const ACCOUNT_KEY = { id: null, base64: null, base64url: null, bytes: null } as const;

/** `mode`, where it is not one word for everything. */
export const MODE = {
  token: { words: ['enforce', 'observe'] },
  binding: { words: ['enforce', 'observe'] },
  signature: { words: ['enforce', 'observe'] },
} as const;

/** What a route of an adapter demands. */
export const ROUTE = { token: null, binding: null, signature: null, mode: null } as const;

/** A member of `routes`, beside what it demands. */
export const MATCHED_ROUTE = { match: null, name: null, keys: null, exempt: null } as const;

/** `match` of a member of `routes`. */
export const MATCH = { host: null, path: null, paths: null, methods: null } as const;

/** A member of `rules`. */
export const RULE = {
  name: null,
  denyDids: null,
  allowDids: null,
  denyTokens: null,
  deny: null,
  allow: null,
  timeoutSeconds: { min: 0.01, max: 60, fallback: 2, unit: 'seconds' },
} as const;

/** `cache`. */
export const CACHE = {
  maxTokens: { min: 2, max: 1_000_000, fallback: 20_000, unit: 'tokens' },
  maxInstallationKeys: { min: 2, max: 1_000_000, fallback: 10_000, unit: 'keys' },
} as const;

/** `share`. */
export const SHARE = {
  perSecond: { min: 0.01, max: 1_000_000, fallback: 50, unit: 'requests a second' },
  burst: { min: 1, max: 1_000_000, fallback: 500, unit: 'requests' },
  entries: { min: 1, max: 10_000_000, fallback: 5000, unit: 'entries' },
} as const;

/** `bodies`. */
export const BODIES = {
  maxBytes: { min: 1024, max: 1_099_511_627_776, fallback: null, unit: 'bytes' },
  maxBytesPerKey: { min: 1024, max: 1_099_511_627_776, fallback: null, unit: 'bytes' },
  deadlineSeconds: { min: 0.1, max: 3600, fallback: 60, unit: 'seconds' },
} as const;

/** `origin`, where it is not a text. */
export const ORIGIN = {
  trustedProxies: null,
  trustedHops: { min: 1, max: 16, fallback: null, unit: 'hops' },
  hosts: null,
} as const;

/** `refusal`. */
export const REFUSAL = {
  status: { min: 400, max: 499, fallback: 401, unit: 'HTTP status' },
  format: { words: ['empty', 'problem'] },
  render: null,
} as const;

/** The options of a guard. */
export const GUARD = {
  keys: null,
  token: null,
  binding: null,
  signature: null,
  mode: null,
  routes: null,
  rules: null,
  exempt: null,
  preflight: { words: ['judge', 'pass'] },
  cache: null,
  share: null,
  bodies: null,
  origin: null,
  refusal: null,
  onVerdict: null,
  hints: null,
  onWarning: null,
  now: null,
  environment: { words: ['development', 'production'] },
} as const;

/** `keys`, given in the configuration. */
export const STATIC_KEYS = { secret: null, secrets: null, jwks: null, pem: null, algorithm: null, kid: null } as const;

/** `keys.secret`. */
export const SECRET = {
  kid: null,
  algorithm: { words: ['HS256', 'HS384', 'HS512'] },
  base64: null,
  base64url: null,
  bytes: null,
} as const;

/** `keys` at a URL, beside the URL. */
export const REMOTE_KEYS = {
  algorithm: null,
  timeoutSeconds: { min: 0.1, max: 60, fallback: 5, unit: 'seconds' },
  maxBytes: { min: 1024, max: 10_485_760, fallback: 262_144, unit: 'bytes' },
  refreshSeconds: { min: 10, max: 604_800, fallback: 600, unit: 'seconds' },
  cooldownSeconds: { min: 1, max: 3600, fallback: 10, unit: 'seconds' },
  maxStaleSeconds: { min: 0, max: 2_592_000, fallback: 86_400, unit: 'seconds' },
  headers: null,
  fetch: null,
  name: null,
  onEvent: null,
} as const;

/** `keys` that a function chooses. */
export const CHOSEN_KEYS = {
  choose: null,
  headers: null,
  pathSegments: { min: 0, max: 8, fallback: 0, unit: 'path segments' },
  maxSources: { min: 1, max: 100_000, fallback: 100, unit: 'sources' },
  keepSeconds: { min: 1, max: 86_400, fallback: 300, unit: 'seconds' },
  timeoutSeconds: { min: 0.1, max: 60, fallback: 5, unit: 'seconds' },
} as const;

/** `keysFromFile`. */
export const KEY_FILE = {
  path: null,
  format: { words: ['secret', 'secrets', 'jwks', 'pem'] },
  encoding: { words: ['base64', 'base64url'] },
  algorithm: null,
  kid: null,
  pollSeconds: { min: 0.05, max: 3600, fallback: 5, unit: 'seconds' },
  maxBytes: { min: 64, max: 10_485_760, fallback: 1_048_576, unit: 'bytes' },
  name: null,
  onEvent: null,
  environment: { words: ['development', 'production'] },
} as const;

/** `memoryReplayStore`. */
export const MEMORY_REPLAY = { maxEntries: { min: 1, max: 10_000_000, fallback: 1_000_000, unit: 'entries' }, now: null } as const;

/** `redisReplayStore`. */
export const REDIS_REPLAY = {
  prefix: null,
  timeoutSeconds: { min: 0.01, max: 30, fallback: 0.25, unit: 'seconds' },
  marginSeconds: { min: 0, max: 3600, fallback: 60, unit: 'seconds' },
  now: null,
} as const;

/** The loggers of `approov-guard/logging`. */
export const LOGGING = { perSecond: { min: 1, max: 100_000, fallback: 100, unit: 'lines a second' } } as const;
