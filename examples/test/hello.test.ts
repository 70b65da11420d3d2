import { deepEqual, equal } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { devSecret, freshInstallationKey } from '@approov-guard/testkit';
import { frameworksWith, get, type RunningExample, startExample, stopExamples } from './running-example.ts';
import { signedGet } from './signed-get.ts';
import { requestsOf, withVectors } from './vectors.ts';

const STEP_OF_MODE = { none: 'unprotected', token: 'token-check', binding: 'token-binding-check' };
const SIGNED = 'message-signing-check';
const requests = requestsOf('postman/hello-world');

/** They are no HTTP APIs: hello-grpc.test.ts and hello-ws.test.ts call them. */
const CALLED_ELSEWHERE = ['grpc', 'ws'];

for (const framework of frameworksWith('hello', 'unprotected').filter((name) => !CALLED_ELSEWHERE.includes(name))) {
  describe(`hello/${framework}`, () => {
    const running = new Map<string, RunningExample>();
    const urlOf = (step: string): string => running.get(step)?.url ?? 'not started';

    before(async () => {
      const steps = [...Object.values(STEP_OF_MODE), SIGNED].filter((step) => frameworksWith('hello', step).includes(framework));
      const started = await Promise.all(
        steps.map((step) =>
          startExample(`hello/${framework}/${step}`, step === 'unprotected' ? {} : { APPROOV_BASE64_SECRET: devSecret.base64 }),
        ),
      );
      for (const [index, step] of steps.entries()) {
        const example = started[index];
        if (example) running.set(step, example);
      }
    });
    after(stopExamples);

    test('the hello-world collection gets its answers', withVectors, async () => {
      equal(requests.length, 20);
      for (const { name, path, headers, mode, expect_status } of requests) {
        const { status, type, body } = await get(urlOf(STEP_OF_MODE[mode]) + path, headers);
        equal(status, expect_status, name);
        equal(type.split(';')[0], 'application/json', name);
        deepEqual(JSON.parse(body), status === 200 ? { message: 'Hello, World!' } : {}, name);
      }
    });

    test('the unprotected server asks for nothing, the others refuse with 401 {}', async () => {
      equal((await get(urlOf('unprotected'))).status, 200);
      for (const step of ['token-check', 'token-binding-check']) {
        const { status, body } = await get(urlOf(step));
        deepEqual({ status, body }, { status: 401, body: '{}' });
      }
    });

    test('the signed server asks for a message signature', async () => {
      if (!frameworksWith('hello', SIGNED).includes(framework)) return;
      const url = urlOf(SIGNED);
      const { token, headers } = signedGet(url, '/', { secret: devSecret });
      const rows: readonly (readonly [string, Parameters<typeof get>[1], number])[] = [
        ['a token alone', [['Approov-Token', token]], 401],
        ['a signature for another path', signedGet(url, '/other', { secret: devSecret }).headers, 401],
        ['a signature of another installation', signedGet(url, '/', { secret: devSecret, by: freshInstallationKey() }).headers, 401],
        ['genuine', headers, 200],
        ['the same again', headers, 401],
      ];
      for (const [name, given, expected] of rows) {
        const { status, body } = await get(`${url}/`, given);
        deepEqual({ name, status, body }, { name, status: expected, body: expected === 200 ? body : '{}' });
      }
    });

    test('another path is not found', async () => {
      equal((await get(`${urlOf('unprotected')}/other`)).status, 404);
    });
  });
}
