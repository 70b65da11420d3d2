import { deepEqual, doesNotMatch, equal, match } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { devSecret, exampleToken, lookalikeToken } from '@approov-guard/testkit';
import { type Answer, type Environment, get, type RunningExample, startExample, stopExamples } from './running-example.ts';
import { type Lines, signedGet } from './signed-get.ts';
import { requestsOf, withVectors } from './vectors.ts';

const SERVERS = {
  original: { example: 'original', settings: {} },
  standard: { example: 'protected', settings: {} },
  uniform: { example: 'protected', settings: { APPROOV_MISSING_STATUS: '401', APPROOV_LOGGING_ENABLED: 'false' } },
  observing: { example: 'protected', settings: { APPROOV_ABORT_REQUEST_ON_INVALID_TOKEN: 'false' } },
  observingBinding: { example: 'protected', settings: { APPROOV_ABORT_REQUEST_ON_INVALID_TOKEN_BINDING: 'false' } },
  observingSignature: { example: 'protected', settings: { APPROOV_ABORT_REQUEST_ON_INVALID_MESSAGE_SIGNATURE: 'false' } },
} satisfies Record<string, { example: string; settings: Environment }>;

type ServerName = keyof typeof SERVERS;

const SHAPE = /^(?:Circle|Rectangle|Square|Triangle)$/;
const FORM = /^(?:Box|Cone|Cube|Sphere)$/;
const USER = 'Bearer user-1';
const API_KEY = ['Api-Key', 'yXClypapWNHIifHUWmBIyPFAm'] as const;
const options = { secret: devSecret, now: Date.now() };
const genuine = exampleToken(options);
const bound = exampleToken({ ...options, bind: USER });
const forged = lookalikeToken(options);
const token = (value: string): readonly [string, string] => ['Approov-Token', value];
const authorization = (value: string): readonly [string, string] => ['Authorization', value];

