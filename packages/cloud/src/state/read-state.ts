/** Reads a state document. Whatever is not exactly a state is refused, so that nothing else is ever overwritten. */
import { PRIVATE_KEY_ALGORITHMS } from '@approov-guard/testkit';
import { CloudError } from '../cloud-error.ts';
import { type CloudState, STATE_FORMAT, STATE_VERSION } from './state.ts';

/** Answers where a value deviates from its form, or `null`. */
type Form = (value: unknown, path: string) => string | null;

const text: Form = (value, path) => (typeof value === 'string' ? null : path);
const flag: Form = (value, path) => (typeof value === 'boolean' ? null : path);
const count: Form = (value, path) => (Number.isSafeInteger(value) ? null : path);
const nullOr =
  (form: Form): Form =>
  (value, path) =>
    value === null ? null : form(value, path);
const oneOf =
  (words: readonly string[]): Form =>
  (value, path) =>
    words.includes(value as string) ? null : path;
const first = (findings: Iterable<string | null>): string | null => [...findings].find((finding) => finding !== null) ?? null;

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(form: Form): Form {
  return (value, path) => (Array.isArray(value) ? first(value.map((item, index) => form(item, `${path}[${index}]`))) : path);
}

function table(form: Form): Form {
  return (value, path) => (isObject(value) ? first(Object.entries(value).map(([name, item]) => form(item, `${path}.${name}`))) : path);
}

/** Exactly these members. */
function record(forms: { readonly [name: string]: Form }): Form {
  return (value, path) => {
    if (!isObject(value)) return path;
    const unknown = Object.keys(value).find((name) => !Object.hasOwn(forms, name));
    if (unknown !== undefined) return `${path}.${unknown}`;
    return first(Object.entries(forms).map(([name, form]) => form(value[name], `${path}.${name}`)));
  };
}

const ACCOUNT = record({
  secret: record({ base64: text, keyId: nullOr(text) }),
  messageKey: nullOr(record({ id: text, base64url: text })),
  wildcard: flag,
  jwksUri: flag,
  managedTrustRoots: flag,
  tokenSeconds: count,
  policy: record({ audience: flag, issuer: flag, subject: flag, installPubKey: flag, rejectionReasons: flag }),
  domains: table(record({ kid: nullOr(text), formerKids: list(text), pinsOnly: flag, web: flag, pins: list(text) })),
  keys: table(record({ algorithm: oneOf(PRIVATE_KEY_ALGORITHMS), privateKey: text, failKey: text, createdAt: count })),
  apps: list(record({ package: text, certificate: nullOr(text), version: nullOr(text), expiresAt: nullOr(count) })),
  devices: table(record({ properties: list(text), forced: nullOr(oneOf(['pass', 'fail'])) })),
});

const STATE = record({
  format: oneOf([STATE_FORMAT]),
  version: (value, path) => (value === STATE_VERSION ? null : path),
  adminKey: text,
  defaultAccount: text,
  accounts: table(ACCOUNT),
});

/**
 * Reads a state.
 * @param content - what stands in the file
 * @param file - its name, for messages
 * @throws CloudError `state-damaged` or `state-newer`
 */
export function readState(content: string, file: string): CloudState {
  const value = parsed(content, file);
  if (isObject(value) && value.format === STATE_FORMAT && typeof value.version === 'number' && value.version > STATE_VERSION) {
    throw new CloudError(
      'state-newer',
      `${file} was written by a newer version of this program (format ${value.version}, this one reads ${STATE_VERSION}). Update approov-guard, or name another file with --state FILE. It was left as it is.`,
    );
  }
  const deviation = STATE(value, 'state');
  if (deviation !== null) throw damaged(file, `not a state of this program at ${deviation.slice(0, 100)}`);
  // The cast holds: STATE describes CloudState member by member.
  const state = value as unknown as CloudState;
  if (Object.hasOwn(state.accounts, state.defaultAccount)) return state;
  throw damaged(file, 'its default account is not there');
}

function parsed(content: string, file: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw damaged(file, 'not JSON', { cause });
  }
}

function damaged(file: string, why: string, options?: ErrorOptions): CloudError {
  return new CloudError(
    'state-damaged',
    `${file} cannot be used: ${why}. It was left as it is. Restore a copy, move it away to start again, or name another file with --state FILE.`,
    options,
  );
}
