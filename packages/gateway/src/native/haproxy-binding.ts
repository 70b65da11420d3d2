/** Token binding as rules of HAProxy: the whole walk, and the quick way of the usual request. */
import type { BindingPolicy } from 'approov-guard/order';
import { quoted } from './haproxy-text.ts';
import { holds, member, reason, type TokenRules } from './haproxy-token.ts';

const BEARER = quoted('^bearer +.');

function withoutBearer(variable: string): string {
  return quoted(`var(${variable}),regsub("^bearer +","",i)`);
}

/** Whether `pay` is the digest of the values that were noted. */
function isDigest(headers: readonly string[], id: string): string {
  const whole = headers.map((_, index) => (index === 0 ? `var(txn.${id}bound_0)` : `concat(,txn.${id}bound_${index},)`)).join(',');
  return `{ ${whole},digest(sha256),base64,secure_memcmp(txn.${id}pay) }`;
}

/** The client sends what `pay` is the digest of, each header once and not empty: then `genuine` holds. */
export function usualBinding({ headers, value, missing }: BindingPolicy, id: string, timely: string): readonly string[] {
  const once = headers.map((name) => `{ req.fhdr_cnt(${name}) eq 1 }`).join(' ');
  const bound = `{ var(txn.${id}pay) -m found }`;
  const values = headers.map((name, index) => {
    const variable = `txn.${id}bound_${index}`;
    const note = `http-request set-var(${variable}) req.fhdr(${name}) if ${bound}`;
    if (value === 'whole' || !isAuthorization(name)) return { rules: [note], holds: `{ var(${variable}) -m len gt 0 }` };
    const bearer = `{ var(txn.${id}bearer_${index}) -m bool }`;
    const rules = [
      note,
      `http-request set-var(txn.${id}bearer_${index}) bool(true) if { var(${variable}) -m reg -i ${BEARER} }`,
      `http-request set-var(${variable}) ${withoutBearer(variable)} if ${bearer}`,
    ];
    return { rules, holds: bearer };
  });
  // The usual claims have no escapes: a name that is not to be found is not there.
  const unbound = [
    `http-request set-var(txn.${id}unbound) bool(true) if ${timely} !{ var(txn.${id}claims) -m sub ${quoted('"pay"')} }`,
    `http-request set-var(txn.${id}genuine) bool(true) if ${timely} { var(txn.${id}unbound) -m bool }`,
  ];
  return [
    ...(missing === 'accept' ? unbound : []),
    `http-request set-var(txn.${id}pay) var(txn.${id}claims),json_query('$.pay') if ${timely} ${once}`,
    ...values.flatMap(({ rules }) => rules),
    `http-request set-var(txn.${id}genuine) bool(true) if ${[bound, ...values.map(({ holds: one }) => one), isDigest(headers, id)].join(' ')}`,
  ];
}

/** Gateways move the client's field aside when they write their own. */
function isAuthorization(name: string): boolean {
  return name === 'authorization' || name.endsWith('-authorization');
}

/** The whole walk: each way in which a binding fails has its reason. */
export function bindingRules(
  { headers, missing, value }: BindingPolicy,
  { id, when: counts }: Pick<TokenRules, 'id' | 'when'>,
): readonly string[] {
  // Whatever became of the token's times: its claims are known once the signature held.
  const when = `${counts}{ var(txn.${id}sound) -m found } { var(txn.${id}has_pay) -m bool } `;
  const claims = `var(txn.${id}claims)`;
  const rules = { id, when };
  const values = headers.flatMap((name, index) => {
    const variable = `txn.${id}bound_${index}`;
    const partly = value !== 'whole' && isAuthorization(name);
    return [
      reason('binding-value-duplicated', `{ req.fhdr_cnt(${name}) gt 1 }`, rules, 'binding'),
      `http-request set-var(${variable}) req.fhdr(${name})`,
      ...(partly
        ? [
            reason('binding-value-missing', `!{ var(${variable}) -m reg -i ${BEARER} }`, rules, 'binding'),
            `http-request set-var(${variable}) ${withoutBearer(variable)}`,
          ]
        : []),
      reason('binding-value-missing', `!{ var(${variable}) -m len gt 0 }`, rules, 'binding'),
    ];
  });
  const absent = { id, when: `${counts}{ var(txn.${id}sound) -m found } ` };
  return [
    '# binding: pay is the SHA-256 of what the client sends',
    `http-request set-var(txn.${id}has_pay) bool(true) if ${holds('pay', id)}`,
    ...(missing === 'accept' ? [] : [reason('binding-claim-missing', `!{ var(txn.${id}has_pay) -m bool }`, absent, 'binding')]),
    reason('binding-mismatch', `!{ ${claims} -m reg ${quoted(member('pay', '"'))} }`, rules, 'binding'),
    `http-request set-var(txn.${id}pay) ${claims},json_query('$.pay') if { var(txn.${id}has_pay) -m bool }`,
    ...values,
    reason('binding-mismatch', `!${isDigest(headers, id)}`, rules, 'binding'),
  ];
}