describe('shapes-api/express', () => {
  const running = new Map<string, RunningExample>();
  const call = (server: ServerName, path: string, headers: Lines = []): Promise<Answer> =>
    get((running.get(server)?.url ?? 'not started') + path, headers);
  const statusOf = async (server: ServerName, path: string, headers: Lines = []): Promise<number> =>
    (await call(server, path, headers)).status;
  const jsonOf = async (server: ServerName, path: string, headers: Lines = []): Promise<{ [field: string]: string }> =>
    JSON.parse((await call(server, path, headers)).body);

  before(() =>
    Promise.all(
      Object.entries(SERVERS).map(async ([name, { example, settings }]) => {
        running.set(name, await startExample(`shapes-api/express/${example}`, { APPROOV_BASE64_SECRET: devSecret.base64, ...settings }));
      }),
    ),
  );
  after(stopExamples);

  test('the Shapes collection gets its statuses where missing is answered like invalid', withVectors, async () => {
    const requests = requestsOf('postman/shapes-api');
    equal(requests.length, 26);
    for (const { name, path, headers, expect_status } of requests) equal(await statusOf('uniform', path, headers), expect_status, name);
  });

  test('what is missing gets 400, what is invalid 401, both with {}', async () => {
    const rows: readonly [string, Lines, number][] = [
      ['/v2/shapes', [], 400],
      ['/v2/shapes', [token('')], 400],
      ['/v2/shapes', [token('adasdasdsadasd')], 401],
      ['/v2/shapes', [token('NO_NETWORK')], 401],
      ['/v2/shapes', [token(forged)], 401],
      ['/v2/shapes', [token(genuine), token(genuine)], 401],
      ['/v2/forms', [authorization(USER)], 400],
      ['/v2/forms', [token(genuine), authorization(USER)], 400],
      ['/v2/forms', [token(bound)], 400],
      ['/v2/forms', [token(bound), authorization('')], 400],
      ['/v2/forms', [token(bound), authorization('Bearer user-2')], 401],
      ['/v2/forms', [token(forged), authorization(USER)], 401],
      ['/v3/forms', [token(bound), authorization('user-1'), API_KEY], 401],
    ];
    for (const [path, headers, expected] of rows) {
      const { status, type, body } = await call('standard', path, headers);
      deepEqual({ status, type, body }, { status: expected, type: 'application/json', body: '{}' }, `${path} ${JSON.stringify(headers)}`);
    }
  });

  test('v0 answers text, the home page HTML', async () => {
    for (const server of ['original', 'standard'] as const) {
      const home = await call(server, '/');
      match(home.type, /^text\/html/);
      match(home.body, /Shapes API/);
      const hello = await call(server, '/hello');
      match(hello.type, /^text\/plain/);
      equal(hello.body, 'Hello, World!');
      match((await call(server, '/shapes')).body, SHAPE);
    }
  });

  test('v1 and v2 answer JSON', async () => {
    for (const server of ['original', 'standard'] as const) {
      for (const version of ['v1', 'v2']) {
        const headers = [token(bound), authorization(USER)];
        deepEqual(await jsonOf(server, `/${version}/hello`), { text: 'Hello, World!' });
        match((await jsonOf(server, `/${version}/shapes`, headers)).shape ?? '', SHAPE);
        match((await jsonOf(server, `/${version}/forms`, headers)).form ?? '', FORM);
      }
    }
  });

  test('v3 asks for the API key, after the token', async () => {
    deepEqual(await jsonOf('standard', '/v3/hello'), { text: 'Hello, World!', status: 'Hello, World! (healthy)' });
    const { shape = '', status } = await jsonOf('standard', '/v3/shapes', [token(genuine), API_KEY]);
    match(shape, SHAPE);
    equal(status, `${shape} (approoved and api key valid)`);
    const { form = '', ...rest } = await jsonOf('standard', '/v3/forms', [token(bound), authorization(USER), API_KEY]);
    match(form, FORM);
    deepEqual(rest, { status: `${form} (approoved and api key valid)` });
    for (const [key, message] of [
      ['', 'missing the api key in the request'],
      ['wrong', 'invalid api key'],
    ] as const) {
      const { status, body } = await call('standard', '/v3/shapes', [token(genuine), ['Api-Key', key]]);
      deepEqual({ status, body }, { status: 400, body: JSON.stringify({ status: message }) });
    }
    equal((await call('standard', '/v3/shapes', [token(forged), ['Api-Key', 'wrong']])).body, '{}');
  });

  test('v5 asks for the API key, then the token, then a signature if the token carries a key', async () => {
    deepEqual(await jsonOf('standard', '/v5/hello'), { text: 'Hello, World!', status: 'Hello, World! (healthy)' });
    const url = running.get('standard')?.url ?? '';
    const signed = signedGet(url, '/v5/shapes', { secret: devSecret }).headers;
    const { shape = '', status } = await jsonOf('standard', '/v5/shapes', [...signed, API_KEY]);
    match(shape, SHAPE);
    equal(status, `${shape} (approoved with valid message signature)`);
    const unsigned = await jsonOf('standard', '/v5/shapes', [token(genuine), API_KEY]);
    equal(unsigned.status, `${unsigned.shape} (approoved without message signature)`);
    const other = signedGet(url, '/v5/shapes', { secret: devSecret });
    const rows: readonly [string, Lines, number, string][] = [
      ['no API key', other.headers, 400, '{"status":"missing the api key in the request"}'],
      ['no token', [API_KEY], 400, '{}'],
      ['a forged token', [token(forged), API_KEY], 401, '{}'],
      ['a key and no signature', [token(other.token), API_KEY], 400, '{}'],
      ['a replay', [...signed, API_KEY], 401, '{}'],
      ['a signature for another path', [...signedGet(url, '/v3/shapes', { secret: devSecret }).headers, API_KEY], 401, '{}'],
      ['the request that lacked the API key', [...other.headers, API_KEY], 200, ''],
    ];
    for (const [name, headers, expected, body] of rows) {
      const answer = await call('standard', '/v5/shapes', headers);
      deepEqual({ name, status: answer.status }, { name, status: expected });
      if (body !== '') equal(answer.body, body, name);
    }
  });

  test('APPROOV_ABORT_REQUEST_ON_INVALID_MESSAGE_SIGNATURE=false lets unsigned requests pass, and still refuses invalid tokens', async () => {
    const { token: value } = signedGet('http://127.0.0.1', '/', { secret: devSecret });
    const { shape, status } = await jsonOf('observingSignature', '/v5/shapes', [token(value), API_KEY]);
    equal(status, `${shape} (approoved without message signature)`);
    equal(await statusOf('observingSignature', '/v5/shapes', [token(forged), API_KEY]), 401);
    await logged('observingSignature', 2);
    match(
      running.get('observingSignature')?.lines[0] ?? '',
      /GET \/v5\/shapes rejected signature-missing pass: ACCEPTED REQUEST WITH INVALID APPROOV MESSAGE SIGNATURE$/,
    );
  });

  test('the original asks for the API key only', async () => {
    for (const path of ['/v2/shapes', '/v2/forms']) equal(await statusOf('original', path), 200);
    for (const path of ['/v3/shapes', '/v5/shapes']) {
      equal(await statusOf('original', path), 400);
      equal(await statusOf('original', path, [API_KEY]), 200);
    }
  });

  test('APPROOV_ABORT_REQUEST_ON_INVALID_TOKEN=false lets invalid tokens and bindings pass, and logs them', async () => {
    for (const headers of [[], [token(forged)], [token('adasdasdsadasd')]]) equal(await statusOf('observing', '/v2/shapes', headers), 200);
    equal(await statusOf('observing', '/v2/forms', [token(bound), authorization('Bearer user-2')]), 200);
    await logged('observing', 4);
    const lines = running.get('observing')?.lines ?? [];
    match(lines[1] ?? '', /GET \/v2\/shapes rejected token-signature-invalid pass: ACCEPTED REQUEST WITH INVALID APPROOV TOKEN$/);
    match(lines[3] ?? '', /GET \/v2\/forms rejected binding-mismatch pass: ACCEPTED REQUEST WITH INVALID APPROOV TOKEN BINDING$/);
  });

  test('APPROOV_ABORT_REQUEST_ON_INVALID_TOKEN_BINDING=false lets a wrong binding pass, and still refuses invalid tokens', async () => {
    equal(await statusOf('observingBinding', '/v2/forms', [token(bound), authorization('Bearer user-2')]), 200);
    equal(await statusOf('observingBinding', '/v2/forms', [token(genuine)]), 200);
    equal(await statusOf('observingBinding', '/v2/forms', [token(forged), authorization(USER)]), 401);
    await logged('observingBinding', 3);
    match(running.get('observingBinding')?.lines[0] ?? '', /ACCEPTED REQUEST WITH INVALID APPROOV TOKEN BINDING$/);
  });

  test('the log names reason and action and never holds a token; it can be switched off', async () => {
    // With a slash at the end, so that the lines of the other tests can be told from these.
    await call('standard', '/v2/shapes/?token=abc', [token(genuine)]);
    await call('standard', '/v2/forms/', [token(bound), authorization(USER)]);
    await call('standard', '/v2/shapes/', []);
    const lines = running.get('standard')?.lines ?? [];
    const own = (): readonly string[] => lines.filter((line) => line.includes('s/ '));
    await until(() => own().length >= 3);
    const [shapes = '', forms = '', missing = ''] = own();
    match(shapes, /^\d{4}-\d\d-\d\dT\S+Z GET \/v2\/shapes\/ accepted - pass: ACCEPTED REQUEST WITH VALID APPROOV TOKEN$/);
    match(forms, /GET \/v2\/forms\/ accepted - pass: ACCEPTED REQUEST WITH VALID APPROOV TOKEN BINDING$/);
    match(missing, /GET \/v2\/shapes\/ rejected token-missing refuse: REJECTED REQUEST WITH INVALID APPROOV TOKEN$/);
    doesNotMatch(lines.join('\n'), /eyJ|user-1/);
    equal(running.get('uniform')?.lines.length, 0);
  });

  /** Waits until the server has written so many lines; a line may arrive after the answer. */
  async function logged(server: ServerName, count: number): Promise<void> {
    await until(() => (running.get(server)?.lines.length ?? 0) >= count);
    equal(running.get(server)?.lines.length, count);
  }
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
}
