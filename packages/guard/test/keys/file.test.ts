import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { freshSecret, freshSigningKey, mintToken, publicKeySet, type SigningKey } from '@approov-guard/testkit';
import { ConfigurationError, createGuard, type Guard, type KeySourceEvent } from 'approov-guard';
import { type KeysFromFileOptions, keysFromFile, secretText } from 'approov-guard/keys-file';
import { until } from '../../../../tools/until.mjs';
import { now, outcomeOf, withToken } from '../both-ports.ts';
import { WRITTEN } from '../written-texts.ts';
import { shortEvent } from './jwks-server.ts';

const older = freshSecret();
const newer = freshSecret();
const first = freshSigningKey('ES256', 'first');
const second = freshSigningKey('ES256', 'second');
const byOlder = mintToken({ secret: older, now });
const byNewer = mintToken({ secret: newer, now });
const bySigningKey = (key: SigningKey): string => mintToken({ key: key.privateKey, algorithm: key.algorithm, kid: key.kid, now });

interface Scene {
  readonly folder: string;
  readonly path: string;
  readonly guard: Guard;
  readonly events: string[];
  readonly judge: (token: string) => Promise<string>;
}

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'keys-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

type Rest = KeysFromFileOptions extends infer O ? (O extends unknown ? Omit<O, 'path'> : never) : never;

function scene(context: TestContext, text: string, options: Rest, folder: string = folderOf(context)): Scene {
  const path = join(folder, 'keys');
  if (text !== '') writeFileSync(path, text);
  const events: string[] = [];
  const onEvent = (event: KeySourceEvent): unknown => events.push(shortEvent(event));
  const guard = createGuard({ keys: keysFromFile({ path, onEvent, ...options } as KeysFromFileOptions), now: () => now });
  context.after(() => guard.close());
  return { folder, path, guard, events, judge: async (token) => outcomeOf(await guard.judge(withToken(token))) };
}

const replacements: { readonly [how: string]: (path: string, text: string) => void } = {
  'written in place': (path, text) => writeFileSync(path, text),
  'renamed over': (path, text) => {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  },
  'deleted and written anew': (path, text) => {
    unlinkSync(path);
    writeFileSync(path, text);
  },
};

for (const [how, replace] of Object.entries(replacements)) {
  for (const pollSeconds of [3600, 0.05]) {
    test(`a secret file that is ${how} is read anew (looked at every ${pollSeconds} s)`, async (context) => {
      const { path, judge, events } = scene(context, `${older.base64}\n`, { format: 'secrets', pollSeconds });
      assert.equal(await judge(byOlder), 'accepted');
      assert.equal(await judge(byNewer), 'token-signature-invalid');
      replace(path, `# rotated\n${newer.base64}\n${older.base64}\n`);
      await until(async () => (await judge(byNewer)) === 'accepted');
      assert.equal(await judge(byOlder), 'accepted');
      replace(path, newer.base64);
      await until(async () => (await judge(byOlder)) === 'token-signature-invalid');
      assert.equal(await judge(byNewer), 'accepted');
      assert.deepEqual(events, ['keys-refreshed 2 changed', 'keys-refreshed 1 changed']);
    });
  }
}

test('a file behind a symbolic link that is swapped, as Kubernetes does, is read anew', async (context) => {
  const folder = folderOf(context);
  const publish = (version: string, text: string): void => {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'keys'), text);
    symlinkSync(version, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  publish('..1', older.base64);
  symlinkSync('..data/keys', join(folder, 'keys'));
  const { judge } = scene(context, '', { format: 'secret', pollSeconds: 3600 }, folder);
  assert.equal(await judge(byOlder), 'accepted');
  publish('..2', newer.base64);
  await until(async () => (await judge(byNewer)) === 'accepted');
});

test('a file that is missing, empty, invalid or half written changes nothing, and an event tells', async (context) => {
  const { path, judge, events } = scene(context, older.base64, { format: 'secrets', pollSeconds: 0.05 });
  const expect = async (event: string): Promise<void> => {
    await until(() => events.includes(event));
    assert.equal(await judge(byOlder), 'accepted');
    events.length = 0;
  };
  unlinkSync(path);
  await expect('keys-refresh-failed unreadable');
  for (const text of ['', '# nothing\n', 'not base64 at all!', newer.base64.slice(0, 20), `${newer.base64}\nyour_secret_here\n`]) {
    writeFileSync(path, text);
    await expect('keys-refresh-failed invalid');
  }
  writeFileSync(path, newer.base64);
  await until(async () => (await judge(byNewer)) === 'accepted');
});

