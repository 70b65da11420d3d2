/** A guard is not silent: in development one hint for each reason, and every verdict where `DEBUG` asks. Real processes, since stderr and the environment count. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { exampleToken, freshSecret, requestView } from '@approov-guard/testkit';
import { ConfigurationError, createGuard, type Guard, type GuardOptions } from 'approov-guard';
import { isDebugged } from '../../../src/checks/option-checks.ts';
import { FAULTS, REASONS } from '../../../src/core/reasons/reasons.ts';
import { now, secret } from '../../both-ports.ts';
import { digestLine, signed } from '../../signed-requests.ts';

const folder = fileURLToPath(new URL('../../..', import.meta.url));
const BOUND = 'Bearer bound-value-of-a-user';

/** The built package, as an application has it: a server, and requests that fail in several ways. */
const PROGRAM = `
import { createServer } from 'node:http';
import { once } from 'node:events';
import { approov } from 'approov-guard/node';
import { exampleToken, devSecret, freshSecret } from '@approov-guard/testkit';
const { options, tokens } = JSON.parse(process.argv[1]);
const secret = freshSecret();
const keys = { secret };
const hook = options.onVerdict === undefined ? {} : { onVerdict: () => {} };
const protect = approov({ keys, binding: { headers: ['authorization'] }, ...options, ...hook }, (request, response) => response.end('hello'));
const server = createServer(async (request, response) => protect(request, response)).listen(0, '127.0.0.1');
await once(server, 'listening');
const MADE = {
  none: () => undefined,
  genuine: () => exampleToken({ secret, bind: '${BOUND}' }),
  forged: () => exampleToken({ secret: freshSecret(), bind: '${BOUND}' }),
  garbage: () => 'not\\\\u2028a-token',
  unbound: () => exampleToken({ secret, bind: 'Bearer another' }),
};
for (const name of tokens) {
  const token = MADE[name]();
  const headers = { authorization: '${BOUND}', ...(token && { 'approov-token': token }) };
  await fetch('http://127.0.0.1:' + server.address().port + '/shapes/' + (token ?? '') + '?q=' + (token ?? ''), { headers });
  console.log(token ?? '');
}
server.closeAllConnections();
server.close();
`;

interface Ran {
  /** What went to stderr, line by line. */
  readonly lines: readonly string[];
  /** The tokens that were sent. */
  readonly sent: readonly string[];
}

const { NODE_ENV: _environment, DEBUG: _debug, ...rest } = process.env;

function run(tokens: readonly string[], options: object = {}, env: object = {}): Promise<Ran> {
  const parameters = ['--input-type=module', '-e', PROGRAM, JSON.stringify({ options, tokens })];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, parameters, { cwd: folder, env: { ...rest, ...env } }, (error, stdout, stderr) => {
      if (error !== null) return reject(error);
      const sent = stdout.split('\n').filter((line) => line !== '');
      const lines = stderr.split('\n').filter((line) => line !== '');
      for (const hidden of [...sent, BOUND]) assert.ok(!stderr.includes(hidden), 'neither a token nor a bound value');
      resolve({ lines, sent });
    });
  });
}

test('a process with many guards hears each advice once', async () => {
  const program = `
    import { createGuard } from 'approov-guard';
    import { createRequire } from 'node:module';
    const made = [createGuard, createRequire(import.meta.url)('approov-guard').createGuard];
    const view = { method: 'GET', scheme: 'https', authority: 'a', target: '/', lines: () => [] };
    for (const make of [...made, ...made]) await make({ keys: { secret: { bytes: crypto.getRandomValues(new Uint8Array(32)) } } }).decide(view);
  `;
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: folder, env: rest });
  assert.match(stderr, /^approov-guard: refused GET \/: token-missing[^\n]*\n$/);
});

const MIXED = ['none', 'forged', 'none', 'genuine', 'garbage', 'unbound', 'forged', 'unbound'];

