/** Every reason that a command line can show is shown by the one that docs/reasons.md prints. */
import { match, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { shellWords } from '../src/capture/shell-words.ts';
import { guard } from './harness.ts';

const { ipk, reproduce } = JSON.parse(
  readFileSync(new URL('../../../tools/checks/docs/references/reproduce.json', import.meta.url), 'utf8'),
);

for (const [code, lines] of Object.entries<string | readonly string[]>(reproduce)) {
  if (typeof lines !== 'string') test(`${code}: its command line shows it`, () => shows(code, lines));
}

/** Runs `echo TEXT > FILE` and `… | approov-guard …`, which are all that the page uses of a shell. */
async function shows(code: string, lines: readonly string[]): Promise<void> {
  const files: { [name: string]: string } = {};
  let stdin = '';
  for (const line of lines) {
    stdin = '';
    for (const stage of line.replaceAll('$IPK', ipk).split(/ \| /)) {
      const [program, ...words] = shellWords(stage) ?? [];
      if (program === 'echo') stdin = `${words[0]}\n`;
      else stdin = (await guard(words, { stdin, files, now: Date.now() })).stdout;
      if (program === 'echo' && words[1] === '>') files[words[2] ?? ''] = stdin;
      ok(program === 'echo' || program === 'approov-guard', stage);
    }
  }
  match(stdin, new RegExp(`^(?:rejected|unavailable): ${code}\\n`));
}
