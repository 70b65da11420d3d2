/** Reads a policy as AWS does: an explicit `Deny` wins, then an `Allow`, and what no statement names is denied. */
import type { Condition, PolicyDocument } from 'aws-lambda';

/** What is asked: may this action be taken on this resource, at this time? */
export interface AccessQuestion {
  readonly action: string;
  readonly resource: string;
  /** In whole seconds, as `aws:EpochTime` is. */
  readonly epochTime: number;
}

/** Answers the question by all statements of the policy. */
export function allows(policy: PolicyDocument, question: AccessQuestion): boolean {
  const effects = policy.Statement.filter((statement) => {
    if (!('Action' in statement) || !('Resource' in statement)) throw new TypeError('the statement is of a form that is not read here');
    const isAction = [statement.Action].flat().some((pattern) => matches(pattern, question.action, false));
    const isResource = [statement.Resource]
      .flat()
      .some((pattern) => matches(String(pattern), question.resource, policy.Version === '2012-10-17'));
    return isAction && isResource && holds(statement.Condition ?? {}, question);
  }).map(({ Effect }) => Effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

/**
 * `*` is any text, slashes included, and `?` is one character. The variables of these two and of `$` are those characters themselves, but only
 * in the newer version of the language. Every other variable may become any text: whoever writes the ARN may know its value.
 */
function matches(pattern: string, text: string, hasVariables: boolean): boolean {
  const parts = pattern.match(hasVariables ? /\$\{[^}]*\}|./gsu : /./gsu) ?? [];
  const source = parts.map((part) => {
    const literal = /^\$\{([*?$])\}$/.exec(part)?.[1] ?? (part.length > 2 || '*?'.includes(part) ? null : part);
    if (literal === null) return part === '?' ? '.' : '.*';
    return `\\u{${literal.codePointAt(0)?.toString(16)}}`;
  });
  return new RegExp(`^${source.join('')}$`, 'su').test(text);
}

function holds(conditions: { readonly [operator: string]: Condition | Condition[] }, { epochTime }: AccessQuestion): boolean {
  return Object.entries(conditions).every(([operator, pairs]) => {
    if (operator !== 'NumericLessThanIfExists') throw new TypeError(`the operator ${operator} is not read here`);
    return [pairs].flat().every((pair) =>
      // `IfExists`: a key that the request does not have holds.
      Object.entries(pair).every(([key, value]) => key !== 'aws:EpochTime' || [value].flat().some((limit) => epochTime < Number(limit))),
    );
  });
}
