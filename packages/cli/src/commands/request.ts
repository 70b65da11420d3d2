/** `approov-guard request`: sends a request as an app would, with a token and a message signature. */
import {
  CLIENT_NAMES,
  type ClientName,
  freshInstallationKey,
  type InstallationKey,
  installationKeyFrom,
  mintToken,
  type SignedRequest,
  type SignRequestOptions,
  signRequest,
} from '@approov-guard/testkit';
import type { HeaderLine } from 'approov-guard/views';
import { asBytes, urlParts } from '../capture/captured.ts';
import type { Arguments } from '../command-line/arguments.ts';
import { claimsFrom } from '../command-line/claim-arguments.ts';
import type { Command } from '../command-line/command.ts';
import { suggestion } from '../command-line/nearest.ts';
import { COMMON_OPTIONS, SECRET_OPTIONS, SHARED_OPTIONS } from '../command-line/option-tables.ts';
import { ACCOUNT_KEY_OPTIONS, type FoundAccountKey, requiredAccountKey } from '../input/account-key.ts';
import { readBytes, readText, requiredSecret } from '../input/secret-source.ts';
import {
  type Answer,
  curlLine,
  type Outgoing,
  rawText,
  send,
  shownAnswer,
  shownHeader,
  shownRequest,
  withTransportHeaders,
} from '../output/outgoing.ts';
import { EXIT, type Surroundings } from '../terminal/surroundings.ts';
import { parseHeaderLine, safeText } from '../terminal/text.ts';
import { UsageError } from '../terminal/usage-error.ts';

const SIGNS = ['install', 'account', 'both', 'none'] as const;
const DIGESTS = ['sha-256', 'sha-512', 'none'] as const;

type Sign = (typeof SIGNS)[number];

/** The command. */
export const request: Command = {
  name: 'request',
  summary: 'send a request as an app would: with a token, and signed as a client library signs',
  usage: ['approov-guard request URL [--as CLIENT] [--sign install|account|both|none] [OPTIONS]'],
  options: {
    as: { value: 'CLIENT', describe: `the client library: ${CLIENT_NAMES.join(', ')}; default okhttp-3.8` },
    sign: { value: 'LABEL', describe: 'install, account, both (okhttp-3.8 only) or none (default)' },
    method: { value: 'METHOD', describe: 'default GET, with --data POST' },
    data: { value: 'TEXT', describe: 'the body; @FILE reads it from a file' },
    header: SHARED_OPTIONS.header,
    bind: { value: 'TEXT', describe: 'bind the token to this text' },
    'bind-header': { value: 'NAME', describe: 'bind the token to the value of this header, as setBindingHeader does' },
    token: { value: 'TOKEN', describe: 'send this token instead of minting one; signing then needs --key or an account key' },
    claim: SHARED_OPTIONS.claim,
    key: { value: 'FILE', describe: 'the installation’s private key, base64 of DER; default: a fresh one' },
    components: { value: 'LIST', describe: 'cover these instead of @method,@target-uri; commas between them' },
    digest: { value: 'NAME', describe: 'sha-256 or sha-512: demand a body digest; none: leave it out' },
    nonce: { value: 'TEXT', describe: 'the signature parameter nonce' },
    tag: { value: 'TEXT', describe: 'the signature parameter tag' },
    debug: { value: null, describe: 'send Signature-Base-Digest, where the client can' },
    twice: { value: null, describe: 'sign twice, as clients that add headers may' },
    'dry-run': { value: null, describe: 'print the raw request, token included, and send nothing' },
    curl: { value: null, describe: 'print a curl command line, token included, and send nothing' },
    insecure: { value: null, describe: 'accept any TLS certificate' },
    ...ACCOUNT_KEY_OPTIONS,
    ...SECRET_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    'approov-guard request http://localhost:8002/ --as okhttp-3.5 --sign install',
    "approov-guard request https://api.example.com/pay --sign install --data '{}' --header 'Content-Type: application/json'",
    "approov-guard request https://api.example.com/ --header 'Authorization: Bearer abc' --bind-header authorization",
    'approov-guard request https://api.example.com/ --as flutter --sign install --dry-run > request.http',
  ],
  words: 1,
  run: async (given, surroundings) => {
    const outgoing = await composed(given, surroundings);
    if (given.flag('curl')) return print(`${curlLine(outgoing)}\n`, surroundings);
    if (given.flag('dry-run')) return print(rawText(outgoing), surroundings);
    return await exchange(outgoing, given, surroundings);
  },
};

function print(text: string, { stdout }: Surroundings): number {
  stdout.write(text);
  return EXIT.accepted;
}

/** Sends the request and shows both sides. Without an answer nothing can be told. */
async function exchange(outgoing: Outgoing, given: Arguments, { stdout, stderr }: Surroundings): Promise<number> {
  const answer = await send(outgoing, given.flag('insecure')).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    stderr.write(`error: no answer from the server${/^[A-Z_0-9]{3,40}$/.test(code) ? ` (${code})` : ''}\n`);
    return null;
  });
  if (answer === null) return EXIT.unknown;
  const shown = safeText(shownRequest(outgoing) + shownAnswer(answer));
  stdout.write(given.flag('json') ? `${JSON.stringify(exchangeOf(outgoing, answer))}\n` : shown);
  return answer.status < 400 ? EXIT.accepted : EXIT.rejected;
}

function exchangeOf({ method, url, headers }: Outgoing, { status, headers: answered, body }: Answer): object {
  const shown = headers.map(([name, value]) => [name, shownHeader(name, value)]);
  return { request: { method, url, headers: shown }, response: { status, headers: answered, body: body.toString('utf8') } };
}

