/** A server in Python behind the gateway, started as a reader would. */
import { deepEqual } from 'node:assert/strict';
import { after, test } from 'node:test';
import { exampleToken, freshSecret } from '@approov-guard/testkit';
import { findPythonWith, skipUnless } from '../../tools/optional.mjs';
import { startExample, stopExamples } from './running-example.ts';

after(stopExamples);

for (const framework of ['flask', 'fastapi']) {
  const python = findPythonWith(framework);
  test(`gateway/${framework}: refused without a token, answered with one`, skipUnless(python, `python3 with ${framework}`), async () => {
    const secret = freshSecret();
    const { url } = await startExample(`gateway/${framework}`, { APPROOV_BASE64_SECRET: secret.base64, PYTHON: python ?? '' });
    const ask = async (headers: { readonly [name: string]: string }): Promise<readonly [number, string]> => {
      const answer = await fetch(url, { headers });
      return [answer.status, await answer.text()];
    };
    deepEqual(await ask({}), [401, '{}']);
    const [status, text] = await ask({ 'approov-token': exampleToken({ secret }) });
    deepEqual([status, JSON.parse(text)], [200, { message: 'Hello, World!' }]);
  });
}
