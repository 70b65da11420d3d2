/**
 * The short way through nginx: a text for njs, made of one policy, that accepts ordinary requests and nothing else. It accepts only what the whole
 * engine accepts; of everything else it says nothing, and the engine judges. It says no reason and refuses nobody.
 *
 * njs is an interpreter that starts anew for each request: what costs is each step and each loop, not each native call. So a check of the library
 * that reads a text character by character is here a stricter one by native calls.
 */
import { EMULATOR_CLAIM } from 'approov-guard';
import { selectKeys, type VerificationKey } from 'approov-guard/engine';
import { headerText, type Identity } from '../../proxy/identity.ts';
import type { NjsKey, NjsPolicy } from './njs-policy.ts';

type Judged = NjsPolicy['policies'][number]['policy'];

/** As the engine's variables are called. */
const PREFIX = 'approov_';
const MAC_CHARACTERS = 43;
/** Above every date, and far below infinity, which is not one. */
const LATEST = 1e11;

/** The functions of the short way. `shortWay(request)` answers `pass`, having told nginx whom it passes, or the empty text. */
export function shortWayText({ policies, rows, keys, at }: NjsPolicy): string {
  const now = at === null ? 'Date.now() / 1000' : String(at / 1000);
  return [
    `function shortWay(request) {\n${rows.length === 0 ? '  return shortly0(request);' : routed(rows)}\n}`,
    ...policies.map(({ policy }, index) => `function shortly${index}(request) {\n${accepting(policy, keys, now)}\n}`),
    ...(rows.length === 0 ? [] : [exempting(policies[0]?.policy.modes.token ?? '')]),
    SIGNED,
    ...keys.map((key, index) => `function secret${index}() {\n  return secretOf(${whereIs(key.secret)}, '${key.secret.encoding}');\n}`),
    SECRET_OF,
  ].join('\n');
}

/** As the library's route table, for paths without escapes; where a row covers one only loosely, or a host is strange, nothing is said. */
function routed(rows: NjsPolicy['rows']): string {
  const covered = rows.map(({ paths, methods, leadsTo }) => {
    const any = (conditions: readonly string[]): string => conditions.join(' || ') || 'false';
    const exactly = any((paths ?? []).map(({ raw, below }) => (below ? `path.startsWith(${text(raw)})` : `path === ${text(raw)}`)));
    const loosely = any((paths ?? []).map(({ loose, below }) => (below ? `below.startsWith(${text(loose)})` : `loose === ${text(loose)}`)));
    const found = leadsTo === 'exempt' ? 'exempt(request)' : `shortly${leadsTo}(request)`;
    const steps = paths === null ? `return ${found};` : `{\n    if (${exactly}) return ${found};\n    if (${loosely}) return '';\n  }`;
    return methods === null ? `  ${steps}` : `  if (${text(methods)}.indexOf(method) >= 0) ${steps}`;
  });
  return `  var path = request.variables.request_uri.split('?')[0], method = request.method.toUpperCase();
  if (!/^(?=\\/)(?:\\/(?!\\.\\.?(?:\\/|$))[A-Za-z0-9._~-]+)*\\/?$/.test(path) || /[/\\\\?#]/.test(request.variables.http_host || '')) return '';
  var loose = path.toLowerCase().replace(/\\/$/, ''), below = loose + '/';
${covered.join('\n')}
  return shortly0(request);`;
}

function exempting(mode: string): string {
  return `function exempt(request) {
  request.variables.${PREFIX}verdict = 'exempt';
  request.variables.${PREFIX}mode = ${text(mode)};
  return 'pass';
}`;
}

