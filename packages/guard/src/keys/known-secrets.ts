/** Secrets that are no secrets: published in samples, or placeholders. Source: the vendor's public quickstart repositories. */

/** Texts that stand where a secret should be. Compared in lower case with everything but letters removed. */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  'approovbasesecrethere',
  'approovbaseurlsecrethere',
  'approovbaseencodedsecrethere',
  'yoursecrethere',
  'yoursecretehere',
  'approovsecrethere',
  'addheretheapproovbasesecret',
  'yourapproovbasesecrethere',
  'yourbasesecrethere',
  'mustbebaseurlencoded',
  'changeme',
]);

/** How published secrets begin, canonical base64: 24 bytes at most, which no other secret shares. Naming them here gives nothing away. */
const PUBLISHED: readonly string[] = [
  // approov/postman-collections and nearly all quickstarts
  'h+CX0tOzdAAR9l15bWAqvq7w9olk66da',
  // approov/quickstart-asp.net-token-check
  'TEST+SECRET/TEST+SECRET/TEST+SEC',
  // approov/quickstart-nodejs-koa_shapes-api (too short as well)
  'QVBQUk9PVl9TRUNSRVQ=',
  // approov/quickstart-kong_approov-plugin
  'MTllNTMxM2U3Mjk4ODkxOWU1MTBhNmQw',
  // approov/quickstart-nginx-plus_approov-dynamic-module
  'NTQ0ZDVkZWE4ZjE0OTJjMjUxMmZiZGNj',
];

/** Tells whether a text is a placeholder from somebody's sample. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDERS.has(text.toLowerCase().replace(/[^a-z]/g, ''));
}

/** Tells whether a secret (canonical base64) is published. */
export function isPublished(base64: string): boolean {
  return PUBLISHED.some((beginning) => base64.startsWith(beginning));
}
