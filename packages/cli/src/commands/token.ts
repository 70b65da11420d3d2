/** `approov-guard token`: mints test tokens as the vendor's command line does, without an account. */
import {
  durationSeconds,
  exampleClaims,
  type exampleToken,
  failoverToken,
  longLivedToken,
  lookalikeToken,
  mintToken,
} from '@approov-guard/testkit';
import type { Arguments } from '../command-line/arguments.ts';
import { claimsFrom } from '../command-line/claim-arguments.ts';
import type { Command } from '../command-line/command.ts';
import { suggestion } from '../command-line/nearest.ts';
import { COMMON_OPTIONS, SECRET_OPTIONS, SHARED_OPTIONS } from '../command-line/option-tables.ts';
import { requiredSecret } from '../input/secret-source.ts';
import type { UsableSecret } from '../input/secret-text.ts';
import { unverifiedObject } from '../input/token-text.ts';
import { EXIT, type Surroundings } from '../terminal/surroundings.ts';
import { spellDuration, spellMoment } from '../terminal/text.ts';
import { UsageError } from '../terminal/usage-error.ts';

const TYPES = ['valid', 'invalid', 'failover'] as const;
const DEFAULT_MINUTES = 60;
const MOST_MINUTES = 52_560_000;

type TokenType = (typeof TYPES)[number];

/** What the arguments ask for. */
interface Wanted {
  readonly type: TokenType;
  readonly bind: string | undefined;
  readonly lifetimeSeconds: number;
  readonly claims: { readonly [claim: string]: unknown };
  readonly kid: string | undefined;
  readonly longLived: { readonly issuer: string; readonly duration: string } | null;
}

/** The command. */
export const token: Command = {
  name: 'token',
  summary: 'mint a token for tests, as `approov token -genExample` does, without an account',
  usage: [
    'approov-guard token -genExample DOMAIN [-type valid|invalid|failover] [-setDataHashInToken TEXT]',
    'approov-guard token [--expire TIME] [--claim NAME=VALUE]... [--claim-example]',
    'approov-guard token -genLongLived ISSUER,DURATION',
  ],
  options: {
    'gen-example': { value: 'DOMAIN', describe: 'the vendor’s example: exp, ip and did; the domain is only noted' },
    type: { value: 'TYPE', describe: 'valid (default), invalid (signed with another secret) or failover (never bound)' },
    'set-data-hash-in-token': { value: 'TEXT', describe: 'bind the token: pay = base64(SHA-256(TEXT))' },
    'gen-long-lived': { value: 'ISSUER,DURATION', describe: 'a long-lived token, such as my-server,1y or my-server,30d' },
    expire: { value: 'TIME', describe: 'how long it lives: 5m, 30s, 2h; default 60m. Negative for a token that is dead already: -1m' },
    claim: SHARED_OPTIONS.claim,
    'claim-example': { value: null, describe: 'add ip and did as in the vendor’s examples' },
    kid: { value: 'ID', describe: 'name a key id in the header' },
    ...SECRET_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    'approov-guard token -genExample api.example.com',
    'approov-guard token -type invalid -genExample api.example.com',
    "approov-guard token -setDataHashInToken 'Bearer abc' -genExample api.example.com",
    'approov-guard token --expire -1m',
    'approov-guard token --expire 5m --claim sub=alice --claim nbf:=0',
    'approov secret -get base64 | approov-guard token --secret - -genExample api.example.com',
  ],
  words: 0,
  run: async (given, surroundings) => {
    const wanted = wantedToken(given);
    const secret = await requiredSecret(given, surroundings);
    answer(mint(wanted, secret, surroundings.now()), { wanted, given, surroundings });
    return EXIT.accepted;
  },
};

function wantedToken(given: Arguments): Wanted {
  const example = given.text('gen-example') !== undefined || given.flag('claim-example');
  const longLived = longLivedFrom(given);
  return {
    type: typeFrom(given.text('type')),
    bind: given.text('set-data-hash-in-token'),
    lifetimeSeconds: secondsFrom(given.text('expire')),
    claims: { ...(example ? exampleClaims : {}), ...claimsFrom(given.texts('claim')) },
    kid: given.text('kid'),
    longLived,
  };
}

