import assert from 'node:assert/strict';
import test from 'node:test';
import { devSecret, guard, secret } from './harness.ts';

const bytes = Buffer.from(secret.base64, 'base64');
const base64url = bytes.toString('base64url');
const none = { env: {} };

test('generates 64 random bytes, alone on stdout', async () => {
  for (const argv of [['secret'], ['secret', '--generate']]) {
    const { code, stdout, stderr } = await guard(argv, none);
    assert.equal(code, 0);
    assert.match(stdout, /^[A-Za-z0-9+/]{86}==\n$/);
    assert.equal(stderr, '');
  }
  assert.notEqual((await guard(['secret'])).stdout, (await guard(['secret'])).stdout);
});

test('generates another length and encoding', async () => {
  const { stdout } = await guard(['secret', '--generate', '--bytes', '48', '--to', 'base64url'], none);
  assert.match(stdout, /^[\w-]{64}\n$/);
  const json = JSON.parse((await guard(['secret', '--generate', '--json'], none)).stdout);
  assert.equal(Buffer.from(json.secret, json.encoding).length, json.bytes);
});

test('converts both ways, from the environment, .env, a file and standard input', async () => {
  const toUrl = ['secret', '--to', 'base64url'];
  assert.equal((await guard(toUrl)).stdout, `${base64url}\n`);
  assert.equal(
    (await guard(toUrl, { env: {}, files: { '.env': `# x\nAPPROOV_BASE64_SECRET="${secret.base64}"\n` } })).stdout,
    `${base64url}\n`,
  );
  assert.equal(
    (await guard([...toUrl, '--secret-file', 'key'], { env: {}, files: { key: `${secret.base64}\n` } })).stdout,
    `${base64url}\n`,
  );
  assert.equal((await guard([...toUrl, '-'], { env: {}, stdin: secret.base64 })).stdout, `${base64url}\n`);
  assert.equal((await guard(['secret', '--to', 'base64', '--secret', '-'], { env: {}, stdin: base64url })).stdout, `${secret.base64}\n`);
  assert.equal((await guard(['secret', '--to', 'base64'], { env: { APPROOV_BASE64URL_SECRET: base64url } })).stdout, `${secret.base64}\n`);
});

test('reads what the vendor’s command line prints: a note, then the key', async () => {
  const printed = `note: this operation requires the admin role\n${secret.base64}\n`;
  const { stdout, stderr } = await guard(['secret', '--to', 'base64url', '-'], { stdin: printed });
  assert.equal(stdout, `${base64url}\n`);
  assert.equal(stderr, 'note: 64 bytes, from standard input\n');
  const twice = await guard(['secret', '-'], { stdin: `${secret.base64}\n${secret.base64}\n` });
  assert.equal(twice.code, 2);
  assert.match(twice.stderr, /holds 2 lines/);
});

test('judges without showing the secret', async () => {
  const { code, stdout } = await guard(['secret', '--check']);
  assert.equal(code, 0);
  assert.equal(stdout, 'APPROOV_BASE64_SECRET in the environment: base64, 64 bytes, fit for use\n');
  const published = await guard(['secret', '-', '--json'], { stdin: devSecret.base64 });
  assert.deepEqual(JSON.parse(published.stdout), { from: 'standard input', encoding: 'base64', bytes: 64, published: true });
});

test('the environment wins over .env, and an empty variable counts as none', async () => {
  const files = { '.env': `APPROOV_BASE64_SECRET=${devSecret.base64}` };
  assert.match((await guard(['secret', '--check'], { files })).stdout, /in the environment/);
  assert.match((await guard(['secret', '--check'], { files, env: { APPROOV_BASE64_SECRET: '' } })).stdout, /in \.env/);
});

for (const [name, stdin, message] of [
  ['a placeholder', 'approov_base64_secret_here', /placeholder/],
  ['a short one', Buffer.from('APPROOV_SECRET').toString('base64'), /14 bytes/],
  ['what is not base64', `${secret.base64}!`, /not base64/],
  ['a mixture of both alphabets', `+-${secret.base64.slice(2)}`, /not base64url/],
  ['one byte, repeated', Buffer.alloc(64).toString('base64'), /repeats one byte/],
  ['nothing', '\n', /not set/],
  ['a note alone', 'note: nothing\n', /not set/],
] as const) {
  test(`refuses ${name}, with advice and without showing it`, async () => {
    const { code, stdout, stderr } = await guard(['secret', '--check', '-'], { stdin });
    assert.equal(code, 2);
    assert.match(stderr, message);
    assert.match(stderr, /approov secret -get/);
    if (stdin.trim().length > 20) assert.ok(!(stdout + stderr).includes(stdin.trim()));
  });
}

