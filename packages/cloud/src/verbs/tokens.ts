/** `token`: examples, long-lived tokens, checking. */
import { durationSeconds } from '@approov-guard/testkit';
import { expandArc } from '../account/arc.ts';
import { checkToken } from '../account/check-token.ts';
import { requireDomain } from '../account/domains.ts';
import { issueToken, TOKEN_TYPES } from '../account/tokens.ts';
import { CloudError } from '../cloud-error.ts';
import { flag, type Verb, type VerbAnswer, type VerbContext, valued } from './verb.ts';

/** How long the vendor's examples live. */
const EXAMPLE_SECONDS = 3600;

/** `approov token`. */
export const token: Verb = {
  name: 'token',
  summary: 'example tokens, long-lived tokens, and checking of tokens',
  admin: false,
  words: 0,
  options: {
    genExample: valued('DOMAIN', 'an example token for a domain; it lives one hour'),
    type: valued('valid|invalid|failover', 'with -genExample: which kind; default valid'),
    setDataHashInToken: valued('TEXT', 'with -genExample: bind it to this text'),
    genLongLived: valued('ISSUER,DURATION', 'a token for servers and tests, such as my-server,1y'),
    check: valued('TOKEN', 'check a token or a loggable token'),
    showArcInfoCurl: flag('print a curl command that expands an attestation response code'),
    arc: valued('CODE', 'expand an attestation response code (of this command line only)'),
  },
  run: async (context) => {
    const { cloud, account, text, has } = context;
    if (has('check')) return checked(context, text('check') ?? '');
    if (has('arc')) return { out: rejectionsIn(expandArc(context.state(), text('arc') ?? '')) };
    if (has('showArcInfoCurl'))
      return {
        out: [`curl -H 'Authorization: Bearer ${cloud.adminKey}' -H 'Arc: YOUR-ARC-HERE' '${context.url}/arc-info/?account=${account}'`],
      };
    if (has('genLongLived')) return { out: [longLived(context, text('genLongLived') ?? '')] };
    if (has('genExample')) return { out: [example(context, text('genExample') ?? '')] };
    return { out: ['give -genExample DOMAIN, -genLongLived ISSUER,DURATION or -check TOKEN'], code: 1 };
  },
};

function example({ cloud, account, text, state }: VerbContext, domain: string): string {
  const type = TOKEN_TYPES.find((known) => known === (text('type') ?? 'valid').toLowerCase());
  if (type === undefined) throw new CloudError('input-malformed', `-type is one of ${TOKEN_TYPES.join(', ')}`);
  requireDomain(state(), domain);
  const bind = text('setDataHashInToken');
  const content = { domain, type, now: cloud.now(), lifetimeSeconds: EXAMPLE_SECONDS, ...(bind === undefined ? {} : { bind }) };
  return issueToken(state(), account, content);
}

function longLived({ cloud, account, state }: VerbContext, given: string): string {
  const comma = given.lastIndexOf(',');
  const [issuer, lifetimeSeconds] = [given.slice(0, Math.max(0, comma)), durationSeconds(given.slice(comma + 1))];
  if (issuer === '' || lifetimeSeconds === null)
    throw new CloudError('input-malformed', '-genLongLived is ISSUER,DURATION with a duration such as 1y, 30d or 12h');
  const claims = { iss: issuer, ip: undefined, did: undefined };
  return issueToken(state(), account, { domain: null, type: 'valid', now: cloud.now(), lifetimeSeconds, claims });
}

async function checked({ cloud, state }: VerbContext, given: string): Promise<Partial<VerbAnswer>> {
  const { valid, reason, claims } = await checkToken(state(), given, cloud.now());
  const shown = claims === null ? [] : Object.entries(claims).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`);
  return { out: [valid ? 'valid token' : `invalid token: ${reason}`, ...shown, ...arcLines(state(), claims)], code: valid ? 0 : 1 };
}

function arcLines(state: Parameters<typeof expandArc>[0], claims: { readonly [claim: string]: unknown } | null): readonly string[] {
  if (typeof claims?.arc !== 'string') return [];
  try {
    return rejectionsIn(expandArc(state, claims.arc));
  } catch {
    return [];
  }
}

function rejectionsIn(rejections: readonly string[]): readonly string[] {
  return [rejections.length === 0 ? 'arc: nothing was wrong with the device or app' : `arc: ${rejections.join(', ')}`];
}
