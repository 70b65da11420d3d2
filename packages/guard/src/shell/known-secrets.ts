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

/** Published secrets, canonical base64. Public values: naming them here gives nothing away. */
const PUBLISHED: ReadonlySet<string> = new Set([
  // approov/postman-collections and nearly all quickstarts
  'h+CX0tOzdAAR9l15bWAqvq7w9olk66daIH+Xk+IAHhVVHszjDzeGobzNnqyRze3lw/WVyWrc2gZfh3XXfBOmww==',
  // approov/quickstart-asp.net-token-check
  'TEST+SECRET/TEST+SECRET/TEST+SECRET/TEST+SECRET/TEST+SECRET/TEST+SECRET/TEST+SECRET/AA==',
  // approov/quickstart-nodejs-koa_shapes-api (too short as well)
  'QVBQUk9PVl9TRUNSRVQ=',
  // approov/quickstart-kong_approov-plugin
  'MTllNTMxM2U3Mjk4ODkxOWU1MTBhNmQwYjA1YmU0NzM1ODQ3NGZkZjg0MzEyMjgxNGY1NDhhMGNhNzlkNjQ4YTkwZDM0ZTcwZDE0NzM1YmIwZDk0MjQwZDM1M2E4NTZkMWQwYTg0NjVkZDdhMGMwZTJjYjhmYmM3NzEzN2E2MTAK',
  // approov/quickstart-nginx-plus_approov-dynamic-module
  'NTQ0ZDVkZWE4ZjE0OTJjMjUxMmZiZGNjZjY2NTllNTIxNmQzZjA4MGZiMTY0ZDRhMDNkYjcwMGY2YWY1OGI3NzRiNTM3NWVhYjI2MDA3OTViYjVkOTVjYWQyM2QxNThlYWM4Y2I0OGFmOWJlMzdjMDFjY2YyYThiZjNiNzZiOWYK',
]);

/** Tells whether a text is a placeholder from somebody's sample. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDERS.has(text.toLowerCase().replace(/[^a-z]/g, ''));
}

/** Tells whether a secret (canonical base64) is published. */
export function isPublished(base64: string): boolean {
  return PUBLISHED.has(base64);
}
