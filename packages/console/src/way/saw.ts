/** What each check looked at, in one line. No token, no bound value: lengths, names, times, and hashes that stand in the token anyway. */
import { createHash } from 'node:crypto';
import type { RequestView } from 'approov-guard';
import type { Explained, Explanation } from 'approov-guard/explain';

/** What is known of the request. */
export interface Seen {
  readonly request: RequestView;
  readonly facts: Explained['facts'];
  readonly explanation: Explanation;
}

const LOOKS: { readonly [check: string]: (seen: Seen) => string | null } = {
  'token-header': ({ request, facts }) => headerLine(request, facts.policy.token.header),
  'token-form': ({ request, facts }) => tokenHeader(request, facts.policy.token.header),
  'token-signature': ({ explanation }) =>
    explanation.claims === null ? null : explanation.tokenVerified ? 'made with one of your keys' : 'made with another key than yours',
  'token-times': ({ explanation, facts }) => times(explanation.claims, facts.at),
  'token-claims': ({ explanation }) => listed(explanation.claims, ['iss', 'aud', 'did', 'anno']),
  binding: bindingLine,
  'signing-key': ({ explanation }) =>
    typeof explanation.claims?.ipk === 'string' ? 'ipk: the app installation’s public key' : 'no ipk in the token',
  'signature-form': ({ request }) => headerLine(request, 'signature-input', false),
  'signature-parameters': ({ facts }) => parameterLine(facts),
  'signature-coverage': ({ explanation }) =>
    explanation.components.length === 0 ? null : `covers ${explanation.components.map(({ identifier }) => identifier).join(', ')}`,
  'signature-base': ({ explanation }) => (explanation.base === null ? null : `${explanation.components.length + 1} lines, shown below`),
  'signature-proof': proofLine,
  digest: ({ request }) => headerLine(request, 'content-digest', false),
};

/** What a check looked at; `null` where there is nothing to show. */
export function sawOf(check: string, seen: Seen): string | null {
  return Object.hasOwn(LOOKS, check) ? (LOOKS[check]?.(seen) ?? null) : null;
}

function headerLine(request: RequestView, name: string, hides = true): string {
  const lines = request.lines(name);
  if (lines.length === 0) return `no header ${name}`;
  if (lines.length > 1) return `${lines.length} headers ${name}`;
  const value = lines[0] ?? '';
  if (value === '') return `an empty header ${name}`;
  return hides ? `${name}: ${value.length} characters` : `${name}: ${value}`;
}

/** The first segment, decoded: it says how the token claims to be signed, and holds no credential. */
function tokenHeader(request: RequestView, name: string): string | null {
  const first = (request.lines(name)[0] ?? '').split('.')[0] ?? '';
  if (!/^[\w-]{4,1024}$/.test(first)) return null;
  const text = Buffer.from(first, 'base64url').toString('utf8');
  return text.startsWith('{') ? text : null;
}

function times(claims: Explanation['claims'], at: number): string | null {
  if (claims === null) return null;
  const { exp, nbf } = claims as { readonly exp?: unknown; readonly nbf?: unknown };
  if (typeof exp !== 'number') return 'no number in exp';
  const left = Math.round(exp - at);
  const life = left > 0 ? `exp in ${span(left)}` : `exp ${span(-left)} ago`;
  return typeof nbf === 'number'
    ? `${life}, nbf ${nbf > at ? `in ${span(Math.round(nbf - at))}` : `${span(Math.round(at - nbf))} ago`}`
    : life;
}

/** Seconds in words. */
function span(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

function listed(claims: Explanation['claims'], names: readonly string[]): string | null {
  const found = names.flatMap((name) => {
    const value: unknown = claims === null ? undefined : claims[name];
    return value === undefined ? [] : [`${name}: ${JSON.stringify(value)}`];
  });
  return found.length === 0 ? null : found.join(', ');
}

/** `pay` as the token has it, and as the request's own headers give it. */
function bindingLine({ request, facts, explanation }: Seen): string | null {
  const headers = facts.policy.binding?.headers ?? [];
  if (headers.length === 0) return null;
  const pay = explanation.claims?.pay;
  const inToken = typeof pay === 'string' ? `pay in the token ${pay.slice(0, 12)}…` : 'no pay in the token';
  const values = headers.map((name) => request.lines(name));
  if (values.some((lines) => lines.length !== 1 || lines[0] === '')) return `${inToken}; of ${headers.join(', ')}: not sent once`;
  const text = values.map((lines) => (lines[0] ?? '').replace(/^[ \t]+|[ \t]+$/g, '')).join('');
  const hash = createHash('sha256').update(text, 'latin1').digest('base64');
  return `${inToken}; hash of ${headers.join(', ')}: ${hash.slice(0, 12)}…`;
}

function parameterLine({ signature }: Explained['facts']): string | null {
  return signature === null ? null : signature.parametersText.slice(signature.parametersText.lastIndexOf(')') + 2);
}

function proofLine({ explanation, facts }: Seen): string | null {
  if (explanation.base === null) return null;
  if (facts.signingKey === null) return 'no key to verify it with';
  const count = explanation.differences?.length ?? 0;
  return count > 0
    ? `${count} line${count === 1 ? '' : 's'} of the base differ${count === 1 ? 's' : ''}`
    : 'the base, verified with the installation’s key';
}
