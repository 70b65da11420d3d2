/** Where the guard answers otherwise than the samples, and why. */
import { FAILURE_CLASSES, type FailureClass } from './failure-class.ts';
import { SAMPLES, type SampleAnswer } from './models.ts';

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

/** The table of the migration pages: samples that answer alike, and where they answer otherwise than the guard. */
export function samplesTable(): string {
  const alike = new Map<string, readonly string[]>();
  for (const { name, answers } of SAMPLES) {
    const spelled = new Map(FAILURE_CLASSES.map((failure) => [failure, spell(answers[failure])]));
    const failuresWith = (wanted: string): string =>
      [...spelled].flatMap(([failure, text]) => (text === wanted ? [failure] : [])).join(', ');
    const others = [...new Set(spelled.values())].filter((text) => text !== spell(OURS) && text !== '');
    const everything = others.length === 1 && ![...spelled.values()].includes(spell(OURS));
    const otherwise = others.map((text) => `**${text}**: ${everything ? 'every failure' : failuresWith(text)}`).join('<br>');
    const cells = `${otherwise} | ${failuresWith('')}`;
    alike.set(cells, [...(alike.get(cells) ?? []), name]);
  }
  const lines = [...alike].map(([cells, names]) => `| ${names.join('; ')} | ${cells} |`);
  return ['| sample | answers otherwise | not written down |', '| --- | --- | --- |', ...lines].join('\n');
}

function spell(answer: SampleAnswer): string {
  const [, status = answer ?? '', body = ''] = /^(\d{3}) (.*)$/.exec(answer ?? '') ?? [];
  return body === '' ? status : body === '{}' ? `${status} \`{}\`` : `${status}, own body`;
}
