import { doesNotMatch, equal, match, ok } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { findProgram, skipUnless } from '../../tools/optional.mjs';
import { freePort } from '../../tools/start/free-port.mjs';
import { runTool, spawnTool } from './running-example.ts';

const run = promisify(execFile);

/** Tests run side by side: each has ports of its own. */
const freePorts = async () => ({
  HTTP_PORT: String(await freePort()),
  CONSOLE_PORT: String(await freePort()),
  CLOUD_PORT: String(await freePort()),
  APPROOV_CLOUD_STATE: '',
});

describe('npm start', { concurrency: true }, () => {
  test('--self-check gets the expected answer to every request', async () => {
    const { code, output } = await runTool('start.mjs', ['--self-check'], await freePorts());
    match(output, /All \d+ cases agree\./);
    equal(code, 0, output);
  });

  test('prints at most 25 lines: the page, and five curl lines that get the answers they promise; then stops cleanly', async () => {
    const child = spawnTool('start.mjs', [], await freePorts());
    const closed = once(child, 'close');
    let output = '';
    child.stderr?.on('data', (chunk) => (output += chunk));
    const ready = new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk) => {
        output += chunk;
        if (/^Next: .*\n/m.test(output)) resolve();
      });
    });
    await Promise.race([ready, closed]);
    ok(output.split('\n').length <= 26, output);
    const [, page = ''] = /Open this page[^\n]*(http:\S+)/.exec(output) ?? [];
    match(await (await fetch(page)).text(), /<title>approov-guard console<\/title>/);
    const cases = [...output.matchAll(/expect (\d{3})(?: (\S+))?\ncurl -i (.+)$/gm)];
    equal(cases.length, 5, output);
    if (findProgram('curl')) {
      for (const [, status, , rest] of cases)
        equal((await run('sh', ['-c', `curl -s -o /dev/null -w '%{http_code}' ${rest}`])).stdout, status, rest);
      const log = output.slice(output.indexOf('Next:'));
      match(log, /GET \/v2\/shapes accepted /);
      match(log, /GET \/v2\/forms rejected binding-mismatch /);
      doesNotMatch(log, /eyJ/);
    }
    child.kill('SIGTERM');
    const [code] = await closed;
    equal(code, 0, output);
    match(output, /Stopped\.\n$/);
  });

  test('curl is there for the test above', skipUnless(findProgram('curl'), 'curl'), () => {});

  test('names a port in use', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const { code, output } = await runTool('start.mjs', ['--self-check'], { ...(await freePorts()), HTTP_PORT: String(port) });
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
