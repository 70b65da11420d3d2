/**
 * nginx with njs has a short way for ordinary requests. It must accept nothing that the library does not: thousands of tokens and headers, ordinary
 * and strange ones, are sent to the real program and to our own proxy, which judges by the library alone. Both must do and say the same.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { compileFor } from '@approov-guard/gateway';
import type { PolicyDocument } from 'approov-guard/policy-file';
import { findProgram, skipUnless } from '../../../tools/optional.mjs';
import { chooser, done, env, POLICIES, request } from './generated.ts';
import { gatewayTo, type Received, raw, upstream, valuesOf } from './harness.ts';
import { freePort, running } from './program.ts';

async function nginxTo(context: TestContext, policy: PolicyDocument, to: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'short-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const port = await freePort();
  for (const { name, text } of compileFor('nginx-njs', policy, { to: new URL(to).host, listen: `127.0.0.1:${port}` }, env))
    writeFileSync(join(folder, name), text.replace('/var/log/nginx/access.log', `${folder}/access.log`));
  const main = `daemon off; user root; pid ${folder}/nginx.pid; error_log stderr crit;`;
  const { child } = await running('nginx', ['-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-g', main], env, port, folder);
  context.after(() => new Promise((resolve) => child.once('close', resolve) && child.kill('SIGTERM')));
  return port;
}

/** The short way names its requests by connection and count, the whole judgement at random. */
const wentShort = (received: Received | undefined): boolean =>
  received !== undefined && /^\d+-\d+-[\d.]+$/.test(valuesOf(received, 'x-attestation-id').join());

const CASES = 600;

for (const [name, policy] of Object.entries(POLICIES)) {
  test(`nginx njs judges as the library does: ${name}`, skipUnless(findProgram('nginx'), 'nginx'), async (context) => {
    const { url, received } = await upstream(context);
    const port = await nginxTo(context, policy, url);
    const gateway = await gatewayTo(context, url, { policy, options: { env } });
    const choose = chooser(name.length);
    let [accepted, short] = [0, 0];
    for (let count = 0; count < CASES; count++) {
      const bytes = request(choose);
      received.length = 0;
      const expected = await raw(gateway.port, bytes);
      const before = received.shift();
      const answer = await raw(port, bytes);
      const after = received.shift();
      // nginx has a word of its own for two lines of one name, and for paths; what it lets through must be the same.
      if (after === undefined && before === undefined) continue;
      if (after === undefined && answer.status === 400) continue;
      assert.deepEqual(
        done(answer, after),
        done(expected, before),
        `${wentShort(after) ? 'the short way' : 'the whole judgement'}: ${JSON.stringify(bytes)}`,
      );
      if (valuesOf(after as Received, 'x-attestation-verdict').join() === 'accepted') accepted++;
      if (wentShort(after)) short++;
    }
    context.diagnostic(`${accepted} of ${CASES} were accepted, ${short} passed the short way`);
    assert.ok(accepted >= 20 && short > accepted / 2, `${accepted} accepted, ${short} by the short way`);
  });
}
