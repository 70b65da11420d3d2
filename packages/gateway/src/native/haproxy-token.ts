/** The checks of the token as rules of HAProxy. Every rule notes the first reason; nobody reads a claim before the signature held. */
import { EMULATOR_CLAIM } from 'approov-guard';
import { type Policy, SDK_STATUSES } from 'approov-guard/order';
import { jsonLiteral, literal, quoted, textSample } from './haproxy-text.ts';
import type { NativeKey } from './native-keys.ts';

/** What the rules of one policy depend on. */
export interface TokenRules {
  readonly policy: Policy;
  readonly keys: readonly NativeKey[];
  /** Put before the names of variables, so that several policies do not meet. */
  readonly id: string;
  /** The condition under which the policy counts, or an empty text. */
  readonly when: string;
  /** The clock: an expression that gives seconds. */
  readonly clock: string;
}

/** RFC 8259 as a pattern of PCRE2: `s` a text, `v` a value, `m` a member. White space around members belongs to them. */
const JSON_RULES =
  String.raw`(?(DEFINE)(?<s>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+")` +
  String.raw`(?<v>\s*+(?:(?&s)|-?(?:0|[1-9]\d*+)(?:\.\d++)?(?:[eE][+-]?\d++)?|true|false|null|\{(?:(?&m)(?:,(?&m))*+|\s*+)\}|\[(?:(?&v)(?:,(?&v))*+|\s*+)\])\s*+)` +
  String.raw`(?<m>\s*+(?&s)\s*+:(?&v)))`;

/** A pattern for a JSON object whose member of this name, at its top level, has a value that begins so. White space before it is not given back: no value begins with it. */
export function member(name: string, value: string): string {
  return `^${JSON_RULES}\\s*\\{(?:(?&m),)*?\\s*"${name}"\\s*:\\s*+${value}`;
}

const OBJECT = `^${JSON_RULES}\\s*\\{(?:(?&m)(?:,(?&m))*+|\\s*)\\}\\s*$`;
const TWICE = `^${JSON_RULES}\\s*\\{(?:(?&m),)*?\\s*(?<n>"[^"]*")\\s*:(?&v),(?:(?&m),)*?\\s*\\k<n>\\s*:`;
/** A name that is written with escapes would be another name to a pattern. */
const ESCAPED_NAME = String.raw`"[^"\\]*\\(?:[^"\\]|\\.)*"\s*:`;
/** RFC 3629 §4. */
const UTF8 = String.raw`^(?:[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})*+$`;
/** A number as issuers write moments: digits, and maybe a fraction. */
const MOMENT = String.raw`-?\d{1,15}(?:\.\d{1,20})?\s*`;
const WITH_FRACTION = String.raw`\d{1,15}\.\d*[1-9]`;
/** A claims set whose `exp` is a moment, whole. */
const WITH_EXP = `${member('exp', MOMENT)}(?:,(?&m))*+\\}\\s*$`;
/** Claims of the wrong type: those that are texts, and `iat`. */
const WRONG_TYPE = `^${JSON_RULES}\\s*\\{(?:(?&m),)*?\\s*"(?:(?:did|ip|iss|sub|arc|mskid)"\\s*:\\s*[^"\\s]|iat"\\s*:\\s*[^-\\d\\s])`;
/** RFC 4648 §3.5: no bits are left over. */
export const CANONICAL: string = String.raw`(?:[\w-]{4})*+(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?`;

/** Conditions under which a JSON text has no single meaning. */
function ambiguous(text: string): readonly string[] {
  return [
    `!{ ${text} -m reg ${quoted(OBJECT)} }`,
    `{ ${text} -m reg ${quoted(TWICE)} }`,
    `{ ${text} -m sub ${quoted('\\')} } { ${text} -m reg ${quoted(ESCAPED_NAME)} }`,
    `{ ${text} -m reg ${quoted(String.raw`[\x80-\xff]`)} } !{ ${text} -m reg ${quoted(UTF8)} }`,
  ];
}

/** The rules, a line each. */
export function tokenRules(rules: TokenRules): readonly string[] {
  return [...headerRules(rules), ...formRules(rules), ...signatureRules(rules), ...timeRules(rules), ...claimRules(rules)];
}

/** Notes a reason unless there is one. */
export function reason(
  code: string,
  condition: string,
  { id, when }: Pick<TokenRules, 'id' | 'when'>,
  part: 'token' | 'binding' = 'token',
): string {
  const variable = `txn.${id}${part}`;
  return `http-request set-var(${variable}) str(${code}) if ${when}!{ var(${variable}) -m found } ${condition}`;
}