function accepting({ token, binding, modes }: Judged, keys: readonly NjsKey[], now: string): string {
  const { header, prefix, maxBytes, clockToleranceSeconds, maxLifetimeSeconds } = token;
  const scheme = prefix === null ? '' : `${prefix.charAt(0).toUpperCase()}${prefix.slice(1)} `;
  const said: { readonly [Name in keyof Identity | 'code']?: string } = {
    code: text('accepted'),
    verdict: text('accepted'),
    mode: text(Object.values(modes).includes('enforce') ? 'enforce' : 'observe'),
    expires: 'String(exp)',
    binding: binding === null ? text('unchecked') : 'bound',
    signature: text('unchecked'),
    digest: text('unchecked'),
    key: keys.length === 1 ? text(headerText(keys[0]?.id)) : `${text(keys.map(({ id }) => headerText(id)))}[key]`,
  };
  return `  var token = ${oneLine(header)};
  if (typeof token !== 'string' || token.length > ${maxBytes}) return '';
${scheme === '' ? '' : `  if (!token.startsWith(${text(scheme)})) return '';\n  token = token.slice(${scheme.length});\n`}  var start = 0, key = -1, input = token.slice(0, -${MAC_CHARACTERS + 1}), mac = token.slice(-${MAC_CHARACTERS});
  // The bytes of the MAC, if this is their one spelling.
  var given = Buffer.from(mac, 'base64url');
  if (given.toString('base64url') !== mac) return '';
  given = new Uint32Array(given.buffer);
  if (given.length !== 8) return '';
  ${headersOf(keys)
    .map(({ segment, tried }) => {
      const signed = tried.map((index) => `signed(secret${index}(), input, given) ? ${index}`);
      return `if (token.startsWith(${text(`${segment}.`)})) {\n    start = ${segment.length + 1};\n    key = ${[...signed, '-1'].join(' : ')};\n  }`;
    })
    .join(' else ')}
  if (key < 0 || token.charAt(token.length - ${MAC_CHARACTERS + 1}) !== '.') return '';
  // The payload in its one spelling, of ASCII characters only.
  var payload = input.slice(start), bytes = Buffer.from(payload, 'base64url');
  if (bytes.toString('base64url') !== payload) return '';
  var json = bytes.toString();
  if (json.length !== bytes.length || json.indexOf('\\ufffd') >= 0 || json.indexOf('[') >= 0) return '';
  // Each member has a colon, in whatever object it is: with no more colons than members at the top nothing is named twice, and nothing nests.
  var claims = JSON.parse(json), colons = json.split(':').length - 1, members = Object.keys(claims).length;
  if (colons !== members && (json.split('":').length - 1 !== members || /"\\s/.test(json))) return '';
  var now = ${now}, exp = claims.exp, iat = claims.iat, did = claims.did;
  if (typeof exp !== 'number' || !(now < exp + ${clockToleranceSeconds}) || !(exp < ${LATEST})${maxLifetimeSeconds === null ? '' : ` || !(exp - now <= ${maxLifetimeSeconds})`}) return '';
  if (claims.nbf !== undefined || (iat !== undefined && (typeof iat !== 'number' || !(iat < ${LATEST}) || !(iat > -${LATEST})))) return '';
  if (did !== undefined && (typeof did !== 'string' || !/^[!-~]*$/.test(did))) return '';
  if (${['ip', 'iss', 'sub', 'arc', 'mskid', 'aud'].map((claim) => `(claims.${claim} !== undefined && typeof claims.${claim} !== 'string')`).join(' || ')}) return '';
${claimsOf(token)}${binding === null ? '' : boundBy(binding)}  var told = request.variables;
  if (did) told.${PREFIX}device = did;
${Object.entries(said)
  .map(([name, value]) => `  told.${PREFIX}${name} = ${value};`)
  .join('\n')}
  return 'pass';`;
}

/** Issuer, audience, and the mark of a stand-in for the issuing cloud. */
function claimsOf({ issuers, audiences, audienceRequired, refuseEmulated }: Judged['token']): string {
  const oneOf = (values: readonly string[]): string => `${text(values)}.indexOf`;
  const conditions = [
    ...(refuseEmulated ? [`claims[${text(EMULATOR_CLAIM)}] !== undefined`] : []),
    ...(issuers === null ? [] : [`${oneOf(issuers)}(claims.iss) < 0`]),
    ...(audiences === null ? [] : [`${audienceRequired ? '' : 'claims.aud !== undefined && '}${oneOf(audiences)}(claims.aud) < 0`]),
  ];
  return conditions.map((condition) => `  if (${condition}) return '';\n`).join('');
}

