/** Shortens credentials, so that an explanation can be pasted into a ticket. */

/** Fields that hold credentials, whatever the policy says of them. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'api-key',
  'x-api-key',
  'approov-token',
]);
const SHOWN = 10;

/** Whether a field's value must not be shown in full. */
export type IsSecret = (fieldName: string) => boolean;

/** Made of the token header and the bound headers. */
export function secretFields(names: readonly string[]): IsSecret {
  return (name) => CREDENTIALS.has(name) || names.includes(name);
}

/** The value as it may be shown: of a credential the first characters, at most half of them, and its length. */
export function shownValue(name: string, value: string, isSecret: IsSecret): string {
  if (!isSecret(name) || value === '') return value;
  return `${value.slice(0, Math.min(SHOWN, Math.floor(value.length / 2)))}…(${value.length} characters)`;
}
