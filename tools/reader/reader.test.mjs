/** Every page that a reader can follow from top to bottom is followed so, with each start command that it names. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { files, read } from '../checks/lib/source.mjs';
import { findProgram, findPythonWith, skipUnless } from '../optional.mjs';
import { everyRuntime, findRuntime } from '../runtimes.mjs';
import { absent } from './folder.mjs';
import { follow } from './follow.mjs';
import { packagesOf } from './packages.mjs';
import { apart } from './shell.mjs';
import { isFollowed, stepsOf } from './steps.mjs';

/** One page is followed in every run; all of them where everything is asked for. */
const SAMPLE = /\/express\.md$/;
const PROGRAMS =
  /^(?:sudo (?:-E )?)?(?:[\w/]*\/)?(bun|caddy|curl|deno|flask|gunicorn|haproxy|nginx|openssl|python3|redis-server|uvicorn)\b/gm;

/** @param {string} name @returns {string | null} where a program is */
function placeOf(name) {
  if (name === 'bun' || name === 'deno') return findRuntime(name);
  if (name === 'flask' || name === 'gunicorn') return findPythonWith('flask');
  return name === 'uvicorn' ? findPythonWith('fastapi') : findProgram(name);
}

const FAULTS = `
\`\`\`sh
npx absent || true
false
\`\`\`

\`\`\`sh
echo one
\`\`\`

\`\`\`text
two
\`\`\`

\`\`\`sh
echo 'HTTP/1.1 200 OK'  # 401
\`\`\`

\`\`\`js
throw new Error('thrown');
\`\`\`
`;

test('what a page promises and does not keep is found', async () => {
  const found = (await follow(stepsOf(FAULTS), {})).map((problem) => problem.replaceAll('\n', ' '));
  const expected = [/false.*ended with 1/, /where the page shows two/, /# 401 ended with 0/, /Error: thrown/];
  assert.equal(found.length, expected.length, found.join('; '));
  for (const [at, problem] of expected.entries()) assert.match(found[at] ?? '', problem);
});

describe('the pages, followed as a reader does', { concurrency: apart ? 2 : 1 }, () => {
  for (const page of files(/\.md$/).filter(isFollowed)) {
    const text = read(page);
    const steps = stepsOf(text);
    if (!steps.some(({ kind }) => kind === 'run' || kind === 'module')) continue;
    const starts = steps.filter(({ kind }) => kind === 'start');
    const choices = starts.flatMap(({ code }) => (/ &$/m.test(code) ? [code] : code.trim().split('\n')));
    for (const start of choices.length === 0 ? [undefined] : choices) {
      const commands = steps.filter(({ kind }) => kind === 'run' || kind === 'install').map(({ code }) => code);
      const programs = new Set([...[start ?? '', ...commands].join('\n').matchAll(PROGRAMS)].map(([, name = '']) => name));
      const node = findRuntime(`node ${/You need Node (\d+)/.exec(text)?.[1] ?? '20'}`) ?? process.execPath;
      const missing = [...absent(packagesOf(steps)), ...[...programs].filter((name) => placeOf(name) === null)];
      const options =
        everyRuntime || SAMPLE.test(page) ? skipUnless(missing.length === 0, missing.join(', ')) : { skip: 'skipped: not asked for' };
      test(`${page}${start === undefined ? '' : `, started by ${start.trim()}`}`, options, async () => {
        const places = [...programs].flatMap((name) => (['bun', 'deno'].includes(name) ? (findRuntime(name) ?? []) : []));
        const found = await follow(steps, { node, programs: places, ...(start !== undefined && { start }) });
        assert.equal(found.join('\n\n'), '');
      });
    }
  }
});
