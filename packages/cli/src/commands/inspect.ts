/** `approov-guard inspect`: shows what a token says, without believing it. */
import type { Command } from '../command-line/command.ts';
import { COMMON_OPTIONS } from '../command-line/option-tables.ts';
import { tokenArgument, unverifiedObject } from '../input/token-text.ts';
import { EXIT } from '../terminal/surroundings.ts';
import { memberColumns, printable, spellLife, spellMoment } from '../terminal/text.ts';

const WARNING = 'NOT VERIFIED: anybody can write such a token. Nothing below is proven; use `approov-guard check` to verify it.';

/** What a token says of itself. */
interface Inspection {
  readonly verified: false;
  readonly header: { readonly [member: string]: unknown } | null;
  readonly claims: { readonly [claim: string]: unknown } | null;
  readonly remarks: readonly string[];
}

/** The command. */
export const inspect: Command = {
  name: 'inspect',
  summary: 'decode a token without verifying anything',
  usage: ['approov-guard inspect TOKEN|-'],
  options: COMMON_OPTIONS,
  examples: ['approov-guard inspect "$TOKEN"', 'approov-guard token -genExample api.example.com | approov-guard inspect -'],
  words: 1,
  run: async (given, surroundings) => {
    const text = await tokenArgument(given, surroundings);
    const inspection = inspectionOf(text.replace(/^[A-Za-z]+ +/, ''), surroundings.now() / 1000);
    surroundings.stdout.write(given.flag('json') ? `${JSON.stringify(inspection)}\n` : spell(inspection));
    return inspection.header === null && inspection.claims === null ? EXIT.rejected : EXIT.accepted;
  },
};

function inspectionOf(token: string, at: number): Inspection {
  const segments = token.split('.');
  const header = segments.length < 2 ? null : unverifiedObject(segments[0]);
  const claims = segments.length === 3 ? unverifiedObject(segments[1]) : null;
  const remarks = [...formRemarks(token, segments), ...headerRemarks(header, segments), ...claimRemarks(claims, at)];
  return { verified: false, header, claims, remarks };
}

function formRemarks(token: string, segments: readonly string[]): readonly string[] {
  if (token.startsWith('{')) return ['This is JSON, no token: perhaps the loggable form, which only the vendor’s command line can check.'];
  if (/^[A-Za-z_]{3,32}$/.test(token)) return [`${printable(token)} is not a token; SDKs send such a word where they could not fetch one.`];
  if (segments.length === 5) return ['Five segments: an encrypted token (JWE); its claims cannot be read without the key.'];
  return segments.length === 3 ? [] : [`A token has three segments between dots; this has ${segments.length}.`];
}

function headerRemarks(header: Inspection['header'], segments: readonly string[]): readonly string[] {
  if (segments.length !== 3) return [];
  if (header === null) return ['The header is not a JSON object.'];
  const algorithm = header.alg;
  if (typeof algorithm !== 'string' || algorithm.toLowerCase() === 'none')
    return ['The header names no signature algorithm: no guard accepts it.'];
  return segments[2] === '' ? ['The signature is empty: no guard accepts it.'] : [];
}

function claimRemarks(claims: Inspection['claims'], at: number): readonly string[] {
  if (claims === null) return [];
  const { exp, iat, pay, ipk } = claims;
  return [
    typeof exp === 'number' ? `It says of its life: ${spellLife(exp, at)}.` : 'It has no usable exp: no guard accepts it.',
    ...(typeof iat === 'number' ? [`It says that it was issued ${spellMoment(iat)}.`] : []),
    ...(pay === undefined ? [] : ['It says that it is bound (pay); check it with --bind TEXT.']),
    ...(ipk === undefined ? [] : ['It carries an installation key (ipk) for message signing.']),
  ];
}

function spell({ header, claims, remarks }: Inspection): string {
  const headerText = header === null ? '' : `header:\n${memberColumns(header)}`;
  const claimsText = claims === null ? '' : `claims:\n${memberColumns(claims)}`;
  return `${WARNING}\n${headerText}${claimsText}${remarks.map((remark) => `${remark}\n`).join('')}`;
}
