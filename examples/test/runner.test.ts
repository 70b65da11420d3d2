import { doesNotMatch, equal, match, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { devSecret } from '@approov-guard/testkit';
import { freePort } from '../../tools/start/free-port.mjs';
import { runTool } from './running-example.ts';

describe('npm run example', { concurrency: true }, () => {
  test('lists the examples without a name', async () => {
    const { code, output } = await runTool('example.mjs', [], {});
    equal(code, 0);
    match(output, /hello\/express\/token-check\n/);
    match(output, /shapes-api\/express\/protected/);
    match(output, /hello\/fetch\/message-signing-check\n/);
    ok((output.match(/^ {2}\S+\/\S+\/\S+$/gm)?.length ?? 0) >= 22);
  });

  test('lists the examples for a wrong name, and fails', async () => {
    const { code, output } = await runTool('example.mjs', ['hello/cobol/token-check'], {});
    equal(code, 2);
    match(output, /no example "hello\/cobol\/token-check"/);
    match(output, /hello\/express\/token-check/);
  });

  const secrets = [
    { what: 'a missing secret', secret: '', code: 'secret-missing' },
    { what: 'a placeholder', secret: 'approov_base64_secret_here', code: 'secret-placeholder' },
    { what: 'a published secret in production', secret: devSecret.base64, code: 'secret-public' },
  ];
  for (const { what, secret, code: expected } of secrets) {
    test(`${what} stops the example and says how to mend it`, async () => {
      const environment = { APPROOV_BASE64_SECRET: secret, NODE_ENV: 'production', HTTP_PORT: String(await freePort()) };
      const { code, output } = await runTool('example.mjs', ['hello/node/token-check'], environment);
      equal(code, 2);
      match(output, new RegExp(expected));
      match(output, /APPROOV_BASE64_SECRET/);
      match(output, /approov secret -get base64/);
      doesNotMatch(output, /^\s+at /m);
      if (secret !== '') equal(output.includes(secret), false);
    });
  }

  test('a port in use is named', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const { code, output } = await runTool('example.mjs', ['hello/express/unprotected'], { HTTP_PORT: String(port) });
    holder.close();
    equal(code, 2);
    match(output, new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is in use`));
    doesNotMatch(output, /^\s+at /m);
  });

  test('a port that is not a number is named', async () => {
    const { code, output } = await runTool('example.mjs', ['hello/fastify/unprotected'], { HTTP_PORT: 'eighty' });
    equal(code, 2);
    match(output, /HTTP_PORT must be a number/);
  });
});
