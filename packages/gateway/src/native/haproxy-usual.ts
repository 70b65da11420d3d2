/**
 * The usual token in few rules of HAProxy. What they prove is all that the whole walk would prove; what they do not prove is walked through
 * (`haproxy-token.ts`), which finds the reason. So they decide who passes quickly, and never what is demanded.
 */
import { EMULATOR_CLAIM } from 'approov-guard';
import type { Policy } from 'approov-guard/order';
import { usualBinding } from './haproxy-binding.ts';
import { literal, quoted, textSample } from './haproxy-text.ts';
import { CANONICAL, proof, type TokenRules, usualHeaders } from './haproxy-token.ts';
import type { NativeKey } from './native-keys.ts';

/** Printable ASCII without `"` and `\`: such a text means what it says. */
const TEXT = String.raw`[ !#-\[\]-~]*+`;
const DEVICE = String.raw`[!#-\[\]-~]{1,256}`;
const TEXTS = ['ip', 'sub', 'arc', 'mskid', 'pay'];
/** Whoever issues a claim of these names means something that is looked at by itself. */
const SPECIAL = ['exp', 'iat', 'nbf', 'aud', 'iss', 'did', ...TEXTS, EMULATOR_CLAIM];
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** A policy's share of the quick way. */
export interface UsualRules {
  readonly rules: readonly string[];
  /** Holds where everything that the policy demands was proven. */
  readonly genuine: string;
  /** Holds where the token has its form, and no key made its signature: then the reason is known, too. */
  readonly forged: string;
}

/**
 * The rules; `null` where no token is usual: keys of several algorithms, or a prefix before the token.
 * @param rules - of one policy
 */
export function usualRules(rules: TokenRules): UsualRules | null {
  // Heads of one length: then the payload begins where the text is that long.
  const [length, ...heads] = equallyLong(usualHeaders(rules.keys));
  const { header, prefix, maxBytes } = rules.policy.token;
  if (length === undefined || prefix !== null) return null;
  const { id, when, keys } = rules;
  const { binding } = rules.policy;
  const claims = `var(txn.${id}claims)`;
  const sound = `{ var(txn.${id}sound) -m found }`;
  const genuine = `{ var(txn.${id}genuine) -m bool }`;
  const set = (name: string, value: string, condition = ''): string =>
    `http-request set-var(txn.${name}) ${value}${condition === '' ? '' : ` if ${condition}`}`;
  return {
    rules: [
      '# The usual token: its form, signature, claims and times in few rules. What they do not prove is walked through below.',
      set(`${id}tok`, `req.fhdr(${header})`, `${when}{ req.fhdr_cnt(${header}) eq 1 }`),
      // Looking for dots takes longer the longer a text is; the signature is short, and so is what is cut off at the end.
      set(`${id}signed`, `var(txn.${id}tok),rtrim(${BASE64URL}),rtrim(.)`, `{ var(txn.${id}tok) -m reg ${quoted(form(heads, maxBytes))} }`),
      ...(keys.some(({ kind }) => kind === 'secret') ? [set(`${id}mac`, `var(txn.${id}tok),field(-1,.)`)] : []),
      ...keys.map((key, index) => {
        const made = proof(key, index, id, `var(txn.${id}signed)`);
        const open = `${key.kind === 'public' ? `{ var(txn.${id}signed) -m found } ` : ''}${index === 0 ? '' : `!${sound} `}`;
        return set(`${id}sound`, textSample(key.id), open + made);
      }),
      set(`${id}claims`, `var(txn.${id}signed),bytes(${length + 1}),ub64dec`, sound),
      set(`${id}exp`, `${claims},json_query('$.exp','int')`, `{ ${claims} -m reg ${quoted(usualClaims(rules))} }`),
      set(`${id}${binding === null ? 'genuine' : 'timely'}`, 'bool(true)', timeCondition(rules)),
      ...(binding === null ? [] : usualBinding(binding, id, `{ var(txn.${id}timely) -m bool }`)),
      set('device', `${claims},json_query('$.did')`, genuine),
      set('expires', `var(txn.${id}exp)`, genuine),
      ...(usualKey(keys) === '' ? [set('key', `var(txn.${id}sound)`, genuine)] : []),
      ...(id === '' ? [] : [set('bound', `str(${boundState(rules.policy)})`, genuine)]),
    ],
    genuine,
    forged: `{ var(txn.${id}signed) -m found } !${sound}`,
  };
}

