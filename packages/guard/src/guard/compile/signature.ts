/** Checks the options of message signatures and compiles them. */

import { ConfigurationError } from '../../checks/configuration-error.ts';
import * as checks from '../../checks/option-checks.ts';
import { ACCOUNT_KEY, type NumberRow, SIGNATURE } from '../../checks/option-table.ts';
import type { SignaturePolicy } from '../../core/judge/policy.ts';
import { ALGORITHMS, type AlgorithmRow } from '../../core/jws/algorithms.ts';
import type { CryptoPort, ReplayStore } from '../../core/ports.ts';
import { PLAIN_DERIVED } from '../../core/signature/parse-signature.ts';
import { acceptedCombinations, TOLERANCE_NAMES, type Tolerances } from '../../core/signature/sdk-tolerances.ts';
import type { AccountKey } from '../../core/signature/signing-key.ts';
import { decodeSecret } from '../../keys/secret.ts';
import type { BodyLimits } from '../held-bodies.ts';
import { checkBodyFits, compileReplay } from './limits.ts';

/** What compiling depends on. */
export interface SignatureContext {
  readonly crypto: CryptoPort;
  readonly production: boolean;
  /** The token header of this route: it must be covered. */
  readonly tokenHeader: string;
  /** What bodies may take. */
  readonly bodyLimits: () => BodyLimits;
  /** Makes the store that is used where none is given: one for the whole guard. */
  readonly defaultReplay: () => ReplayStore;
}

/** Compiles `signature`. */
export function compileSignature(options: unknown, path: string, context: SignatureContext): SignaturePolicy {
  const signature = checks.checkedObject(options, path, SIGNATURE);
  const label = checks.checkedWord(signature.label, `${path}.label`, SIGNATURE.label);
  if (label === 'account' && signature.missingKey !== undefined)
    throw new ConfigurationError('options-contradict', `${path}.missingKey`, 'belongs to the label `install`');
  const tolerances = compileTolerances(signature.tolerances, `${path}.tolerances`);
  return {
    label,
    algorithm: label === 'install' ? 'ecdsa-p256-sha256' : 'hmac-sha256',
    form: {
      stringSignature: tolerances.stringSignature,
      derSignature: tolerances.derSignature && label === 'install',
      signatureBytes: label === 'install' ? 64 : 32,
    },
    combinations: acceptedCombinations(tolerances),
    stringDigest: tolerances.stringDigest,
    accountKeys: compileAccountKeys(signature, label, path, context),
    required: compileRequired(signature.required, `${path}.required`, context.tokenHeader),
    missingKey: checks.checkedWord(signature.missingKey, `${path}.missingKey`, SIGNATURE.missingKey),
    digest: checks.checkedWord(signature.digest, `${path}.digest`, SIGNATURE.digest),
    nonce: checks.checkedWord(signature.nonce, `${path}.nonce`, SIGNATURE.nonce),
    tag: compileText(signature.tag, `${path}.tag`),
    replay: signature.replay === undefined ? context.defaultReplay() : compileReplay(signature.replay, `${path}.replay`),
    ...compileLimits(signature, path, context.bodyLimits()),
  };
}

function compileLimits(
  signature: checks.UncheckedOptions,
  path: string,
  bodies: BodyLimits,
): Pick<SignaturePolicy, 'maxAgeSeconds' | 'clockToleranceSeconds' | 'maxBytes' | 'maxBodyBytes'> {
  const number = (
    name: 'maxAgeSeconds' | 'clockToleranceSeconds' | 'maxBytes' | 'maxBodyBytes',
    row: NumberRow<number> = SIGNATURE[name],
  ): number => checks.checkedNumber(signature[name], `${path}.${name}`, row);
  const { fallback } = SIGNATURE.maxBodyBytes;
  // The default gives way to a smaller budget.
  const most = Math.min(fallback, bodies.maxBytes ?? fallback, bodies.maxBytesPerKey ?? fallback);
  const maxBodyBytes = number('maxBodyBytes', { ...SIGNATURE.maxBodyBytes, fallback: most });
  checkBodyFits(bodies, maxBodyBytes, `${path}.maxBodyBytes`);
  return {
    maxBodyBytes,
    maxAgeSeconds: number('maxAgeSeconds'),
    clockToleranceSeconds: number('clockToleranceSeconds'),
    maxBytes: number('maxBytes'),
  };
}

/** The token and the method are always covered: a signature over neither binds nothing. */
function compileRequired(options: unknown, path: string, tokenHeader: string): readonly string[] {
  const floor = ['@method', tokenHeader];
  if (options === undefined) return [...floor, '@target-uri'];
  if (!Array.isArray(options) || options.length > 32)
    throw new ConfigurationError('option-invalid', path, 'must be a list of component names');
  const names = options.map((name: unknown, index) => {
    if (typeof name !== 'string' || !name.startsWith('@')) return checks.checkedHeader(name, `${path}[${index}]`);
    if (PLAIN_DERIVED.has(name)) return name;
    throw new ConfigurationError('option-invalid', `${path}[${index}]`, `must be a header name or one of ${[...PLAIN_DERIVED].join(', ')}`);
  });
  return [...new Set([...floor, ...names])];
}

function compileText(text: unknown, path: string): string | null {
  if (text === undefined || text === null) return null;
  if (typeof text === 'string' && text !== '') return text;
  throw new ConfigurationError('option-invalid', path, 'must be a text that is not empty, or null where there is none');
}

function compileTolerances(options: unknown, path: string): Tolerances {
  const given = options === null ? null : checks.checkedObject(options ?? {}, path, TOLERANCE_NAMES);
  const entries = TOLERANCE_NAMES.map((name) => {
    const value = given === null ? false : (given[name] ?? true);
    if (typeof value !== 'boolean') throw new ConfigurationError('option-invalid', `${path}.${name}`, 'must be true or false');
    return [name, value];
  });
  // The cast holds: there is an entry for each name of the type.
  return Object.fromEntries(entries) as unknown as Tolerances;
}

const GET_ACCOUNT_KEY = 'approov secret -messageSigningKey get-base64url';
/** The cast holds: the table has the row. */
const HS256: AlgorithmRow = ALGORITHMS.get('HS256') as AlgorithmRow;

function compileAccountKeys(
  signature: checks.UncheckedOptions,
  label: string,
  path: string,
  context: SignatureContext,
): readonly AccountKey[] {
  const { accountKeys } = signature;
  if (label === 'install') {
    if (accountKeys === undefined) return [];
    throw new ConfigurationError('options-contradict', `${path}.accountKeys`, 'belongs to the label `account`');
  }
  if (!Array.isArray(accountKeys) || accountKeys.length === 0) {
    throw new ConfigurationError('option-missing', `${path}.accountKeys`, `must list the account keys (\`${GET_ACCOUNT_KEY}\`)`);
  }
  return accountKeys.map((key: unknown, index) => accountKey(key, `${path}.accountKeys[${index}]`, context));
}

function accountKey(options: unknown, path: string, context: SignatureContext): AccountKey {
  const key = checks.checkedObject(options, path, ACCOUNT_KEY);
  const id = compileText(key.id, `${path}.id`);
  const secret = decodeSecret(key, { path, algorithm: HS256, production: context.production, command: GET_ACCOUNT_KEY });
  return { id, key: context.crypto.prepareSecret(HS256, secret) };
}