test('base64url in the variable for base64 is refused with the right variable’s name', async () => {
  const { code, stderr } = await guard(['token'], {
    env: { APPROOV_BASE64_SECRET: Buffer.alloc(64, 0xfb).fill(1, 0, 9).toString('base64url') },
  });
  assert.equal(code, 2);
  assert.match(stderr, /base64url belongs into APPROOV_BASE64URL_SECRET/);
});

test('quotation marks in a variable are named, and no other variable is suggested', async () => {
  const { code, stderr } = await guard(['token'], { env: { APPROOV_BASE64_SECRET: `"${secret.base64}"` } });
  assert.equal(code, 2);
  assert.match(stderr, /quotation marks: leave them out$/m);
});

test('a value on the command line works, with a warning, and is never repeated', async () => {
  const good = await guard(['token', '--secret', secret.base64], none);
  assert.equal(good.code, 0);
  assert.match(good.stderr, /^warning: .*process list/);
  const misplaced = [
    ['secret', secret.base64],
    ['token', secret.base64],
    ['token', `-${secret.base64}`],
    ['token', '--secret', `${secret.base64}!`],
    ['token', '--secret-file', secret.base64],
    ['check', 'x', '--tolerance', secret.base64],
    [secret.base64],
  ];
  for (const argv of misplaced) {
    const { code, stdout, stderr } = await guard(argv, none);
    assert.equal(code, 2, argv[0] ?? '');
    assert.ok(!(stdout + stderr).includes(secret.base64.slice(0, 20)), stderr);
  }
});

test('no secret anywhere: the error says every way to give one', async () => {
  const { code, stderr } = await guard(['token'], none);
  assert.equal(code, 2);
  for (const way of ['APPROOV_BASE64_SECRET', '.env', '--secret-file', '--secret -', 'approov-guard secret --generate']) {
    assert.ok(stderr.includes(way), way);
  }
});

for (const argv of [
  ['--bytes', '16', '--generate'],
  ['--bytes', '64', '--check'],
  ['--to', 'hex'],
  ['--generate', '-'],
  ['-', '--secret', '-'],
  ['--secret', '-', '--secret-file', 'x'],
]) {
  test(`secret ${argv.join(' ')} is refused`, async () => {
    assert.equal((await guard(['secret', ...argv], { stdin: secret.base64 })).code, 2);
  });
}

test('two variables at once are refused', async () => {
  const { stderr } = await guard(['token'], { env: { APPROOV_BASE64_SECRET: secret.base64, APPROOV_BASE64URL_SECRET: base64url } });
  assert.match(stderr, /both APPROOV_BASE64_SECRET and APPROOV_BASE64URL_SECRET/);
});

test('files as Windows writes them are read: marks, UTF-16, line ends', async () => {
  const toUrl = ['secret', '--to', 'base64url'];
  const wide = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
  for (const [argv, files] of [
    [toUrl, { '.env': `\ufeffAPPROOV_BASE64_SECRET=${secret.base64}\r\nOTHER=1\r\n` }],
    [toUrl, { '.env': wide(`APPROOV_BASE64_SECRET="${secret.base64}"\r\n`) }],
    [[...toUrl, '--secret-file', 'key'], { key: wide(`${secret.base64}\r\n`) }],
    [[...toUrl, '--secret-file', 'key'], { key: Buffer.from(secret.base64, 'utf16le') }],
  ] as const) {
    const { stdout, stderr } = await guard([...argv], { env: {}, files });
    assert.equal(stdout, `${base64url}\n`, stderr);
  }
  const { stderr } = await guard([...toUrl, '--secret-file', 'absent.txt'], none);
  assert.match(stderr, /absent\.txt cannot be read/);
});

test('a file or piped text is read as tools write it', async () => {
  const forms: { readonly [how: string]: Buffer } = {
    'UTF-16': Buffer.from(`\ufeff${secret.base64}\r\n`, 'utf16le'),
    'UTF-16, big-endian': Buffer.from(`\ufeff${secret.base64}\r\n`, 'utf16le').swap16(),
    'a byte order mark': Buffer.from(`\ufeff${secret.base64}\n`),
    'quotation marks': Buffer.from(`"${secret.base64}"\r\n`),
    'lines of 76': Buffer.from(secret.base64.replace(/.{76}/, '$&\r\n')),
    'lines of 64': Buffer.from(`${secret.base64.replace(/.{64}/, '$&\n')}\n`),
    'a comment': Buffer.from(`# live\n${secret.base64}\n`),
  };
  for (const [how, key] of Object.entries(forms)) {
    const found = await guard(['secret', '--to', 'base64url', '--secret-file', 'key'], { env: {}, files: { key } });
    assert.equal(found.stdout, `${base64url}\n`, how + found.stderr);
  }
  const bad = await guard(['secret', '--check', '--secret-file', 'key.txt'], {
    env: {},
    files: { 'key.txt': `${secret.base64.slice(0, 9)}!` },
  });
  assert.match(bad.stderr, /key\.txt is not base64/);
});
