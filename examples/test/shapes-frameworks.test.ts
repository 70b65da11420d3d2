/** The Shapes API in every framework answers alike; `shapes-api.test.ts` looks closer at one of them. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { devSecret, exampleToken, lookalikeToken } from '@approov-guard/testkit';
import { frameworksWith, get, type RunningExample, startExample, stopExamples } from './running-example.ts';
import { type Lines, signedGet } from './signed-get.ts';
import { requestsOf, withVectors } from './vectors.ts';

const USER = 'Bearer user-1';
const API_KEY = ['Api-Key', 'yXClypapWNHIifHUWmBIyPFAm'] as const;
const options = { secret: devSecret, now: Date.now() };
const bound: Lines = [
  ['Approov-Token', exampleToken({ ...options, bind: USER })],
  ['Authorization', USER],
];
const forged: Lines = [['Approov-Token', lookalikeToken(options)]];

const frameworks = frameworksWith('shapes-api', 'protected').filter((framework) => framework !== 'express');
const running = new Map<string, RunningExample>();

before(() =>
  Promise.all(
    frameworks.map(async (framework) => {
      const settings = { APPROOV_BASE64_SECRET: devSecret.base64, APPROOV_MISSING_STATUS: '401' };
      running.set(framework, await startExample(`shapes-api/${framework}/protected`, settings));
    }),
  ),
);
after(stopExamples);

for (const framework of frameworks) {
  describe(`shapes-api/${framework}`, () => {
    const url = (): string => running.get(framework)?.url ?? 'not started';

    test('the Shapes collection gets its statuses', withVectors, async () => {
      for (const { name, path, headers, expect_status } of requestsOf('postman/shapes-api')) {
        equal((await get(url() + path, headers)).status, expect_status, name);
      }
    });

    test('every route answers', async () => {
      const rows: readonly [string, Lines, number, RegExp, RegExp][] = [
        ['/', [], 200, /^text\/html/, /Shapes API/],
        ['/hello', [], 200, /^text\/plain/, /^Hello, World!$/],
        ['/shapes', [], 200, /^text\/plain/, /^\w+$/],
        ['/v1/hello', [], 200, /json/, /^{"text":"Hello, World!"}$/],
        ['/v1/shapes', [], 200, /json/, /^{"shape":"\w+"}$/],
        ['/v1/forms', [], 200, /json/, /^{"form":"\w+"}$/],
        ['/v2/hello', [], 200, /json/, /^{"text":"Hello, World!"}$/],
        ['/v2/shapes', bound, 200, /json/, /^{"shape":"\w+"}$/],
        ['/v2/shapes', forged, 401, /^application\/json$/, /^{}$/],
        ['/v2/forms', bound, 200, /json/, /^{"form":"\w+"}$/],
        ['/v2/forms', bound.slice(0, 1), 401, /^application\/json$/, /^{}$/],
        ['/v3/hello', [], 200, /json/, /\(healthy\)"}$/],
        ['/v3/shapes', [...bound, API_KEY], 200, /json/, /"status":"\w+ \(approoved and api key valid\)"/],
        ['/v3/forms', [...bound, API_KEY], 200, /json/, /"status":"\w+ \(approoved and api key valid\)"/],
        ['/v3/forms', bound, 400, /json/, /^{"status":"missing the api key in the request"}$/],
        ['/v5/hello', [], 200, /json/, /\(healthy\)"}$/],
        ['/v5/shapes', [...bound, API_KEY], 200, /json/, /\(approoved without message signature\)/],
        ['/v5/shapes', [...bound, ['Api-Key', 'wrong']], 400, /json/, /^{"status":"invalid api key"}$/],
      ];
      for (const [path, headers, expected, type, body] of rows) {
        const answer = await get(url() + path, headers);
        equal(answer.status, expected, `${path}: ${answer.body}`);
        match(answer.type, type, path);
        match(answer.body, body, path);
      }
    });

    test('v5 asks for a signature if the token carries a key', async () => {
      const signed = [...signedGet(url(), '/v5/shapes', { secret: devSecret }).headers, API_KEY];
      const moved = [...signedGet(url(), '/v5/hello', { secret: devSecret }).headers, API_KEY];
      match((await get(`${url()}/v5/shapes`, signed)).body, /\(approoved with valid message signature\)/);
      for (const headers of [signed, moved]) {
        const { status, body } = await get(`${url()}/v5/shapes`, headers);
        deepEqual({ status, body }, { status: 401, body: '{}' });
      }
    });
  });
}
