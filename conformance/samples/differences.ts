/** Where the guard answers otherwise than the samples, and why. */
import { FAILURE_CLASSES, type FailureClass } from './failure-class.ts';
import { SAMPLES, type SampleAnswer, type SampleModel } from './models.ts';

/** What the guard answers to every failure, with its options at their defaults. */
export const OURS = '401 {}';

export interface Difference {
  readonly sample: string;
  readonly failure: FailureClass;
  readonly theirs: Exclude<SampleAnswer, null>;
}

/** What is behind a difference. */
export const WHY = {
  expiry: 'A token without `exp` would be valid for ever. There is no option.',
  unbound: 'A token without `pay` is bound to nobody. `binding: { missing: "accept" }` lets fail-over tokens pass, and only names them.',
  unchecked: 'The sample has no binding check.',
  status: 'One answer to everything tells an attacker nothing. `refusal` gives other statuses and bodies.',
} as const;

/** The differences between the models and what was seen of the guard. */
export function differences(seen: ReadonlyMap<FailureClass, string>): readonly Difference[] {
  return SAMPLES.flatMap(({ name, answers }) =>
    FAILURE_CLASSES.flatMap((failure) => {
      const theirs = answers[failure];
      return theirs === null || theirs === seen.get(failure) ? [] : [{ sample: name, failure, theirs }];
    }),
  );
}

export function whyOf({ failure, theirs, sample }: Difference): keyof typeof WHY {
  if (theirs !== 'passed') return 'status';
  if (failure === 'no expiry') return 'expiry';
  return failure === 'pay missing' && sample !== 'aws http-api' ? 'unbound' : 'unchecked';
}

/** The table of the migration pages: what each sample answers; bold where the guard answers otherwise. */
export function samplesTable(): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = [line(['sample', ...FAILURE_CLASSES]), line(['---', ...FAILURE_CLASSES.map(() => '---')])];
  const ours = line(['**approov-guard**', ...FAILURE_CLASSES.map(() => cell(OURS, false))]);
  return [
    ...head,
    ours,
    ...SAMPLES.map((sample) => line([sample.name, ...FAILURE_CLASSES.map((failure) => cellOf(sample, failure))])),
  ].join('\n');
}

function cellOf({ answers }: SampleModel, failure: FailureClass): string {
  const answer = answers[failure];
  return answer === null ? '?' : cell(answer, answer !== OURS);
}

function cell(answer: string, differs: boolean): string {
  const [, status = answer, body = ''] = /^(\d{3}) (.*)$/.exec(answer) ?? [];
  const text = body === '' ? status : body === '{}' ? `${status} \`{}\`` : `${status}, own body`;
  return differs ? `**${text}**` : text;
}