test('a file is not read while somebody writes it', async (context) => {
  const { path, judge, events } = scene(context, JSON.stringify(publicKeySet([first])), { format: 'jwks', pollSeconds: 0.05 });
  const text = JSON.stringify(publicKeySet([second, first]));
  for (let end = 40; end < text.length + 40; end += 40) {
    // Between two looks at the file it is always written again, whatever the pace of the machine.
    for (let again = 0; again < 100; again++) {
      writeFileSync(path, text.slice(0, end));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await until(async () => (await judge(bySigningKey(second))) === 'accepted');
  assert.deepEqual(events, ['keys-refreshed 2 changed']);
});

test('a JWK set file: keys that cannot be used are skipped, and the set is replaced as a whole', async (context) => {
  const text = JSON.stringify({ keys: [first.privateKey.export({ format: 'jwk' }), first.jwk] });
  const { path, judge, events } = scene(context, text, { format: 'jwks', pollSeconds: 0.05 });
  assert.deepEqual(events, ['key-skipped 0 key-not-public']);
  assert.equal(await judge(bySigningKey(first)), 'accepted');
  writeFileSync(path, JSON.stringify(publicKeySet([second])));
  await until(async () => (await judge(bySigningKey(second))) === 'accepted');
  assert.equal(await judge(bySigningKey(first)), 'token-key-unknown');
  writeFileSync(path, '{"keys":[]}');
  await until(() => events.includes('keys-refresh-failed invalid'));
  assert.equal(await judge(bySigningKey(second)), 'accepted');
});

test('a PEM file may hold several keys', async (context) => {
  const { judge } = scene(context, `${first.pem}${second.pem}`, { format: 'pem', algorithm: 'ES256' });
  assert.equal(await judge(bySigningKey(first)), 'accepted');
  assert.equal(await judge(bySigningKey(second)), 'accepted');
});

test('a key that would never be tried stops the start, or is skipped with an event', async (context) => {
  const nine = Array.from({ length: 9 }, () => freshSecret().base64);
  const untried = { name: 'ConfigurationError', code: 'key-invalid', path: 'file' };
  assert.throws(() => scene(context, nine.join('\n'), { format: 'secrets' }), untried);
  const pems = Array.from({ length: 9 }, () => freshSigningKey('ES256', 'any').pem);
  assert.throws(() => scene(context, pems.join(''), { format: 'pem', algorithm: 'ES256' }), untried);
  const jwks = nine.map(() => ({ ...freshSigningKey('ES256', 'any').jwk, kid: undefined }));
  const { events } = scene(context, JSON.stringify({ keys: [...jwks, first.jwk] }), { format: 'jwks' });
  assert.deepEqual(events, ['key-skipped 8 key-untried']);
  const { path, judge, events: later } = scene(context, older.base64, { format: 'secrets', pollSeconds: 0.05 });
  writeFileSync(path, nine.join('\n'));
  await until(() => later.includes('keys-refresh-failed invalid'));
  assert.equal(await judge(byOlder), 'accepted');
});

test('what the command line prints can be redirected into the file as it is', async (context) => {
  const { judge } = scene(context, `note: do not share this\n${older.base64}\n`, { format: 'secret' });
  assert.equal(await judge(byOlder), 'accepted');
});

test('a secret keeps its name and its use count when it moves down the file', async (context) => {
  const { path, guard, judge } = scene(context, older.base64, { format: 'secrets', pollSeconds: 0.05 });
  await judge(byOlder);
  const [before] = guard.keyUse();
  writeFileSync(path, `${newer.base64}\n${older.base64}`);
  await until(() => guard.keyUse().length === 2);
  await judge(byNewer);
  const [, after] = guard.keyUse();
  assert.deepEqual([after?.id, after?.uses], [before?.id, 1]);
  assert.match(before?.id ?? '', /^secret-[0-9a-f]{8}$/);
});

test('a first reading that fails is a ConfigurationError that names the file and shows nothing of its content', (context) => {
  const folder = folderOf(context);
  const path = join(folder, 'private-name');
  const cases: readonly [string | null, object, string][] = [
    [null, { format: 'secret' }, 'option-invalid'],
    ['', { format: 'secret' }, 'keys-missing'],
    ['c2hvcnQ=', { format: 'secret' }, 'secret-too-short'],
    [`${older.base64}\n${newer.base64}`, { format: 'secret' }, 'key-invalid'],
    ['{"keys":{}}', { format: 'jwks' }, 'key-invalid'],
    ['{"keys":[]}', { format: 'jwks' }, 'keys-missing'],
    ['x'.repeat(100), { format: 'secret', maxBytes: 64 }, 'option-invalid'],
    [first.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), { format: 'pem', algorithm: 'ES256' }, 'key-not-public'],
    [first.pem, { format: 'pem' }, 'key-algorithm'],
    [first.pem, { format: 'pem', algorithm: 'HS256' }, 'key-algorithm'],
    [older.base64, { format: 'secrets', kid: 'x' }, 'option-unknown'],
    [older.base64, { format: 'nonsense' }, 'option-missing'],
    [older.base64, { format: 'secret', encoding: 'hex' }, 'option-invalid'],
    [older.base64, { format: 'secret', pollSeconds: 0 }, 'option-invalid'],
  ];
  for (const [text, options, code] of cases) {
    rmSync(path, { force: true });
    if (text !== null) writeFileSync(path, text);
    const isRight = (error: unknown): boolean =>
      error instanceof ConfigurationError &&
      error.code === code &&
      (!/^(?:file|path)\b/.test(error.path) || error.message.includes('private-name')) &&
      !error.message.includes(text || '\0');
    assert.throws(() => keysFromFile({ path, ...options } as KeysFromFileOptions), isRight, `${text} ${JSON.stringify(options)}`);
  }
});

test('published secrets are refused in production, in a file too', (context) => {
  const path = join(folderOf(context), 'keys');
  writeFileSync(path, 'TEST+SECRET/TEST+SECRET/TEST+SECRET/TEST+SECRET/TEST+SECRET/TEST+SECRET/TEST+SECRET/AA==');
  assert.throws(() => keysFromFile({ path, format: 'secret', environment: 'production' }), /secret-public/);
});

test('close ends watching: what is written afterwards is not read', async (context) => {
  const { path, guard, judge } = scene(context, older.base64, { format: 'secret', pollSeconds: 0.05 });
  guard.close();
  writeFileSync(path, newer.base64);
  await wait(150);
  assert.equal(await judge(byOlder), 'accepted');
});

test('a byte order mark, as some editors write one, is no part of a key file', async (context) => {
  const key = freshSigningKey('ES256', 'k');
  const token = mintToken({ key: key.privateKey, algorithm: 'ES256', kid: 'k', now });
  const jwks = scene(context, `\ufeff${JSON.stringify(publicKeySet([key]))}`, { format: 'jwks' });
  assert.equal(await jwks.judge(token), 'accepted');
  const pem = scene(context, `\ufeff${key.pem}`, { format: 'pem', algorithm: 'ES256' });
  assert.equal(await pem.judge(token), 'accepted');
  const secrets = scene(context, `\ufeff${older.base64}\r\n`, { format: 'secrets' });
  assert.equal(await secrets.judge(byOlder), 'accepted');
});

test('a key set of which no key can be used says why', async (context) => {
  const { jwk } = freshSigningKey('RS256', 'r');
  const keys = [
    { kty: 'oct', k: 'AAAA' },
    { ...jwk, alg: undefined },
    { ...jwk, use: 'enc' },
  ];
  const path = join(folderOf(context), 'keys');
  writeFileSync(path, JSON.stringify({ keys }));
  const message =
    /^file: holds no key that can verify a signature; skipped: key-not-public, key-algorithm, other-use \(file .*\) \[keys-missing\]$/;
  assert.throws(() => keysFromFile({ path, format: 'jwks' }), { name: 'ConfigurationError', message });
});

test('files as Windows and other tools write them are read', async (context) => {
  const secret = freshSecret();
  const long = freshSecret(128);
  for (const [how, write] of Object.entries(WRITTEN)) {
    const path = join(folderOf(context), 'keys');
    writeFileSync(path, write(secret.base64));
    const guard = createGuard({ keys: keysFromFile({ path, format: 'secret' }), now: () => now });
    context.after(() => guard.close());
    assert.equal(outcomeOf(await guard.judge(withToken(mintToken({ secret, now })))), 'accepted', how);
    assert.equal(secretText(write(secret.base64)), secret.base64, how);
    assert.equal(secretText(write(long.base64)), long.base64, `${how}, 128 bytes`);
  }
});

test('several secrets are not taken for one that was wrapped', () => {
  for (const bytes of [32, 48, 57, 64]) {
    const lines = `${freshSecret(bytes).base64}\n${freshSecret(bytes).base64}\n`;
    assert.throws(() => secretText(lines), { code: 'secret-encoding', message: /holds 2 lines/ }, String(bytes));
  }
  for (const empty of ['', '\n', '# only a comment', '\ufeff'])
    assert.throws(() => secretText(Buffer.from(empty)), { code: 'secret-missing' });
});