/** Claim and value are the client's own: how long comparing them takes tells nobody anything. */
function boundBy({ headers, missing, value }: NonNullable<Judged['binding']>): string {
  const parts = headers.map((name, index) => {
    const isCut = value === 'without-bearer' && /(?:^|-)authorization$/.test(name);
    return `    var value${index} = ${oneLine(name)};
    if (typeof value${index} !== 'string' || !isPlain(value${index})) return '';
${isCut ? `    if (!value${index}.startsWith('Bearer ') || value${index}.charAt(7) === ' ') return '';\n    value${index} = value${index}.slice(7);\n` : ''}`;
  });
  const hashed = headers.map((_, index) => `value${index}`).join(' + ');
  return `  var bound = 'absent', pay = claims.pay;
  ${missing === 'accept' ? 'if (pay !== undefined) ' : ''}{
${parts.join('')}    if (pay !== crypto.createHash('sha256').update(${hashed}).digest('base64')) return '';
    bound = 'verified';
  }
`;
}

/**
 * The value of the one line of a header. njs joins repeated lines of most headers by a comma, which nothing that is accepted here holds, and shows the
 * first line of some: for those all lines are counted.
 */
function oneLine(name: string): string {
  return /^(?:approov|x)-/.test(name) ? `request.headersIn[${text(name)}]` : `only(request.rawHeadersIn, ${text(name)})`;
}

interface KnownHeader {
  readonly segment: string;
  /** Which keys may have signed, in the order in which they are tried. */
  readonly tried: readonly number[];
}

/** The headers that issuers write for these keys, and which keys the library would try for each. */
function headersOf(keys: readonly NjsKey[]): readonly KnownHeader[] {
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

/** Both are compared word by word, and all of them: how long that takes does not tell where they differ. */
const SIGNED = `function signed(secret, input, given) {
  var made = new Uint32Array(crypto.createHmac('sha256', secret).update(input).digest().buffer);
  return made.length === 8 && ((given[0] ^ made[0]) | (given[1] ^ made[1]) | (given[2] ^ made[2]) | (given[3] ^ made[3])
    | (given[4] ^ made[4]) | (given[5] ^ made[5]) | (given[6] ^ made[6]) | (given[7] ^ made[7])) === 0;
}
// ASCII, with neither white space around it nor a comma in it. A pattern: to njs, a text whose bytes are not UTF-8 is as long as its bytes.
function isPlain(value) {
  return /^[!-+\\--~](?:[ -+\\--~]*[!-+\\--~])?$/.test(value);
}
function only(lines, name) {
  var found;
  for (var at = 0; at < lines.length; at++) {
    var line = lines[at];
    if (line[0].length === name.length && line[0].toLowerCase() === name) {
      if (found !== undefined) return;
      found = line[1];
    }
  }
  return found;
}`;

function whereIs({ env, file }: NjsKey['secret']): string {
  return env === undefined ? `fs.readFileSync(${text(file)}, 'utf8').trim().split('\\n').pop()` : `process.env[${text(env)}]`;
}

/** Nothing is verified by a secret that is absent or spelled wrong: the engine says so. */
const SECRET_OF = `function secretOf(text, encoding) {
  var bytes = Buffer.from(text, encoding);
  if (text === '' || bytes.toString(encoding) !== text) {
    text = text.trim().replace(/=+$/, '');
    bytes = Buffer.from(text, encoding);
    if (text === '' || bytes.toString(encoding).replace(/=+$/, '') !== text) throw new Error('secret');
  }
  return bytes;
}`;

function text(value: unknown): string {
  return JSON.stringify(value);
}