test('in development the first refusal of each reason is one line with the reason and what to do', async () => {
  const { lines } = await run(MIXED);
  const codes = ['token-missing', 'token-signature-invalid', 'token-malformed', 'binding-mismatch'] as const;
  assert.equal(lines.length, codes.length, lines.join('\n'));
  for (const [index, code] of codes.entries()) {
    assert.match(lines[index] ?? '', new RegExp(`^approov-guard: refused GET /shapes/\\S*: ${code}`));
    assert.ok(lines[index]?.includes(REASONS[code].action), lines[index]);
  }
  assert.match(lines[0] ?? '', /`hints: false`/, 'the first says how to be rid of them');
});

test('what `observe` lets pass is told as what would be refused', async () => {
  const { lines } = await run(['none', 'none'], { mode: 'observe' });
  assert.deepEqual([lines.length, lines[0]?.startsWith('approov-guard: would refuse GET /shapes/: token-missing')], [1, true]);
});

for (const [name, options, env] of [
  ['with `onVerdict`', { onVerdict: true }, {}],
  ['with `hints: false`', { hints: false }, {}],
  ['in production, by the option', { environment: 'production' }, {}],
  ['in production, by the environment', {}, { NODE_ENV: 'production' }],
  ['in production, although asked for', { hints: true }, { NODE_ENV: 'production' }],
] as const) {
  test(`${name} nothing is said`, async () => {
    assert.deepEqual((await run(MIXED, options, env)).lines, []);
  });
}

test('the option `environment` wins over NODE_ENV, and `hints: true` over `onVerdict`', async () => {
  const { lines } = await run(['none'], { environment: 'development', hints: true, onVerdict: true }, { NODE_ENV: 'production' });
  assert.ok(lines.length === 1 && lines[0]?.includes(REASONS['token-missing'].action), lines.join('\n'));
});

test('DEBUG shows every verdict as one line, in production as well; in development the first of each reason says what to do', async () => {
  for (const env of [{ DEBUG: 'approov-guard' }, { DEBUG: 'express:*, approov-*', NODE_ENV: 'production' }]) {
    const { lines } = await run(MIXED, {}, env);
    const found = lines.map((line) =>
      /^approov-guard: (accepted|refused) GET \/shapes\/\S*?(?:: ([a-z-]+))? \(route /.exec(line)?.slice(1, 3),
    );
    assert.deepEqual(
      found,
      [
        ['refused', 'token-missing'],
        ['refused', 'token-signature-invalid'],
        ['refused', 'token-missing'],
        ['accepted', undefined],
        ['refused', 'token-malformed'],
        ['refused', 'binding-mismatch'],
        ['refused', 'token-signature-invalid'],
        ['refused', 'binding-mismatch'],
      ],
      lines.join('\n'),
    );
    const explained = lines.filter((line) => line.includes(REASONS['token-missing'].action)).length;
    assert.equal(explained, 'NODE_ENV' in env ? 0 : 1);
  }
  const beside = await run(['none', 'genuine'], { onVerdict: true }, { DEBUG: '*' });
  assert.equal(beside.lines.length, 2, 'whatever the hook does');
});

test('DEBUG is read as the package `debug` reads it', (context) => {
  const before = process.env.DEBUG;
  context.after(() => {
    if (before === undefined) delete process.env.DEBUG;
    else process.env.DEBUG = before;
  });
  const yes = [
    'approov-guard',
    '*',
    'approov*',
    '*guard',
    'a*v-g*d',
    'x,approov-guard',
    'x approov-guard',
    'x,\tapproov-guard ,y',
    '-x,*',
    '**',
  ];
  const no = [
    '',
    ' ',
    ',',
    'approov',
    'approov-guard:*',
    '*,-approov-guard',
    '-approov*,approov-guard',
    'approov-guard,-*',
    'guard',
    'a*b',
    '-',
  ];
  for (const [values, expected] of [
    [yes, true],
    [no, false],
  ] as const) {
    for (const value of values) {
      process.env.DEBUG = value;
      assert.equal(isDebugged('approov-guard'), expected, JSON.stringify(value));
    }
  }
});

/** A guard whose lines are kept. */
function told(
  context: TestContext,
  options: Partial<GuardOptions>,
  debug: string = '',
): { readonly guard: Guard; readonly lines: readonly string[] } {
  const lines: string[] = [];
  context.mock.method(console, 'error', (line: string) => lines.push(line));
  const before = process.env.DEBUG;
  process.env.DEBUG = debug;
  const guard = createGuard({ keys: { secret: freshSecret() }, environment: 'development', ...options });
  if (before === undefined) delete process.env.DEBUG;
  else process.env.DEBUG = before;
  return { guard, lines };
}

test('a fault is told, without what others wrote about its cause', async (context) => {
  const current = (): never => {
    throw new Error('cannot reach redis://user:password@10.0.0.7');
  };
  const { guard, lines } = told(context, { keys: { current } });
  const view = requestView({ headers: { 'approov-token': exampleToken({ secret: freshSecret() }) } });
  for (let count = 0; count < 3; count++) await guard.decide(view);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^approov-guard: refused GET \/: (?:internal|keys-unavailable)\. /);
  assert.doesNotMatch(lines.join(), /password|10\.0\.0\.7/);
});

