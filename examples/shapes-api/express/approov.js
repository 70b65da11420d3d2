import { createGuard } from 'approov-guard';
import { approov } from 'approov-guard/express';

// The original sample answers 400 where something is missing and 401 where it is invalid. 401 here makes them indistinguishable.
const missingStatus = process.env.APPROOV_MISSING_STATUS === '401' ? 401 : 400;

/** @type {ReadonlySet<string>} */
const MISSING = new Set(['token-missing', 'binding-claim-missing', 'binding-value-missing']);

const guard = createGuard({
  keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } },
  // A binding rests on its token: where invalid tokens pass, so do invalid bindings.
  mode: {
    token: abortsOn('TOKEN') ? 'enforce' : 'observe',
    binding: abortsOn('TOKEN') && abortsOn('TOKEN_BINDING') ? 'enforce' : 'observe',
  },
  refusal: {
    render: ({ verdict, standard }) =>
      verdict.outcome === 'rejected' && MISSING.has(verdict.reason) ? { ...standard, status: missingStatus } : standard,
  },
  ...(isFalse('APPROOV_LOGGING_ENABLED') ? {} : { onVerdict: logVerdict }),
});

/** Asks for a valid Approov token. */
export const tokenCheck = approov(guard);

/** Asks for a valid Approov token that was made for this Authorization header. */
export const tokenBindingCheck = approov(guard, { binding: { headers: ['authorization'] } });

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
      const check = verdict.attestation.binding === 'verified' ? 'TOKEN BINDING' : 'TOKEN';
      console.log(`${head} - ${facts.action}: ${action} REQUEST WITH VALID APPROOV ${check}`);
      break;
    }
    case 'rejected': {
      const check = verdict.reason.startsWith('binding-') ? 'TOKEN BINDING' : 'TOKEN';
      console.log(`${head} ${verdict.reason} ${facts.action}: ${action} REQUEST WITH INVALID APPROOV ${check}`);
      break;
    }
    case 'unavailable':
      console.log(`${head} ${verdict.fault} ${facts.action}: ${action} REQUEST THAT COULD NOT BE JUDGED`);
      break;
  }
}

/** @param {'TOKEN' | 'TOKEN_BINDING'} check */
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
