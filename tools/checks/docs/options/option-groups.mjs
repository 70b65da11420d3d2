/** The chapters of docs/options.md. */

/** The table, its type, the heading, and what stands below it. */
export const GROUPS = /** @type {const} */ ([
  ['GUARD', 'GuardOptions', 'The guard', 'What `createGuard` and every `approov(…)` take. Only `keys` is required.'],
  ['TOKEN', 'TokenOptions', '`token`', 'How the attestation token is read and checked.'],
  ['BINDING', 'BindingOptions', '`binding`', 'Which header values the token is bound to.'],
  ['SIGNATURE', 'SignatureOptions', '`signature`', 'What is demanded of message signatures. `{}` takes every default.'],
  [
    'ACCOUNT_KEY',
    'AccountKeyOptions',
    '`signature.accountKeys[]`',
    'An account key, in the one encoding in which you have it: at least 32 bytes.',
  ],
  ['TOLERANCES', 'Tolerances', '`signature.tolerances`', 'Which deviations of the client SDKs are accepted. Each defaults to `true`.'],
  [
    'MODE',
    'ModeOptions',
    '`mode`',
    'Either one word for everything, or a word for each check, or a function that is asked at each request.',
  ],
  [
    'MATCHED_ROUTE',
    'MatchedRouteOptions',
    '`routes[]`',
    'Other demands for other requests: beside these, `token`, `binding`, `signature` and `mode`.',
  ],
  ['MATCH', 'RouteMatchOptions', '`routes[].match`', 'Which requests a row is for. All that is given must fit.'],
  ['RULE', 'RuleOptions', '`rules[]`', 'What your own knowledge says of a token that verified. Beside the name exactly one of the kinds.'],
  ['CACHE', 'CacheOptions', '`cache`', 'How much is remembered.'],
  ['SHARE', 'ShareOptions', '`share`', 'What one signing key may take.'],
  ['BODIES', 'BodyOptions', '`bodies`', 'What bodies may take whose digests are compared.'],
  ['ORIGIN', 'OriginOptions', '`origin`', 'Either a text such as `https://api.example.com`, or these.'],
  ['REFUSAL', 'RefusalOptions', '`refusal`', 'What the client sees. Either `render`, or the other two.'],
  ['STATIC_KEYS', 'StaticKeysOptions', '`keys`', 'Keys in the configuration. A list takes them from several places.'],
  ['SECRET', 'SecretOptions', '`keys.secret`, `keys.secrets[]`', 'An account secret, in the one encoding in which you have it.'],
  ['REMOTE_KEYS', 'RemoteKeysSettings', '`keys.jwksUrl`, `keysFromUrl`', 'Keys at a URL: beside `jwksUrl`, or `url` of `keysFromUrl`.'],
  ['CHOSEN_KEYS', 'ChosenKeysOptions', '`keys.choose`', 'Keys that a function chooses, for many tenants.'],
  ['KEY_FILE', 'KeysFromFileOptions', '`keysFromFile`', 'Keys in a file that is read again when it changes.'],
  ['MEMORY_REPLAY', 'MemoryReplayOptions', '`memoryReplayStore`', 'Replay memory of one process.'],
  ['REDIS_REPLAY', 'RedisReplayOptions', '`redisReplayStore`', 'Replay memory that instances share.'],
  ['LOGGING', 'LoggingOptions', 'Loggers', 'What the loggers of `approov-guard/logging` take.'],
]);

export const INTRO = `<!-- Generated from packages/guard/src/checks/option-table.ts and the doc comments of the option types by \`node tools/checks/docs/check-options.mjs --write\`. Do not edit. -->

Every option of \`createGuard\`, of its parts, and of the key sources and replay stores. An unknown option, or a value out of its bounds, is a
\`ConfigurationError\` at start. A [policy file](policy-file.md) takes the same options, except for functions. Times are in seconds, sizes in bytes.

The defaults are as strict as genuine apps allow. Where a looser setting costs protection, the last column says so. Terms are in the [glossary](glossary.md).`;
