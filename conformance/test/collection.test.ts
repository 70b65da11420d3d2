/** The Postman collection and the page of curl lines are what the test kit makes today, and get the answers that they promise. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { devSecret } from '@approov-guard/testkit';
import { root, startExample, stopExamples } from '../../examples/test/running-example.ts';
import { findProgram, skipUnless } from '../../tools/optional.mjs';
import { COLLECTION_PATH, CURL_PATH, curlPage, postmanCollection } from '../collection/documents.ts';
import { findNewman } from '../collection/newman.ts';
import { collectedRequests, SERVERS } from '../collection/requests.ts';

const run = promisify(execFile);
const read = (path: string): string => readFileSync(`${root}/${path}`, 'utf8');
const newman = findNewman();

describe('the collection of requests', () => {
  const urls = new Map<string, string>();

  before(() =>
    Promise.all(
      Object.entries(SERVERS).map(async ([name, { example }]) => {
        urls.set(name, (await startExample(example, { APPROOV_BASE64_SECRET: devSecret.base64 })).url);
      }),
    ),
  );
  after(stopExamples);

  test('is what conformance/collection/make.ts writes', async () => {
    const requests = await collectedRequests();
    const remedy = 'run node -C source --import tsx conformance/collection/make.ts';
    equal(read(COLLECTION_PATH), postmanCollection(requests), remedy);
    equal(read(CURL_PATH), curlPage(requests), remedy);
    ok(requests.length > 120, `${requests.length}`);
  });

  test('each curl line gets the status above it', skipUnless(findProgram('curl'), 'curl'), async () => {
    let page = read(CURL_PATH);
    for (const [name, { port }] of Object.entries(SERVERS)) page = page.replaceAll(`http://127.0.0.1:${port}`, urls.get(name) ?? '');
    const pairs = [...page.matchAll(/^# (\d{3}) .*\ncurl -i(.*)$/gm)];
    ok(pairs.length > 25, `${pairs.length}`);
    const script = pairs.map(([, , rest]) => `curl -s -o /dev/null -w '%{http_code}\\n' ${rest}`).join('\n');
    const { stdout } = await run('sh', ['-c', script]);
    deepEqual(
      stdout.trim().split('\n'),
      pairs.map(([, status]) => status),
    );
  });

  test('Newman runs the collection without a failure', skipUnless(newman, 'newman'), async (context) => {
    const variables = [...urls].flatMap(([name, url]) => ['--env-var', `${name}=${url}`]);
    // Newman leaves with 1 if an assertion fails, which rejects.
    const { stdout } = await run(newman ?? '', ['run', COLLECTION_PATH, '--color', 'off', ...variables], { cwd: root });
    const [, executed = '0', failed = ''] = /assertions │\s+(\d+) │\s+(\d+)/.exec(stdout) ?? [];
    context.diagnostic(`${executed} assertions`);
    deepEqual({ failed, enough: Number(executed) > 200 }, { failed: '0', enough: true });
  });
});