function headerRules(rules: TokenRules): readonly string[] {
  const { policy, id, when } = rules;
  const { header, prefix, statusHeader = null, maxBytes } = policy.token;
  const value = `var(txn.${id}tok)`;
  const only = when === '' ? '' : ` if ${when.trim()}`;
  const stated = statusHeader === null ? [] : statusRules(statusHeader, rules);
  return [
    `# token-header: one line of ${header}, not too long, that holds a token`,
    reason('token-duplicated', `{ req.fhdr_cnt(${header}) gt 1 }`, rules),
    `http-request set-var(txn.${id}tok) req.fhdr(${header})${only}`,
    reason('token-too-large', `{ ${value},length gt ${maxBytes} }`, rules),
    reason('token-duplicated', `{ ${value} -m sub , }`, rules),
    ...(prefix === null ? [] : prefixRules(prefix, rules)),
    ...stated,
    reason('token-missing', `!{ ${value} -m len gt 0 }`, rules),
    reason('token-sdk-status', `{ ${value} -m str -i ${[...SDK_STATUSES].join(' ')} }`, rules),
  ];
}

function prefixRules(prefix: string, rules: TokenRules): readonly string[] {
  const value = `var(txn.${rules.id}tok)`;
  const scheme = quoted(`^${literal(prefix)}(?: |$)`);
  const isOptional = rules.policy.token.prefixOptional === true;
  return [
    ...(isOptional ? [] : [reason('token-malformed', `{ ${value} -m len gt 0 } !{ ${value} -m reg -i ${scheme} }`, rules)]),
    `http-request set-var(txn.${rules.id}tok) ${quoted(`${value},regsub("^${literal(prefix)}[[:space:]]+|^${literal(prefix)}$","",i)`)}`,
  ];
}

function statusRules(statusHeader: string, rules: TokenRules): readonly string[] {
  const word = quoted('^(?!success$)[a-z][a-z_]{1,31}$');
  return [
    reason(
      'token-sdk-status',
      `!{ var(txn.${rules.id}tok) -m len gt 0 } { req.fhdr_cnt(${statusHeader}) eq 1 } { req.fhdr(${statusHeader}) -m reg -i ${word} }`,
      rules,
    ),
  ];
}

/** What issuers write nearly always, for keys of one algorithm: nothing about such a header has to be looked at. */
export function usualHeaders(keys: readonly NativeKey[]): readonly string[] {
  const [algorithm, ...others] = [...new Set(keys.map((key) => key.algorithm))];
  if (algorithm === undefined || others.length > 0) return [];
  const texts = [`{"alg":"${algorithm}","typ":"JWT"}`, `{"typ":"JWT","alg":"${algorithm}"}`, `{"alg":"${algorithm}"}`];
  return texts.map((text) => Buffer.from(text).toString('base64url'));
}

function formRules(rules: TokenRules): readonly string[] {
  const { id, when } = rules;
  const usual = usualHeaders(rules.keys);
  const head = `var(txn.${id}head)`;
  const strange = `!{ var(txn.${id}usual) -m bool } `;
  const malformed = (condition: string): string => reason('token-malformed', strange + condition, rules);
  const known =
    usual.length === 0
      ? []
      : [`http-request set-var(txn.${id}usual) bool(true) if ${when}{ var(txn.${id}tok),field(1,.) -m str ${usual.join(' ')} }`];
  return [
    '# token-form: a compact JWS whose header names no extension. A header as issuers write it needs no second look',
    reason('token-malformed', `!{ var(txn.${id}tok) -m reg ${quoted(`^[\\w-]+\\.${CANONICAL}\\.${CANONICAL}$`)} }`, rules),
    ...known,
    `http-request set-var(txn.${id}head) var(txn.${id}tok),field(1,.),ub64dec if ${when}!{ var(txn.${id}usual) -m bool }`,
    ...ambiguous(head).map(malformed),
    malformed(`{ ${head} -m reg ${quoted(member('(?:crit|b64)', ''))} }`),
    malformed(`{ ${head} -m reg ${quoted(member('typ', '(?!"(?i:jwt)")'))} }`),
    malformed(`{ ${head} -m reg ${quoted(member('kid', '[^"\\s]'))} }`),
    malformed(`!{ ${head} -m reg ${quoted(member('alg', '"'))} }`),
  ];
}

/** A key is used with its own algorithm, and for tokens that name it, or name none, or if it has no name. */
function keyCondition({ kid, algorithm }: NativeKey, head: string, id: string): readonly string[] {
  const alg = `{ ${head} -m reg ${quoted(member('alg', `"${literal(algorithm)}"`))} }`;
  const isUsual = `{ var(txn.${id}usual) -m bool }`;
  if (kid === null) return [isUsual, alg];
  const named = `{ ${head} -m reg ${quoted(member('kid', `"${jsonLiteral(kid)}"`))} }`;
  return [isUsual, `${alg} ${named}`, `${alg} !{ ${head} -m reg ${quoted(member('kid', ''))} }`];
}

