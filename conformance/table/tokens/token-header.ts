/** Where the token is, and how often. */

import type { Setup } from '../../adapters/adapter.ts';
import type { HeaderLine } from '../../run/wire.ts';
import type { Case, Family } from '../case.ts';
import { app, approovToken, deadToken, token, tokenOnly } from '../setups.ts';

const custom = app('custom header', { token: { header: 'X-Attestation' } });
const prefixed = app('prefix', { token: { header: 'Authorization', prefix: 'Bearer' } });
const short = app('short tokens', { token: { maxBytes: 512 } });

function row(name: string, headers: readonly HeaderLine[], verdict: string, setup: Setup = tokenOnly): Case {
  return { name, setup, request: { headers }, expected: { status: verdict === 'accepted' ? 200 : 401, verdict } };
}

const twoAuthorizationLines: Case = {
  name: 'two authorization lines',
  setup: prefixed,
  request: {
    headers: [
      ['Authorization', `Bearer ${token()}`],
      ['authorization', 'Bearer x'],
    ],
  },
  expected: { status: 401, verdict: 'token-duplicated', quirks: { 'first-line': { status: 200, verdict: 'accepted' } } },
};

export const tokenHeader: Family = {
  name: 'token header',
  cases: [
    row('no header', [], 'token-missing'),
    row('an empty header', [approovToken('')], 'token-missing'),
    row('white space only', [approovToken(' \t ')], 'token-missing'),
    row('lower case', [['approov-token', token()]], 'accepted'),
    row('upper case', [['APPROOV-TOKEN', token()]], 'accepted'),
    row('white space around the value', [['Approov-Token', `\t ${token()} \t`]], 'accepted'),
    row('the same token twice', [approovToken(token()), approovToken(token())], 'token-duplicated'),
    row('a good token, then a bad one', [approovToken(token()), approovToken('bad')], 'token-duplicated'),
    row('a bad token, then a good one', [approovToken('bad'), approovToken(token())], 'token-duplicated'),
    row('twice, in different case', [approovToken(token()), ['APPROOV-token', deadToken()]], 'token-duplicated'),
    row('a good token and an empty line', [approovToken(token()), approovToken('')], 'token-duplicated'),
    row('an empty line and a good token', [approovToken(''), approovToken(token())], 'token-duplicated'),
    row('lines with others between', [approovToken(token()), ['X-Other', '1'], approovToken(token())], 'token-duplicated'),
    row('comma-joined', [approovToken(`${token()},${token()}`)], 'token-duplicated'),
    row('a trailing comma', [approovToken(`${token()},`)], 'token-duplicated'),
    row('an SDK status', [approovToken('NO_NETWORK')], 'token-sdk-status'),
    row('an SDK status in lower case', [approovToken('mitm_detected')], 'token-sdk-status'),
    row('an SDK status in its own header', [['Approov-Status', 'no_network']], 'token-sdk-status'),
    row('an SDK status in its own header, and an empty token', [approovToken(''), ['Approov-Status', 'mitm_detected']], 'token-sdk-status'),
    row('the SDK status `success`, and no token', [['Approov-Status', 'success']], 'token-missing'),
    row('9 KiB', [approovToken('a'.repeat(9216))], 'token-too-large'),
    row('513 bytes where 512 are allowed', [approovToken('a'.repeat(513))], 'token-too-large', short),
    row('512 bytes where 512 are allowed', [approovToken('a'.repeat(512))], 'token-malformed', short),
    row('UTF-8 bytes after the token', [approovToken(`${token()}\xc3\xa9`)], 'token-malformed'),
    row('a no-break space after the token is not white space', [approovToken(`${token()}\xa0`)], 'token-malformed'),
    row('a quoted token', [approovToken(`"${token()}"`)], 'token-malformed'),
    row('an unconfigured scheme', [approovToken(`Bearer ${token()}`)], 'token-malformed'),
    row('another name: X-Approov-Token', [['X-Approov-Token', token()]], 'token-missing'),
    row('another name: Approov_Token', [['Approov_Token', token()]], 'token-missing'),
    row('in the query only', [['X-Query', '1']], 'token-missing'),
    row('the configured header', [['X-Attestation', token()]], 'accepted', custom),
    row('the configured header in lower case', [['x-attestation', token()]], 'accepted', custom),
    row('the default header where another is configured', [approovToken(token())], 'token-missing', custom),
    row('both, where another is configured', [approovToken('bad'), ['X-Attestation', token()]], 'accepted', custom),
    row('the configured scheme', [['Authorization', `Bearer ${token()}`]], 'accepted', prefixed),
    row('the configured scheme in another case', [['Authorization', `bEARER ${token()}`]], 'accepted', prefixed),
    row('the configured scheme and three spaces', [['Authorization', `Bearer   ${token()}`]], 'accepted', prefixed),
    row('no scheme where one is configured', [['Authorization', token()]], 'token-malformed', prefixed),
    row('another scheme', [['Authorization', `Basic ${token()}`]], 'token-malformed', prefixed),
    row('a scheme without space', [['Authorization', `Bearer${token()}`]], 'token-malformed', prefixed),
    row('a scheme alone', [['Authorization', 'Bearer']], 'token-missing', prefixed),
    row('a scheme twice', [['Authorization', `Bearer Bearer ${token()}`]], 'token-malformed', prefixed),
    twoAuthorizationLines,
  ],
};
