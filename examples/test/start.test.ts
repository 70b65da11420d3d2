import { deepEqual, doesNotMatch, equal, match, ok } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { findProgram, skipUnless } from '../../tools/optional.mjs';
import { runTool, spawnTool } from './running-example.ts';

const run = promisify(execFile);

describe('npm start', { concurrency: true }, () => {
  test('--self-check gets the expected answer to every request', async () => {
    const { code, output } = await runTool('start.mjs', ['--self-check'], { HTTP_PORT: '' });
    match(output, /All \d+ cases agree\./);
    equal(code, 0, output);
  });

  test('shows curl lines that get the answers they promise, logs each verdict without the token, and stops cleanly', async () => {
    const child = spawnTool('start.mjs', [], { HTTP_PORT: '' });
    const closed = once(child, 'close');
    let output = '';
    child.stderr?.on('data', (chunk) => (output += chunk));
    const ready = new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk) => {
        output += chunk;
        if (output.includes('Stop with Ctrl-C')) resolve();
      });
    });
    await Promise.race([ready, closed]);
    const cases = [...output.matchAll(/expect (\d{3}) \((.+)\)\ncurl -i (.+)$/gm)];
    const shown = output.length;
    if (findProgram('curl')) {
      const answers: string[] = [];
      // One after the other: a signed request is accepted once, and one of these is a replay.
      for (const [, , , rest] of cases) {
        answers.push((await run('sh', ['-c', `curl -s -o /dev/null -w '%{http_code}' ${rest}`])).stdout);
      }
      deepEqual(
        answers,
        cases.map(([, status]) => status),
      );
    }
    child.kill('SIGTERM');
    const [code] = await closed;
    equal(code, 0, output);
    match(output, /Stopped\.\n$/);
    const log = output.slice(shown);
    ok(cases.length >= 30);
    if (findProgram('curl')) {
      const judged = cases.filter(([, , verdict]) => verdict !== 'not judged');
      equal(log.match(/^\d{4}-\S+Z GET \/\S+ (?:accepted|rejected) \S+ (?:pass|refuse): /gm)?.length, judged.length, log);
      doesNotMatch(log, /eyJ/);
    }
  });

  test('curl is there for the test above', skipUnless(findProgram('curl'), 'curl'), () => {});

  test('names a port in use', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const { code, output } = await runTool('start.mjs', ['--self-check'], { HTTP_PORT: String(port) });
    holder.close();
    equal(code, 2);
    match(output, /is in use/);
  });

  test('refuses what it does not know', async () => {
    const { code, output } = await runTool('start.mjs', ['--self-chek'], {});
    equal(code, 2);
    match(output, /Unknown: --self-chek/);
  });
});