const HASH: { readonly [algorithm: string]: string } = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

function signatureRules(rules: TokenRules): readonly string[] {
  const { id, keys, when } = rules;
  const head = `var(txn.${id}head)`;
  const only = when === '' ? '' : ` if ${when.trim()}`;
  const algorithms = [...new Set(keys.map(({ algorithm }) => algorithm))];
  const verified = keys.flatMap((key, index) =>
    keyCondition(key, head, id).map(
      (condition) =>
        `http-request set-var(txn.${id}sound) ${textSample(key.id)} if ${when}!{ var(txn.${id}token) -m found } !{ var(txn.${id}sound) -m found } ${condition} ${proof(key, index, id, `var(txn.${id}tok),field(1,.,2)`)}`,
    ),
  );
  return [
    '# token-key: the algorithm is the key’s, never the token’s choice',
    reason(
      'token-algorithm-not-allowed',
      `!{ var(txn.${id}usual) -m bool } !{ ${head} -m reg ${quoted(member('alg', `"(?:${algorithms.map(literal).join('|')})"`))} }`,
      rules,
    ),
    ...algorithms.flatMap((algorithm) => unknownKey(rules, algorithm)),
    '# token-signature',
    `http-request set-var(txn.${id}mac) var(txn.${id}tok),field(3,.)${only}`,
    ...verified,
    reason('token-signature-invalid', `!{ var(txn.${id}sound) -m found }`, rules),
    `http-request set-var(txn.${id}claims) var(txn.${id}tok),field(2,.),ub64dec if { var(txn.${id}sound) -m found }`,
  ];
}

/** Where every key of an algorithm has a name, a token has to name one of them. One that names a key of another algorithm says more than one that names none. */
function unknownKey(rules: TokenRules, algorithm: string): readonly string[] {
  const own = rules.keys.filter((key) => key.algorithm === algorithm);
  if (own.some(({ kid }) => kid === null)) return [];
  const head = `var(txn.${rules.id}head)`;
  const kids = (keys: readonly NativeKey[]): string => keys.flatMap(({ kid }) => (kid === null ? [] : jsonLiteral(kid))).join('|');
  const named = (keys: readonly NativeKey[]): string => member('kid', `"(?:${kids(keys)})"`);
  const strange = `{ ${head} -m reg ${quoted(member('alg', `"${literal(algorithm)}"`))} } { ${head} -m reg ${quoted(member('kid', ''))} } !{ ${head} -m reg ${quoted(named(own))} }`;
  return [
    reason('token-algorithm-not-allowed', `${strange} { ${head} -m reg ${quoted(named(rules.keys))} }`, rules),
    reason('token-key-unknown', strange, rules),
  ];
}

/**
 * The condition that a key made the signature.
 * @param signed - what it is over: an expression
 */
export function proof(key: NativeKey, index: number, id: string, signed: string): string {
  if (key.kind === 'public') return `{ var(txn.${id}tok),jwt_verify(${key.algorithm},approov-key-${index + 1}.pem) eq 1 }`;
  // `jwt_verify` of 2.6 cuts a secret at its first zero byte; `hmac` takes any, in base64.
  return `{ ${signed},hmac(${HASH[key.algorithm]},"\${${key.variable}}"),ub64enc,secure_memcmp(txn.${id}mac) }`;
}

