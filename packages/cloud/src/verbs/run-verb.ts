/** Runs a verb on a cloud. */
import type { Cloud } from '../cloud.ts';
import { CloudError } from '../cloud-error.ts';
import { verbNamed } from './read-call.ts';
import type { Verb, VerbAnswer, VerbCall, VerbContext } from './verb.ts';

/** Where a verb runs. */
export interface VerbPlace {
  readonly cloud: Cloud;
  readonly url: string;
  /** Whether a server runs on the state, so that what is only in memory lasts. */
  readonly running: boolean;
}

/**
 * Runs a call, which may have come over HTTP.
 * @throws CloudError for whatever is wrong with it
 */
export async function runVerb(call: VerbCall, place: VerbPlace): Promise<VerbAnswer> {
  checkForm(call);
  const verb = verbNamed(call.verb);
  const { role, account } = roleOf(call.role, place.cloud);
  const notes: string[] = [];
  if (verb.admin && role === null) notes.push('the vendor’s command line asks for an administration role here: eval `approov role admin`');
  if (verb.admin && role !== null && role !== 'admin')
    throw new CloudError(
      'role-needed',
      `\`${verb.name}\` needs an administration role: eval \`approov role admin\` (PowerShell: $env:APPROOV_ROLE = "admin:${account}")`,
    );
  if (verb.words === 0 && call.words.length > 0) notes.push('a management token is not needed here: the word was passed over');
  const answer = await verb.run(contextOf(verb, call, { ...place, account }));
  return { out: [], files: [], code: 0, ...answer, notes: [...notes, ...(answer.notes ?? [])] };
}

function checkForm({ verb, options, words, files, role }: VerbCall): void {
  const areTexts = (values: unknown): boolean => Object.values(values ?? {}).every((value) => typeof value === 'string' || value === true);
  const isList = Array.isArray(words) && words.every((word) => typeof word === 'string');
  const isRole = role === null || typeof role === 'string';
  if (
    typeof verb === 'string' &&
    isList &&
    isRole &&
    [options, files].every((value) => typeof value === 'object' && value !== null && areTexts(value))
  )
    return;
  throw new CloudError('input-malformed', 'a call has the members verb, options, words, files and role');
}

/** Reads `APPROOV_ROLE`: a role, and an account after a colon. */
function roleOf(given: string | null, cloud: Cloud): { readonly role: string | null; readonly account: string } {
  if (given === null) return { role: null, account: cloud.defaultAccount };
  const [role = '', account] = given.split(':', 2);
  if (/^_*YOUR_APPROOV_ACCOUNT_NAME_HERE_*$/.test(account ?? ''))
    throw new CloudError(
      'account-unknown',
      `APPROOV_ROLE still holds the placeholder of the page: put your account's name there, admin:${cloud.defaultAccount}`,
    );
  if (account !== undefined) cloud.account(account);
  return { role: role === '.' ? 'dev' : role, account: account ?? cloud.defaultAccount };
}

function contextOf(verb: Verb, call: VerbCall, place: VerbPlace & { readonly account: string }): VerbContext {
  const { cloud, account } = place;
  const has = (name: string): boolean => Object.hasOwn(call.options, name);
  const text = (name: string): string | undefined => (has(name) ? String(call.options[name]) : undefined);
  const onOff = (name: string): boolean | undefined => {
    const value = text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    if (value === 'on' || value === 'off') return value === 'on';
    throw new CloudError('input-malformed', `-${name} of \`${verb.name}\` takes on or off`);
  };
  return {
    ...place,
    words: call.words,
    has,
    text,
    onOff,
    file: (name) => Buffer.from(call.files[name] ?? '', 'base64'),
    change: (change) => cloud.change(change, account),
    state: () => cloud.account(account),
  };
}
