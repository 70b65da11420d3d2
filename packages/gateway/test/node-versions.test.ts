/**
 * The gateway on every version of Node that it supports. It has a request and a response of its own on Node's server (`service/messages.ts`), and
 * what these rely on may change between versions.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { skipUnless } from '../../../tools/optional.mjs';
import { findRuntime, runtimeNames } from '../../../tools/runtimes.mjs';

const SUITES = ['messages', 'faults', 'proxy', 'tls'].map((name) => fileURLToPath(new URL(`${name}.test.ts`, import.meta.url)));
const versions = runtimeNames.filter(
  (name) => name.startsWith('node ') && !process.versions.node.startsWith(`${name.slice('node '.length)}.`),
);

describe('messages, faults, streams and TLS', () => {
  for (const version of versions)
    it(`on ${version}`, skipUnless(findRuntime(version), version), async () => {
      // The cast holds: it is skipped without one.
      const program = findRuntime(version) as string;
      const words = ['-C', 'source', '--import', 'tsx', '--test', '--test-reporter', 'spec', ...SUITES];
      // A run inside a run reports to it, unless it does not know of it.
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const child = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      const [status] = await once(child, 'close');
      assert.equal(status, 0, text.slice(-4000));
      assert.ok(Number(/^ℹ pass (\d+)$/m.exec(text)?.[1]) > 30, text.slice(-400));
    });
});