function timeRules(rules: TokenRules): readonly string[] {
  const { policy, id, clock } = rules;
  const { clockToleranceSeconds: tolerance, maxLifetimeSeconds } = policy.token;
  const claims = `var(txn.${id}claims)`;
  const sound = `{ var(txn.${id}sound) -m found }`;
  const left = `var(txn.${id}exp),sub(txn.${id}now)`;
  const early = `var(txn.${id}nbf),sub(txn.${id}now)`;
  const lifetime =
    maxLifetimeSeconds === null
      ? []
      : [
          reason('token-lifetime-too-long', `{ ${left} gt ${Math.floor(maxLifetimeSeconds)} }`, rules),
          reason(
            'token-lifetime-too-long',
            `{ ${left} ge ${Math.floor(maxLifetimeSeconds)} } { ${claims} -m reg ${quoted(member('exp', WITH_FRACTION))} }`,
            rules,
          ),
        ];
  return [
    '# token-times: exp is a number and ahead; nbf, if it is there, is behind. Of exp whole seconds count, so that fractions end early, never late',
    `http-request set-var(txn.${id}has_exp) bool(true) if ${sound} { ${claims} -m reg ${quoted(WITH_EXP)} }`,
    ...ambiguous(claims).map((condition, index) =>
      reason('token-malformed', index === 0 ? `!{ var(txn.${id}has_exp) -m bool } ${condition}` : condition, rules),
    ),
    reason('token-expiry-missing', `!{ var(txn.${id}has_exp) -m bool }`, rules),
    `http-request set-var(txn.${id}exp) ${claims},json_query('$.exp','int') if ${sound}`,
    `http-request set-var(txn.${id}now) ${clock} if ${sound}`,
    reason('token-expired', `{ ${claims} -m reg ${quoted(member('exp', '-'))} }`, rules),
    reason('token-expired', `!{ ${left}${added(tolerance)} gt 0 }`, rules),
    ...presence('nbf', rules),
    reason(
      'token-claim-invalid',
      `{ var(txn.${id}has_nbf) -m bool } !{ ${claims} -m reg ${quoted(member('nbf', `${MOMENT}[,}]`))} }`,
      rules,
    ),
    `http-request set-var(txn.${id}nbf) ${claims},json_query('$.nbf','int') if { var(txn.${id}has_nbf) -m bool }`,
    reason('token-not-yet-valid', `{ var(txn.${id}has_nbf) -m bool } { ${early} gt ${Math.floor(tolerance)} }`, rules),
    reason(
      'token-not-yet-valid',
      `{ var(txn.${id}has_nbf) -m bool } { ${early} ge ${Math.floor(tolerance)} } { ${claims} -m reg ${quoted(member('nbf', WITH_FRACTION))} }`,
      rules,
    ),
    ...lifetime,
  ];
}

/** Moves a number of seconds: HAProxy compares with negative numbers wrongly ("gt -5" holds for -10, and not for 10). */
export function added(seconds: number): string {
  return seconds === 0 ? '' : `,add(${Math.floor(seconds)})`;
}

/** The condition that a claim is there. A search for the name costs less than reading the whole text, and most tokens lack it. */
export function holds(name: string, id: string): string {
  const claims = `var(txn.${id}claims)`;
  return `{ ${claims} -m sub ${quoted(`"${name}"`)} } { ${claims} -m reg ${quoted(member(name, ''))} }`;
}

/** Notes whether a claim is there. */
function presence(name: string, { id }: TokenRules): readonly string[] {
  return [`http-request set-var(txn.${id}has_${name}) bool(true) if ${holds(name, id)}`];
}

function claimRules(rules: TokenRules): readonly string[] {
  const { policy, id } = rules;
  const { issuers, audiences, audienceRequired, refuseEmulated } = policy.token;
  const claims = `var(txn.${id}claims)`;
  const oneOf = (texts: readonly string[]): string => `"(?:${texts.map(literal).join('|')})"`;
  const emulated = refuseEmulated ? [reason('token-from-emulator', holds(EMULATOR_CLAIM, id), rules)] : [];
  const types = reason('token-claim-invalid', `{ ${claims} -m reg ${quoted(WRONG_TYPE)} }`, rules);
  const issued =
    issuers === null ? [] : [reason('token-issuer-unexpected', `!{ ${claims} -m reg ${quoted(member('iss', oneOf(issuers)))} }`, rules)];
  return ['# token-claims', ...emulated, types, ...issued, ...audienceRules(audiences, audienceRequired, oneOf)];

  function audienceRules(
    names: readonly string[] | null,
    required: boolean,
    texts: (names: readonly string[]) => string,
  ): readonly string[] {
    const isList = String.raw`(?:"|\[\s*(?:"[^"]*"\s*(?:,\s*"[^"]*"\s*)*)?\])`;
    const typed = reason(
      'token-claim-invalid',
      `{ var(txn.${id}has_aud) -m bool } !{ ${claims} -m reg ${quoted(member('aud', isList))} }`,
      rules,
    );
    if (names === null) return [...presence('aud', rules), typed];
    const listed = `(?:${texts(names)}|\\[(?:[^\\[\\]{}"]*"[^"\\\\]*"\\s*,)*\\s*${texts(names)}\\s*[,\\]])`;
    const named = names.length === 0 ? '{ always_false }' : `{ ${claims} -m reg ${quoted(member('aud', listed))} }`;
    if (required) return [reason('token-audience-unexpected', `!${named}`, rules)];
    return [...presence('aud', rules), typed, reason('token-audience-unexpected', `{ var(txn.${id}has_aud) -m bool } !${named}`, rules)];
  }
}
