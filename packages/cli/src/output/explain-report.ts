/** What `explain` found, for people. */
import { FAULTS, type FaultCode, REASONS, type ReasonCode } from 'approov-guard';
import type { Difference, ExplainedCheck, Explanation } from 'approov-guard/explain';
import { columns, safeText } from '../terminal/text.ts';

/** The code with which the guard refuses the request; `null` if it is accepted. */
export function firstFailure({ verdict }: Explanation): ReasonCode | FaultCode | null {
  return verdict.code === 'accepted' ? null : verdict.code;
}

/** The report: verdict, checks, components, base, differences, advice. */
export function spellExplanation(explanation: Explanation): string {
  const reason = firstFailure(explanation);
  const { checks, origin, base, baseDigest, differences, tokenVerified } = explanation;
  const failed = checks.filter((check) => check.outcome === 'failed');
  return safeText(
    [
      reason === null ? 'accepted: every check passed\n' : `rejected: ${reason}\n`,
      section('checks', columns(checks.map((check) => [check.name, spellCheck(check)]))),
      tokenVerified ? '' : 'The token was not verified: what follows from it (key, bound hash) is only what it says of itself.\n',
      `origin as the server sees it: ${origin === null ? 'unknown' : `${origin.scheme}://${origin.authority}`}\n`,
      base === null ? '' : section('signature base as the server sees it (credentials shortened)', indented(base)),
      baseDigest === null ? '' : `the client’s digest of its base ${baseDigest}\n`,
      isUnexplained(explanation) ? 'Nothing known explains the difference: compare the base with the app’s log.\n' : '',
      differences === null ? '' : section('what the client signed differently', differences.map(spellDifference).join('')),
      section('to do', columns(adviceFor(failed))),
    ].join(''),
  );
}

function isUnexplained({ checks, baseDigest, differences }: Explanation): boolean {
  const proof = checks.find(({ name }) => name === 'signature-proof');
  return proof?.outcome === 'failed' && differences === null && baseDigest !== 'agrees';
}

function section(title: string, text: string): string {
  return text === '' ? '' : `${title}:\n${text}`;
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}\n`)
    .join('');
}

function spellCheck({ outcome, reason, detail }: ExplainedCheck): string {
  const more = [reason, detail].filter((text) => text !== null).join(', ');
  return more === '' ? outcome : `${outcome}: ${more}`;
}

function spellDifference({ identifier, server, client, cause }: Difference): string {
  const facts: readonly (readonly [string, string])[] = [
    ['server', server ?? '(no value)'],
    ['client', client ?? '(no value)'],
    ['because', cause],
  ];
  return `  ${identifier}\n${columns(facts).replace(/^/gm, '  ').trimEnd()}\n`;
}

function adviceFor(failed: readonly ExplainedCheck[]): readonly (readonly [string, string])[] {
  const codes = [...new Set(failed.map(({ reason }) => reason))];
  return codes.flatMap((code) => (code === null ? [] : [[code, actionOf(code)] as const]));
}

function actionOf(code: ReasonCode | FaultCode): string {
  return code in REASONS ? REASONS[code as ReasonCode].action : FAULTS[code as FaultCode].action;
}
