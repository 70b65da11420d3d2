import { createGuard, REASONS } from 'approov-guard';

// The original sample answers 400 where something is missing and 401 where it is invalid. 401 here makes them indistinguishable.
const missingStatus = process.env.APPROOV_MISSING_STATUS === '401' ? 401 : 400;

/** @type {ReadonlySet<string>} */
const MISSING = new Set(['token-missing', 'binding-claim-missing', 'binding-value-missing', 'signature-missing']);

const CHECKS = { request: 'TOKEN', token: 'TOKEN', binding: 'TOKEN BINDING', signature: 'MESSAGE SIGNATURE', digest: 'MESSAGE SIGNATURE' };

const secret = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };

// A key set beside the secret, where the account has one.
const jwksUrl = process.env.APPROOV_JWKS_URL;

/** The guard that all routes share. */
export const guard = await shown(
  createGuard({
    keys: jwksUrl ? [secret, { jwksUrl }] : secret,
    // Bindings and signatures rest on the token: where invalid tokens pass, so do they.
    mode: {
      token: abortsOn('TOKEN') ? 'enforce' : 'observe',
      binding: abortsOn('TOKEN') && abortsOn('TOKEN_BINDING') ? 'enforce' : 'observe',
      signature: abortsOn('TOKEN') && abortsOn('MESSAGE_SIGNATURE') ? 'enforce' : 'observe',
    },
    refusal: {
      render: ({ verdict, standard }) =>
        verdict.outcome === 'rejected' && MISSING.has(verdict.reason) ? { ...standard, status: missingStatus } : standard,
    },
    ...(isFalse('APPROOV_LOGGING_ENABLED') ? {} : { onVerdict: logVerdict }),
  }),
);

/**
 * `npm start` shows each decision on a page. Leave this out of a server of your own, or keep it for development.
 * @param {import('approov-guard').Guard} made
 */
async function shown(made) {
  if (process.env.APPROOV_CONSOLE !== 'true') return made;
  const { watch } = await import('@approov-guard/console');
  return watch(made);
}

/**
 * What the status of `/v5/shapes` says of a request that passed.
 * @param {import('approov-guard').Decision | undefined} decision
 */
export function signatureText(decision) {
  const verdict = decision?.verdict;
  const verified = verdict?.outcome === 'accepted' && verdict.attestation.signature === 'verified';
  return verified ? 'with valid message signature' : 'without message signature';
}

/**
 * Writes one line a verdict. Never log the token: until it expires, it opens the API.
 * @param {import('approov-guard').Verdict} verdict
 * @param {import('approov-guard').VerdictFacts} facts
 */
function logVerdict(verdict, facts) {
  const head = `${new Date(facts.at).toISOString()} ${facts.method} ${facts.path} ${verdict.outcome}`;
  const action = facts.action === 'pass' ? 'ACCEPTED' : 'REJECTED';
  switch (verdict.outcome) {
    case 'accepted': {
      const { binding, signature } = verdict.attestation;
      const check = signature === 'verified' ? 'MESSAGE SIGNATURE' : binding === 'verified' ? 'TOKEN BINDING' : 'TOKEN';
      console.log(`${head} - ${facts.action}: ${action} REQUEST WITH VALID APPROOV ${check}`);
      break;
    }
    case 'rejected': {
      const check = CHECKS[REASONS[verdict.reason].stage];
      console.log(`${head} ${verdict.reason} ${facts.action}: ${action} REQUEST WITH INVALID APPROOV ${check}`);
      break;
    }
    case 'unavailable':
      console.log(`${head} ${verdict.fault} ${facts.action}: ${action} REQUEST THAT COULD NOT BE JUDGED`);
      break;
  }
}

/** @param {'TOKEN' | 'TOKEN_BINDING' | 'MESSAGE_SIGNATURE'} check */
function abortsOn(check) {
  return !isFalse(`APPROOV_ABORT_REQUEST_ON_INVALID_${check}`);
}

/**
 * Only `false` switches something off: a typing mistake must not open the API.
 * @param {string} name
 */
function isFalse(name) {
  return process.env[name]?.trim().toLowerCase() === 'false';
}