/** The length of the first text, and all texts of that length. */
function equallyLong(texts: readonly string[]): readonly [] | readonly [number, ...(readonly string[])] {
  const [first] = texts;
  return first === undefined ? [] : [first.length, ...texts.filter(({ length }) => length === first.length)];
}

/** No head is longer than the buffer, and no pattern counts beyond this. */
const MOST_BYTES = 65_534;

/** A part that is empty is for the walk: where two dots meet, cutting off would go too far. */
function form(heads: readonly string[], maxBytes: number): string {
  const part = `\\.(?=[\\w-])${CANONICAL}`;
  return `^(?!.{${Math.min(maxBytes, MOST_BYTES) + 1}})(?:${heads.join('|')})${part}${part}$`;
}

/** The key by which every usual token was made, where there is one, and its name is a word; else an empty text. */
export function usualKey(keys: readonly NativeKey[]): string {
  const [key, ...others] = keys;
  return key !== undefined && others.length === 0 && /^[\w.-]+$/.test(key.id) ? key.id : '';
}

/** What binding came to where everything was proven. */
export function boundState(policy: Policy | null): 'verified' | 'unchecked' {
  return (policy?.binding ?? null) === null ? 'unchecked' : 'verified';
}

/**
 * A claims set that is one flat object without white space: each name once, `exp` among them in whole seconds, and whatever the policy demands.
 * Its texts hold neither quotes nor escapes, so that a name between a comma and a colon is a name.
 */
function usualClaims({ policy }: TokenRules): string {
  const { issuers, audiences, audienceRequired } = policy.token;
  const once = (names: readonly string[], value: string, group: string): string =>
    names.length === 0 ? '' : `(?<${group}>"(?:${names.map(literal).join('|')})":)(?!.*[,{]\\k<${group}>)${value}|`;
  const oneOf = (texts: readonly string[]): string => `"(?:${texts.map(literal).join('|')})"`;
  const any = `"${TEXT}"`;
  const number = String.raw`(?:0|[1-9]\d{0,14})`;
  const list = `\\[(?:${any}(?:,${any})*+)?\\]`;
  const needed = ['exp', ...(issuers === null ? [] : ['iss']), ...(audienceRequired ? ['aud'] : [])];
  const members =
    once(['exp', 'iat'], number, 'a') +
    once(['did'], `"${DEVICE}"`, 'b') +
    once(issuers === null ? [...TEXTS, 'iss'] : TEXTS, any, 'c') +
    once(issuers === null ? [] : ['iss'], oneOf(issuers ?? []), 'd') +
    once(audiences?.length === 0 ? [] : ['aud'], audiences === null ? any : oneOf(audiences), 'e') +
    `(?<f>"(?!(?:${SPECIAL.map(literal).join('|')})")[\\w-]+":)(?!.*[,{]\\k<f>)(?:${any}|${number}|true|false|null|${list})`;
  return `^${needed.map((name) => `(?=.*[,{]"${name}":)`).join('')}\\{(?:(?:${members})(?:,(?=")|(?=\\}$)))+\\}$`;
}

/** `exp` is ahead, and not too far. */
function timeCondition({ policy, id, clock }: TokenRules): string {
  const { clockToleranceSeconds, maxLifetimeSeconds } = policy.token;
  const past = `${clock},sub(txn.${id}exp)`;
  const soon = maxLifetimeSeconds === null ? '' : ` { ${past} ge ${-Math.floor(maxLifetimeSeconds)} }`;
  return `{ ${past} lt ${Math.floor(clockToleranceSeconds)} }${soon}`;
}
