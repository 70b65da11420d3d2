/** `approov-guard doctor`: what around the guard is not as it should be. */
import { resolve } from 'node:path';
import type { SecretText } from '@approov-guard/testkit';
import type { Arguments } from '../command-line/arguments.ts';
import type { Command } from '../command-line/command.ts';
import { COMMON_OPTIONS, SECRET_OPTIONS } from '../command-line/option-tables.ts';
import { byHttp, byNtp, clockAgainst } from '../doctor/clock.ts';
import { Memory } from '../doctor/earlier.ts';
import { type Finding, finding } from '../doctor/finding.ts';
import { goLive, throughProxies } from '../doctor/public-url.ts';
import { certificateOf, keySetAt, redisAt } from '../doctor/services.ts';
import { requiredSecret } from '../input/secret-source.ts';
import { EXIT, type Surroundings } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';

const MARKS = { ok: 'ok', warning: 'WARN', problem: 'BAD', skipped: '-' } as const;

/** The command. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'look at clock, secret, key set, pins, proxies and Redis, and at what the live API refuses',
  usage: ['approov-guard doctor [--url URL] [OPTIONS]'],
  options: {
    url: { value: 'URL', describe: 'a protected path of the API as clients reach it; requests that must fail are sent to it' },
    ntp: { value: 'HOST', describe: 'compare the clock with this NTP server; default: with the Date header of --url' },
    jwks: { value: 'URL', describe: 'the key set that the guard uses' },
    pin: { value: 'PIN', describe: 'a pin that apps hold for the host of --url; may be repeated', repeatable: true },
    redis: { value: 'URL', describe: 'the Redis of the replay store, such as redis://127.0.0.1:6379' },
    echo: { value: 'ADDRESS', describe: 'listen here in the back end’s place, and look what proxies make of a request to --url' },
    state: { value: 'FILE', describe: 'keep here what this run saw: the next one tells the drift of the clock and the age of the secret' },
    ...SECRET_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    'approov-guard doctor --url https://api.example.com/v1/items',
    'approov-guard doctor --redis redis://127.0.0.1:6379 --jwks https://api.example.com/.well-known/jwks.json',
    'approov-guard doctor --url https://api.example.com/ --echo 127.0.0.1:8002 --json',
  ],
  words: 0,
  run: async (given, surroundings) => {
    const findings = await examined(given, surroundings);
    const isWell = findings.every(({ outcome }) => outcome !== 'problem');
    if (given.flag('json')) surroundings.stdout.write(`${JSON.stringify({ ok: isWell, findings })}\n`);
    else
      for (const { name, outcome, says } of findings) surroundings.stdout.write(`${MARKS[outcome].padEnd(5)}${name.padEnd(19)}${says}\n`);
    return isWell ? EXIT.accepted : EXIT.rejected;
  },
};

async function examined(given: Arguments, surroundings: Surroundings): Promise<readonly Finding[]> {
  const { now } = surroundings;
  const url = urlOf(given, 'url', ['http:', 'https:']);
  const [jwks, redis] = [urlOf(given, 'jwks', ['http:', 'https:']), urlOf(given, 'redis', ['redis:', 'rediss:'])];
  const [ntp, echo] = [given.text('ntp'), given.text('echo')];
  if (echo !== undefined && url === null) throw new UsageError('--echo needs --url: the public address that leads to it');
  const listen = echo === undefined ? null : addressOf(echo);
  const state = given.text('state');
  const memory = state === undefined ? null : new Memory(resolve(surroundings.cwd, state));
  const { secret, findings } = await secretFound(given, surroundings);
  if (secret !== null && memory !== null) findings.push(memory.ageOf(secret, now()));
  if (ntp !== undefined) findings.push(...(await clockAgainst(byNtp(ntp, now), memory, now)));
  if (jwks !== null) findings.push(await keySetAt(jwks.href, now()));
  if (redis !== null) findings.push(await redisAt(redis));
  if (url?.protocol === 'https:') findings.push(await certificateOf(url, given.texts('pin'), now()));
  // The echo stands in the back end's place: there is no API to ask then.
  if (url !== null && listen !== null) findings.push(await throughProxies(url, listen));
  else if (url !== null) {
    if (ntp === undefined) findings.push(...(await clockAgainst(byHttp(url.href, now), memory, now)));
    if (secret !== null) findings.push(...(await goLive(url.href, secret, now())));
  }
  memory?.save();
  return findings;
}

/** Item 1.1: the secret is there, well-formed, and not one that samples publish. */
async function secretFound(given: Arguments, surroundings: Surroundings): Promise<{ secret: SecretText | null; findings: Finding[] }> {
  try {
    const { secret, published } = await requiredSecret(given, surroundings);
    const says = published ? 'it is published in samples: anybody can sign with it' : 'well-formed, and not in the code';
    return { secret, findings: [finding('1.1 secret', published ? 'problem' : 'ok', says)] };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { secret: null, findings: [finding('1.1 secret', given.text('jwks') === undefined ? 'problem' : 'skipped', error.message)] };
  }
}

function urlOf(given: Arguments, name: string, protocols: readonly string[]): URL | null {
  const text = given.text(name);
  if (text === undefined) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && protocols.includes(url.protocol)) return url;
  throw new UsageError(`--${name}: give a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`);
}

function addressOf(text: string): { readonly host: string; readonly port: number } {
  const [, host = '127.0.0.1', port] = /^(?:([A-Za-z0-9.-]+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) throw new UsageError('--echo: give an address such as 127.0.0.1:8002');
  return { host, port: Number(port) };
}
