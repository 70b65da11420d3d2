/** `approov-guard check`: is this token accepted, and if not, why not? */

import { createGuard, type Guard, type GuardOptions, type Verdict } from 'approov-guard';
import { requestView } from 'approov-guard/views';
import type { Arguments } from '../command-line/arguments.ts';
import type { Command } from '../command-line/command.ts';
import { momentOfJudgement } from '../command-line/moment.ts';
import { COMMON_OPTIONS, SECRET_OPTIONS, SHARED_OPTIONS } from '../command-line/option-tables.ts';
import { type ArgumentNames, blameArgument } from '../input/argument-names.ts';
import { chosenKeys, KEY_OPTIONS } from '../input/keys.ts';
import { namedPolicy, POLICY_OPTION } from '../input/policy-option.ts';
import { tokenArgument } from '../input/token-text.ts';
import { reportOf, spellReport } from '../output/check-report.ts';
import { EXIT, type Surroundings } from '../terminal/surroundings.ts';

const EXIT_OF = { accepted: EXIT.accepted, rejected: EXIT.rejected, unavailable: EXIT.unknown } as const;

/** The command. */
export const check: Command = {
  name: 'check',
  summary: 'verify a token: verdict, reason, claims, and how long it still lives',
  usage: ['approov-guard check TOKEN|- [OPTIONS]'],
  options: {
    bind: { value: 'TEXT', describe: 'the text to which the token must be bound' },
    prefix: SHARED_OPTIONS.prefix,
    issuer: { value: 'TEXT', describe: 'demand this iss; may be repeated', repeatable: true },
    audience: SHARED_OPTIONS.audience,
    tolerance: { value: 'SECONDS', describe: 'how far clocks may differ, 0 to 300, default 0' },
    at: SHARED_OPTIONS.at,
    ...POLICY_OPTION,
    ...KEY_OPTIONS,
    ...SECRET_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    'approov-guard token -genExample api.example.com | approov-guard check -',
    'approov-guard check "$TOKEN" --bind \'Bearer abc\'',
    'approov-guard check "$TOKEN" --at 2023-11-14T22:13:20Z',
    'approov-guard check "$TOKEN" --jwks keys.json --issuer example.approov.io',
    'approov-guard check "$TOKEN" --policy policy.yaml',
    'approov-guard check "$TOKEN" --pem public-key.pem --alg RS256',
  ],
  words: 1,
  run: async (given, surroundings) => {
    const text = await tokenArgument(given, surroundings);
    const now = momentOfJudgement(given, surroundings);
    const bare = text.slice(text.lastIndexOf(' ') + 1);
    const verdict = await verdictOn(text, bare, { given, surroundings, now });
    const report = reportOf(verdict, now / 1000);
    surroundings.stdout.write(given.flag('json') ? `${JSON.stringify(report)}\n` : spellReport(report, now / 1000));
    return EXIT_OF[verdict.outcome];
  },
};

interface Moment {
  readonly given: Arguments;
  readonly surroundings: Surroundings;
  readonly now: number;
}

/** By a policy file the token is judged alone: what it is bound to, and what signs, belongs to a request. */
async function verdictOn(text: string, bare: string, { given, surroundings, now }: Moment): Promise<Verdict> {
  const policy = await namedPolicy(given, surroundings, check.options, now);
  if (policy !== null) return policy.guard.verifyToken(bare).finally(() => policy.guard.close());
  const guard = configuredGuard({ ...demands(given), keys: await chosenKeys(given, surroundings), now: () => now });
  return guard.judge(requestView({ headers: headersOf(text, given.text('bind')) }));
}

/** The options of the guard that the arguments ask for. */
function demands(given: Arguments): Omit<GuardOptions, 'keys'> {
  const tolerance = given.text('tolerance');
  const token = {
    prefix: given.text('prefix') ?? null,
    clockToleranceSeconds: tolerance === undefined ? 0 : Number(tolerance.trim() === '' ? Number.NaN : tolerance),
    issuer: given.flag('issuer') ? given.texts('issuer') : null,
    audience: given.flag('audience') ? given.texts('audience') : null,
  };
  // A test secret is what one checks test tokens with; whoever finds it published is warned.
  return { token, binding: given.flag('bind') ? { headers: ['authorization'] } : null, environment: 'development' };
}

/** Header values carry one byte a character: the bound text goes as its UTF-8 bytes, which is what the SDKs hash. */
function headersOf(text: string, bind: string | undefined): [string, string][] {
  const bound: [string, string][] = bind === undefined ? [] : [['authorization', Buffer.from(bind, 'utf8').toString('latin1')]];
  return [['approov-token', text], ...bound];
}

const ARGUMENT_NAMES: ArgumentNames = [
  [/^token\.clockToleranceSeconds$/, '--tolerance'],
  [/^token\.issuer$/, '--issuer'],
  [/^token\.audience$/, '--audience'],
];

function configuredGuard(options: GuardOptions): Guard {
  try {
    return createGuard(options);
  } catch (error) {
    return blameArgument(error, ARGUMENT_NAMES);
  }
}
