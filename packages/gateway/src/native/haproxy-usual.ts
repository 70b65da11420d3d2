/**
 * The usual token in few rules of HAProxy. What they prove is all that the whole walk would prove; what they do not prove is walked through
 * (`haproxy-token.ts`), which finds the reason. So they decide who passes quickly, and never what is demanded.
 */
import { EMULATOR_CLAIM } from 'approov-guard';
import type { Policy } from 'approov-guard/order';
import { usualBinding } from './haproxy-binding.ts';
import { literal, quoted, textSample } from './haproxy-text.ts';
import { added, CANONICAL, proof, type TokenRules, usualHeaders } from './haproxy-token.ts';
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
  const set = (name: string, value: string, condition = ''): string => setVariable(`txn.${name}`, value, condition);
  const remembered = memory(rules);
  return {
    rules: [
      ...remembered.read,
      // With one policy, everything is proven. With several, others are to come.
      ...(id === '' ? [...said(rules), `http-request allow if ${genuine}`] : []),
      '# The usual token: its form, signature, claims and times in few rules. What they do not prove is walked through below.',
      set(`${id}tok`, `req.fhdr(${header})`, `${when}${id === '' ? '' : `!${genuine} `}{ req.fhdr_cnt(${header}) eq 1 }`),
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
      set(`${id}${binding === null ? 'genuine' : 'timely'}`, 'bool(true)', timely(rules, `txn.${id}exp`)),
      ...(binding === null ? [] : usualBinding(binding, id, `{ var(txn.${id}timely) -m bool }`)),
      ...remembered.write,
      ...said(rules),
      ...(id === '' ? [`http-request allow if ${genuine}`] : []),
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

/** `exp`, which a variable holds, is ahead, and not too far. */
function timely({ policy, clock }: TokenRules, exp: string): string {
  const { clockToleranceSeconds, maxLifetimeSeconds } = policy.token;
  const past = `${clock},sub(${exp})`;
  const soon = maxLifetimeSeconds === null ? '' : ` { ${past}${added(maxLifetimeSeconds)} ge 0 }`;
  return `{ ${past} lt ${Math.floor(clockToleranceSeconds)} }${soon}`;
}

function setVariable(variable: string, value: string, condition: string): string {
  return `http-request set-var(${variable}) ${value}${condition === '' ? '' : ` if ${condition}`}`;
}

/** Whether tokens may pass that were never bound. */
function acceptsUnbound({ binding }: Policy): boolean {
  return binding?.missing === 'accept';
}

/**
 * A connection remembers the token that was proven on it last, with the values that were bound to it: apps send the same again. What a proof would
 * find is the same for the same bytes; only the clock goes on. Nothing is remembered before it was proven, and nothing beyond the connection:
 * another configuration, with other keys, starts with connections of its own.
 */
function memory(rules: TokenRules): { readonly read: readonly string[]; readonly write: readonly string[] } {
  const { id, when, keys, policy } = rules;
  const { header } = policy.token;
  const names = policy.binding?.headers ?? [];
  const bound = names.map((name, index) => ({ name, variable: `sess.${id}bound_${index}` }));
  const isSame = `${when}{ req.fhdr_cnt(${header}) eq 1 } { req.fhdr(${header}),strcmp(sess.${id}tok) eq 0 }`;
  const isBound = bound
    .map(({ name, variable }) => `{ req.fhdr_cnt(${name}) eq 1 } { req.fhdr(${name}),secure_memcmp(${variable}) } `)
    .join('');
  // Where several policies count, it may be genuine since it was before.
  const proven = `${id === '' ? '' : `{ var(txn.${id}sound) -m found } `}{ var(txn.${id}genuine) -m bool }`;
  const unbound = acceptsUnbound(policy) ? ` { var(txn.${id}unbound) -m bool }` : '';
  const notFor = unbound === '' ? '' : ` !${unbound.trim()}`;
  const held = [...bound.map(({ variable }) => variable), ...(unbound === '' ? [] : [`sess.${id}unbound`])];
  return {
    read: [
      '# The token that was proven on this connection last, byte for byte: only the clock is asked again.',
      ...(unbound === ''
        ? []
        : [
            setVariable(`txn.${id}unbound`, 'bool(true)', `${isSame} { var(sess.${id}unbound) -m bool }`),
            setVariable(`txn.${id}genuine`, 'bool(true)', `${unbound.trim()} ${timely(rules, `sess.${id}exp`)}`),
          ]),
      setVariable(`txn.${id}genuine`, 'bool(true)', `${isSame} ${isBound}${timely(rules, `sess.${id}exp`)}`),
    ],
    write: [
      '# Remembered for the next request on this connection; the token comes last, so that what belongs to it is there.',
      ...[`sess.${id}tok`, `sess.${id}device`, ...held].map((variable) => `http-request unset-var(${variable}) if ${proven}`),
      setVariable(`sess.${id}exp`, `var(txn.${id}exp)`, proven),
      setVariable(`sess.${id}device`, `var(txn.${id}claims),json_query('$.did')`, proven),
      ...(usualKey(keys) === '' ? [setVariable(`sess.${id}key`, `var(txn.${id}sound)`, proven)] : []),
      ...bound.map(({ name, variable }) => setVariable(variable, `req.fhdr(${name})`, proven + notFor)),
      ...(unbound === '' ? [] : [setVariable(`sess.${id}unbound`, 'bool(true)', proven + unbound)]),
      setVariable(`sess.${id}tok`, `var(txn.${id}tok)`, proven),
    ],
  };
}

/** What the server behind is told of a token that was proven, now or before. A request on the same connection must not change it: so it is noted. */
function said({ id, keys, policy }: TokenRules): readonly string[] {
  const genuine = `{ var(txn.${id}genuine) -m bool }`;
  return [
    // Another policy may have met another token.
    ...(id === '' ? [] : [`http-request unset-var(txn.device) if ${genuine}`]),
    setVariable('txn.device', `var(sess.${id}device)`, genuine),
    setVariable('txn.expires', `var(sess.${id}exp)`, genuine),
    ...(id === '' ? [] : [setVariable('txn.bound', `str(${boundState(policy)})`, genuine)]),
    ...(acceptsUnbound(policy) ? [setVariable('txn.bound', 'str(absent)', `${genuine} { var(txn.${id}unbound) -m bool }`)] : []),
    ...(usualKey(keys) === '' ? [setVariable('txn.key', `var(sess.${id}key)`, genuine)] : []),
  ];
}
