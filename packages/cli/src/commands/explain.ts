/** `approov-guard explain`: why is this captured request refused? */

import type { Guard, GuardOptions, RequestView } from 'approov-guard';
import { explainRequest } from 'approov-guard/explain';
import { requestView } from 'approov-guard/views';
import type { Captured } from '../capture/captured.ts';
import { capturedRequest } from '../capture/read-capture.ts';
import type { Arguments } from '../command-line/arguments.ts';
import type { Command } from '../command-line/command.ts';
import { momentOfJudgement } from '../command-line/moment.ts';
import { COMMON_OPTIONS, SECRET_OPTIONS, SHARED_OPTIONS } from '../command-line/option-tables.ts';
import { ACCOUNT_KEY_OPTIONS, requiredAccountKey } from '../input/account-key.ts';
import { type ArgumentNames, blameArgument } from '../input/argument-names.ts';
import { chosenKeys, KEY_OPTIONS } from '../input/keys.ts';
import { namedPolicy, POLICY_OPTION } from '../input/policy-option.ts';
import { readBytes } from '../input/secret-source.ts';
import { firstFailure, spellExplanation } from '../output/explain-report.ts';
import { EXIT, readStandardBytes, type Surroundings } from '../terminal/surroundings.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** The command. */
export const explain: Command = {
  name: 'explain',
  summary: 'explain a captured request: every failing check, and what the client signed differently',
  usage: ['approov-guard explain FILE|- [OPTIONS]'],
  options: {
    origin: { value: 'URL', describe: 'scheme and authority as the client saw them, such as https://api.example.com' },
    label: { value: 'LABEL', describe: 'install (default), account, or none: do not ask for a signature' },
    entry: { value: 'NUMBER', describe: 'of a HAR file: which request, from 1' },
    'bind-header': { value: 'NAME', describe: 'a bound header; may be repeated', repeatable: true },
    'token-header': { value: 'NAME', describe: 'the header that carries the token, default approov-token' },
    prefix: SHARED_OPTIONS.prefix,
    audience: SHARED_OPTIONS.audience,
    require: { value: 'NAME', describe: 'a component that must be covered, instead of @target-uri; may be repeated', repeatable: true },
    digest: { value: 'WHEN', describe: 'if-present (default) or required' },
    strict: { value: null, describe: 'accept no deviation of client libraries' },
    at: SHARED_OPTIONS.at,
    ...POLICY_OPTION,
    ...ACCOUNT_KEY_OPTIONS,
    ...KEY_OPTIONS,
    ...SECRET_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    'approov-guard explain request.http --origin https://api.example.com',
    'approov-guard explain session.har --entry 3 --bind-header authorization',
    'approov-guard explain request.http --policy policy.yaml',
    'pbpaste | approov-guard explain - --at 2023-11-14T22:13:20Z',
  ],
  words: 1,
  run: async (given, surroundings) => {
    const captured = capturedRequest(await captureBytes(given, surroundings), entryFrom(given.text('entry')));
    const { view, asked } = viewOf(captured);
    const policy = await namedPolicy(given, surroundings, explain.options, momentOfJudgement(given, surroundings));
    const explanation = await explained(view, policy?.guard ?? (await optionsFrom(given, surroundings)));
    policy?.guard.close();
    const hidden = captured.leftOut?.names.find((name) => asked.has(name));
    if (hidden !== undefined) {
      throw new UsageError(
        `what is demanded depends on the header ${hidden}, which ${captured.leftOut?.by} leaves out: choose "Copy as cURL" in the browser`,
      );
    }
    const failure = firstFailure(explanation);
    surroundings.stdout.write(
      given.flag('json') ? `${JSON.stringify({ refused: failure, ...explanation })}\n` : spellExplanation(explanation),
    );
    return failure === null ? EXIT.accepted : EXIT.rejected;
  },
};

async function captureBytes(given: Arguments, surroundings: Surroundings): Promise<Buffer> {
  const [file] = given.words;
  if (file === undefined)
    throw new UsageError(
      'give a file that holds a curl command line, PowerShell, a call of fetch(), a HAR archive or a raw HTTP message, or -',
    );
  if (file !== '-') return readBytes(file, 'FILE', surroundings);
  if (given.text('secret') === '-' || given.text('account-key') === '-')
    throw new UsageError('the request and a secret cannot both come from standard input');
  return await readStandardBytes(surroundings);
}

function entryFrom(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new UsageError('--entry is a number from 1');
}

/** A capture of plain HTTP/1.1 does not tell the scheme: the API's is assumed. Notes which headers were asked for. */
function viewOf(captured: Captured): { readonly view: RequestView; readonly asked: ReadonlySet<string> } {
  const [shown, asked] = [requestView({ ...captured, scheme: captured.scheme ?? 'https' }), new Set<string>()];
  return { view: { ...shown, lines: (name) => shown.lines(asked.add(name) && name) }, asked };
}

async function optionsFrom(given: Arguments, surroundings: Surroundings): Promise<GuardOptions> {
  const now = momentOfJudgement(given, surroundings);
  const header = given.text('token-header');
  const origin = given.text('origin');
  return {
    keys: await chosenKeys(given, surroundings),
    token: {
      prefix: given.text('prefix') ?? null,
      audience: given.flag('audience') ? given.texts('audience') : null,
      ...(header === undefined ? {} : { header }),
    },
    binding: given.flag('bind-header') ? { headers: given.texts('bind-header') } : null,
    signature: await signatureFrom(given, surroundings),
    ...(origin === undefined ? {} : { origin }),
    now: () => now,
    environment: 'development',
  };
}

async function signatureFrom(given: Arguments, surroundings: Surroundings): Promise<NonNullable<GuardOptions['signature']> | null> {
  const label = given.text('label') ?? 'install';
  if (label === 'none') return null;
  if (label !== 'install' && label !== 'account') throw new UsageError('--label is install, account or none');
  const digest = given.text('digest') ?? 'if-present';
  if (digest !== 'if-present' && digest !== 'required') throw new UsageError('--digest is if-present or required');
  const demands = {
    digest,
    ...(given.flag('require') ? { required: given.texts('require') } : {}),
    ...(given.flag('strict') ? { tolerances: null } : {}),
  } as const;
  return label === 'install' ? demands : { ...demands, label, accountKeys: [await requiredAccountKey(given, surroundings)] };
}

const ARGUMENT_NAMES: ArgumentNames = [
  [/^origin$/, '--origin'],
  [/^token\.header$/, '--token-header'],
  [/^token\.audience$/, '--audience'],
  [/^binding\.headers.*/, '--bind-header'],
  [/^signature\.required.*/, '--require'],
];

async function explained(view: RequestView, options: Guard | GuardOptions): ReturnType<typeof explainRequest> {
  try {
    return await explainRequest(view, options);
  } catch (error) {
    return blameArgument(error, ARGUMENT_NAMES);
  }
}
