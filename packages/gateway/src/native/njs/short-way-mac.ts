/** The MAC of a token in the short way through nginx: which keys are tried for a header, and how njs verifies. */
import { selectKeys, type VerificationKey } from 'approov-guard/engine';
import type { NjsKey } from './njs-policy.ts';

/** The variables of nginx that the short way fills begin so. */
export const SHORT = 'approov_short_';
/** Of HS256, in base64url. */
export const MAC_CHARACTERS = 43;

/** Sets `key` to that which made the MAC, or returns. All of a MAC is compared, wherever it differs. */
export function verifiedBy(keys: readonly NjsKey[], form: number): string {
  const headers = headersOf(keys);
  const words = Array.from({ length: 8 }, (_, at) => `(made[${at}] ^ given[${at}])`).join(' | ');
  const trying = (index: number): string => `  if (key < 0) {
${secretOf(keys[index] as NjsKey)}    made = new Int32Array(crypto.createHmac('sha256', secret).update(input).digest().buffer);
    if ((${words}) === 0 && made.length === 8 && given.length === 8) key = ${index};
  }
`;
  const groups = triedLists(keys).map((tried) => {
    const segments = headers.filter((one) => one.tried.join() === tried.join()).map(({ segment }) => segment);
    const steps = tried.map(trying).join('');
    return triedLists(keys).length === 1
      ? steps
      : `  if (${text(segments)}.indexOf(request.variables.${SHORT}head${form}) >= 0) {\n${steps}  }\n`;
  });
  return `  var written, secret, made, key = -1, given = new Int32Array(Buffer.from(request.variables.${SHORT}mac${form}, 'base64url').buffer);
${groups.join('')}  if (key < 0) return '';
`;
}

/** The lists of keys that headers lead to, each once. */
export function triedLists(keys: readonly NjsKey[]): readonly (readonly number[])[] {
  const lists = headersOf(keys).map(({ tried }) => tried);
  return lists.filter((list, at) => lists.findIndex((one) => one.join() === list.join()) === at);
}

/** The headers that issuers write for these keys, and which keys the library would try for each, in order. */
export function headersOf(keys: readonly NjsKey[]): readonly { readonly segment: string; readonly tried: readonly number[] }[] {
  const verify = (): boolean => false;
  const known: readonly VerificationKey[] = keys.map(({ id, kid, algorithm }) => ({ id, kid, algorithm, prepared: { verify } }));
  const kids = [...new Set(keys.flatMap(({ kid }) => kid ?? []))];
  const named = kids.flatMap((kid) => [
    { alg: 'HS256', kid, typ: 'JWT' },
    { alg: 'HS256', typ: 'JWT', kid },
    { typ: 'JWT', alg: 'HS256', kid },
  ]);
  const headers = [...named, { alg: 'HS256', typ: 'JWT' }, { typ: 'JWT', alg: 'HS256' }, { alg: 'HS256' }];
  return headers.flatMap((header) => {
    const segment = Buffer.from(JSON.stringify(header)).toString('base64url');
    const found = selectKeys(known, segment);
    return typeof found === 'string' ? [] : [{ segment, tried: found.map((key) => known.indexOf(key)) }];
  });
}

/** Nothing is verified by a secret that is absent or spelled wrong: the engine says so. Most are spelled in the usual way. */
function secretOf({ secret: { encoding, env, file } }: NjsKey): string {
  const written = env === undefined ? `fs.readFileSync(${text(file)}, 'utf8').trim().split('\\n').pop()` : `process.env[${text(env)}]`;
  return `    written = ${written};
    secret = Buffer.from(written, '${encoding}');
    if (written === '' || secret.toString('${encoding}') !== written) {
      written = written.trim().replace(/=+$/, '');
      secret = Buffer.from(written, '${encoding}');
      if (written === '' || secret.toString('${encoding}').replace(/=+$/, '') !== written) return '';
    }
`;
}

/** A value as it stands in a program. */
export function text(value: unknown): string {
  return JSON.stringify(value);
}