async function composed(given: Arguments, surroundings: Surroundings): Promise<Outgoing> {
  const [url] = given.words;
  if (url === undefined) throw new UsageError('give the URL');
  urlParts(url);
  const sign = chosen(given.text('sign') ?? 'none', SIGNS, '--sign');
  const keys = await keysFor(sign, given, surroundings);
  const body = bodyFrom(given.text('data'), surroundings);
  const headers = given.texts('header').map(headerFrom);
  const method = given.text('method') ?? (body === null ? 'GET' : 'POST');
  const token = await tokenFor({ given, surroundings, headers, keys });
  const app = { method, url, headers, body };
  const signed = sign === 'none' ? unsigned(app, token) : signedAs(given, surroundings, { sign, request: app, token, ...keys });
  return withTransportHeaders({ url: url.replace(/#.*$/s, ''), ...signed });
}

function chosen<Word extends string>(text: string, words: readonly Word[], option: string): Word {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw new UsageError(`${option} is ${words.join(', ')}${suggestion(text, words)}`);
}

interface Keys {
  readonly installationKey?: InstallationKey;
  readonly accountKey?: FoundAccountKey;
}

async function keysFor(sign: Sign, given: Arguments, surroundings: Surroundings): Promise<Keys> {
  const file = given.text('key');
  const install = sign === 'install' || sign === 'both';
  if (install && file === undefined && given.text('token') !== undefined)
    throw new UsageError('--token with --sign install needs --key: the key in its ipk');
  return {
    ...(install ? { installationKey: file === undefined ? freshInstallationKey() : keyFrom(readText(file, '--key', surroundings)) } : {}),
    ...(sign === 'account' || sign === 'both' ? { accountKey: await requiredAccountKey(given, surroundings) } : {}),
  };
}

function keyFrom(text: string): InstallationKey {
  try {
    return installationKeyFrom(text.replace(/-----[^-]+-----|\s/g, ''));
  } catch {
    throw new UsageError('--key: the file holds no P-256 private key as base64 of DER (SEC1 or PKCS #8)');
  }
}

function bodyFrom(text: string | undefined, surroundings: Surroundings): Uint8Array | null {
  if (text === undefined) return null;
  return text.startsWith('@') ? readBytes(text.slice(1), '--data', surroundings) : Buffer.from(text, 'utf8');
}

function headerFrom(text: string): HeaderLine {
  const header = parseHeaderLine(text);
  if (header === null) throw new UsageError("--header is 'Name: value'");
  return [header[0], asBytes(header[1])];
}

interface TokenCase {
  readonly given: Arguments;
  readonly surroundings: Surroundings;
  readonly headers: readonly HeaderLine[];
  readonly keys: Keys;
}

async function tokenFor({ given, surroundings, headers, keys }: TokenCase): Promise<string> {
  const ready = given.text('token');
  if (ready !== undefined) return ready;
  const { secret } = await requiredSecret(given, surroundings);
  const { installationKey, accountKey } = keys;
  const claims = {
    ...(installationKey === undefined ? {} : { ipk: installationKey.ipk }),
    ...(accountKey?.id === undefined ? {} : { mskid: accountKey.id }),
    ...claimsFrom(given.texts('claim')),
  };
  const bind = boundText(given, headers);
  return mintToken({ secret, now: surroundings.now(), claims, ...(bind === undefined ? {} : { bind }) });
}

function boundText(given: Arguments, headers: readonly HeaderLine[]): string | undefined {
  const name = given.text('bind-header');
  if (name === undefined) return given.text('bind');
  if (given.text('bind') !== undefined) throw new UsageError('--bind and --bind-header exclude each other');
  const value = headers.filter(([header]) => header.toLowerCase() === name.toLowerCase()).at(-1)?.[1];
  if (value === undefined) throw new UsageError('--bind-header: give that header with --header');
  return Buffer.from(value, 'latin1').toString('utf8');
}

type App = SignRequestOptions['request'] & { readonly body: Uint8Array | null };

function unsigned({ method, url, headers = [], body }: App, token: string): Omit<Outgoing, 'url'> {
  return { method, target: urlParts(url).target, headers: [...headers, ['Approov-Token', token]], body };
}

type Signing = Pick<SignRequestOptions, 'sign' | 'request' | 'token'> & Keys;

function signedAs(given: Arguments, surroundings: Surroundings, signing: Signing): SignedRequest {
  const [components, nonce, tag] = ['components', 'nonce', 'tag'].map((name) => given.text(name));
  const parameters = { ...(nonce === undefined ? {} : { nonce }), ...(tag === undefined ? {} : { tag }) };
  try {
    return signRequest({
      ...signing,
      client: clientFrom(given.text('as')),
      now: surroundings.now(),
      parameters,
      debug: given.flag('debug'),
      twice: given.flag('twice'),
      ...(components === undefined ? {} : { components: components.split(',').map((name) => name.trim()) }),
      ...digestFrom(given.text('digest')),
    });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

function clientFrom(name: string | undefined): ClientName {
  return chosen(name ?? 'okhttp-3.8', CLIENT_NAMES, '--as');
}

function digestFrom(text: string | undefined): Pick<SignRequestOptions, 'digest'> {
  if (text === undefined) return {};
  const algorithm = chosen(text, DIGESTS, '--digest');
  return { digest: algorithm === 'none' ? null : { algorithm, required: true } };
}