function typeFrom(text: string | undefined): TokenType {
  const found = TYPES.find((type) => type === (text ?? 'valid'));
  if (found !== undefined) return found;
  throw new UsageError(`--type is ${TYPES.join(', ')}${suggestion(text ?? '', TYPES)}`);
}

function secondsFrom(text: string | undefined): number {
  const [, sign = '', length = ''] = /^\s*(-?)(.*?)\s*$/.exec(text ?? `${DEFAULT_MINUTES}`) ?? [];
  const seconds = /[a-z]$/.test(length)
    ? (durationSeconds(length) ?? Number.NaN)
    : Math.round(Number(length === '' ? Number.NaN : length) * 60);
  if (seconds <= MOST_MINUTES * 60) return sign === '' ? seconds : -seconds;
  throw new UsageError('--expire is a time such as 5m, 30s, 2h or -1m, at most 100 years; a number without a unit counts minutes');
}

function longLivedFrom(given: Arguments): Wanted['longLived'] {
  const text = given.text('gen-long-lived');
  if (text === undefined) return null;
  const excluded = ['gen-example', 'type', 'expire'].find((name) => given.text(name) !== undefined);
  if (excluded !== undefined) throw new UsageError(`--gen-long-lived and --${excluded} exclude each other`);
  const comma = text.lastIndexOf(',');
  const [issuer, duration] = [text.slice(0, Math.max(0, comma)), text.slice(comma + 1)];
  if (issuer !== '' && durationSeconds(duration) !== null) return { issuer, duration };
  throw new UsageError('--gen-long-lived is ISSUER,DURATION with a duration such as 1y, 30d or 12h');
}

const MINT: { readonly [Type in TokenType]: typeof mintToken } = {
  valid: mintToken,
  // The casts hold: `mint` below always gives a secret, never a private key.
  invalid: (options) => lookalikeToken(options as Parameters<typeof exampleToken>[0]),
  failover: (options) => failoverToken(options as Parameters<typeof exampleToken>[0]),
};

function mint(wanted: Wanted, { secret }: UsableSecret, now: number): string {
  const { type, bind, kid, claims, lifetimeSeconds, longLived } = wanted;
  const common = { secret, now, claims, ...(bind === undefined ? {} : { bind }), ...(kid === undefined ? {} : { kid }) };
  return longLived === null ? MINT[type]({ ...common, lifetimeSeconds }) : longLivedToken({ ...common, ...longLived });
}

interface Answer {
  readonly wanted: Wanted;
  readonly given: Arguments;
  readonly surroundings: Surroundings;
}

function answer(minted: string, { wanted, given, surroundings }: Answer): void {
  const { stdout, stderr } = surroundings;
  const [header, payload] = minted.split('.');
  const claims = unverifiedObject(payload);
  if (given.flag('json')) {
    stdout.write(`${JSON.stringify({ token: minted, type: wanted.type, header: unverifiedObject(header), claims })}\n`);
    return;
  }
  stdout.write(`${minted}\n`);
  for (const note of notes(wanted, claims?.exp, surroundings.now())) stderr.write(`note: ${note}\n`);
}

function notes(wanted: Wanted, exp: unknown, now: number): readonly string[] {
  const life = typeof exp === 'number' ? exp - Math.floor(now / 1000) : Number.NaN;
  const dies = `expires ${spellMoment(Number(exp))}, ${life > 0 ? `in ${spellDuration(life)}` : `${spellDuration(life)} ago`}`;
  const unbound = wanted.type === 'failover' && wanted.bind !== undefined ? ['fail-over tokens are never bound: the text was ignored'] : [];
  return [`${wanted.type} token${Number.isNaN(life) ? '' : `, ${dies}`}`, ...unbound];
}