test('a parser before a guard that compares digests is named', async (context) => {
  const { guard, lines } = told(context, { keys: { secret }, signature: {}, now: () => now });
  const view = requestView(signed({ method: 'POST', body: 'x', headers: [digestLine('x')] }));
  const remedy = 'express.json() read the body before the guard';
  await guard.decide({ ...view, body: { present: true, read: () => ({ outcome: 'gone', remedy }) } });
  assert.match(lines.join('\n'), /^approov-guard: refused POST [^\n]*body-unavailable: express\.json\(\)/);
});

test('where there is no `process`, the code is told', async () => {
  const program = `
    delete globalThis.process;
    const { createGuard } = await import('./dist/index.js');
    const { base64 } = JSON.parse(${JSON.stringify(JSON.stringify(freshSecret()))});
    const guard = createGuard({ keys: { secret: { base64 } } });
    for (const target of ['/a', '/b']) await guard.decide({ method: 'GET', scheme: null, authority: null, target, lines: () => [] });`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
  assert.match(stderr, /^approov-guard: refused GET \/a: token-missing: header absent\. [^\n]+\n$/);
});

test('a line stays a line, and is not long, whatever a client sends', async (context) => {
  const { guard, lines } = told(context, {}, 'approov-guard');
  const hostile = ['\n', '\r\n', '\u2028', '\u0000', '\u001b[2J', '\u009b', '"', '\\', '\ud800', 'é'.repeat(1000), 'x'.repeat(100_000)];
  for (const text of hostile) {
    const view = { method: `GET${text}`, scheme: null, authority: null, target: `/${text}`, lines: () => [text] };
    await guard.decide(view);
  }
  assert.equal(lines.length, hostile.length);
  for (const line of lines) {
    assert.match(line, /^[\x20-\x7e\u2026\u2019]+$/);
    assert.ok(line.length < 3000, `${line.length}`);
  }
});

test('lines that cannot be written change no decision', async (context) => {
  context.mock.method(console, 'error', () => {
    throw new Error('EPIPE');
  });
  const guard = createGuard({ keys: { secret: freshSecret() } });
  const view = { method: 'GET', scheme: null, authority: null, target: '/', lines: () => [] };
  assert.equal((await guard.decide(view)).action, 'refuse');
});

test('`hints` is true or false', () => {
  assert.throws(() => createGuard({ keys: { secret: freshSecret() }, hints: 'no' as never }), ConfigurationError);
});

test('every code has a text for its hint', () => {
  for (const [code, row] of Object.entries({ ...REASONS, ...FAULTS }))
    assert.ok(row.action !== '' && !/[\n\r]/.test(row.meaning + row.action), code);
});
