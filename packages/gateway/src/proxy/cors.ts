/** CORS (Fetch standard §3.2), answered before the guard: a browser sends preflights without the headers that it asks about. */
import { checkedAmount, checkedFlag, checkedList, checkedSection, invalid } from '../checks.ts';

/** The policy's section `cors`, checked. */
export interface CorsPolicy {
  /** The fields for any answer to this origin; `null` where it may not see answers. */
  answerFields(origin: string): { readonly [name: string]: string } | null;
  /** The fields for a preflight. */
  preflightFields(origin: string): { readonly [name: string]: string };
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Compiles `cors`; `null` where the gateway leaves CORS alone. */
export function compileCors(section: unknown): CorsPolicy | null {
  if (section === undefined || section === null) return null;
  const names = ['origins', 'methods', 'headers', 'exposeHeaders', 'credentials', 'maxAgeSeconds'];
  const given = checkedSection(section, 'cors', names);
  const origins = checkedList(given.origins, 'cors.origins');
  if (origins === null) return invalid('cors.origins', 'must list origins such as https://app.example.com, or * for any');
  if (!origins.every((one) => one === '*' || (URL.canParse(one) && new URL(one).origin === one))) {
    return invalid('cors.origins', 'must list origins such as https://app.example.com, without a path');
  }
  const any = origins.includes('*');
  const credentials = checkedFlag(given.credentials, 'cors.credentials', false);
  if (any && credentials) return invalid('cors.credentials', 'must not be true for any origin; list the origins');
  const list = (name: string, fallback: readonly string[]): string => {
    const texts = checkedList(given[name], `cors.${name}`) ?? fallback;
    return texts.every((text) => TOKEN.test(text)) ? texts.join(', ') : invalid(`cors.${name}`, 'must list names');
  };
  const methods = list('methods', ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
  const headers = list('headers', ['Approov-Token', 'Authorization', 'Content-Type', 'Signature', 'Signature-Input', 'Content-Digest']);
  const exposed = list('exposeHeaders', []);
  const maxAge = checkedAmount(given.maxAgeSeconds, 'cors.maxAgeSeconds', { min: 0, max: 86_400, fallback: 600, unit: 'seconds' });
  const basic = (origin: string): { [name: string]: string } => ({
    'access-control-allow-origin': any ? '*' : origin,
    ...(any ? {} : { vary: 'Origin' }),
    ...(credentials ? { 'access-control-allow-credentials': 'true' } : {}),
  });
  return {
    answerFields: (origin) => {
      if (!any && !origins.includes(origin)) return null;
      return { ...basic(origin), ...(exposed === '' ? {} : { 'access-control-expose-headers': exposed }) };
    },
    preflightFields: (origin) => {
      if (!any && !origins.includes(origin)) return { vary: 'Origin' };
      const allowed = { 'access-control-allow-methods': methods, 'access-control-allow-headers': headers };
      return { ...basic(origin), ...allowed, 'access-control-max-age': String(maxAge) };
    },
  };
}

/** Whether fields make an OPTIONS request a preflight. */
export function preflightOrigin(method: string, fields: readonly string[], hasBody: boolean): string | null {
  if (method !== 'OPTIONS' || hasBody) return null;
  return fieldOf(fields, 'access-control-request-method') === null ? null : fieldOf(fields, 'origin');
}

/** The one value of a field in a list of names and values; `null` if it is absent or repeated. */
export function fieldOf(fields: readonly string[], name: string): string | null {
  let found: string | null = null;
  for (let index = 0; index < fields.length; index += 2) {
    const field = fields[index] as string;
    if (field.length !== name.length || field.toLowerCase() !== name) continue;
    if (found !== null) return null;
    found = fields[index + 1] as string;
  }
  return found;
}
