/**
 * The short way through nginx, made of one policy: it accepts ordinary requests, and nothing that the whole engine would not accept. Of everything
 * else it says nothing, and the engine judges. It says no reason and refuses nobody.
 *
 * njs is an interpreter that starts anew for each request: each step costs, and each loop; native calls are cheap, and nginx's own patterns nearly
 * free. So njs verifies the signature, the expiry and the binding; a pattern of nginx reads the claims, and takes only one spelling of them.
 */
import { EMULATOR_CLAIM } from 'approov-guard';
import { selectKeys, type VerificationKey } from 'approov-guard/engine';
import { headerText, type Identity } from '../../proxy/identity.ts';
import type { NjsKey, NjsPolicy } from './njs-policy.ts';

type Judged = NjsPolicy['policies'][number]['policy'];

/** What differs between the policies or keys by which a request can be accepted; njs tells nginx those that do differ. */
const VARYING = ['pattern', 'mode', 'key', 'binding'] as const;
type Varying = { readonly [Name in (typeof VARYING)[number]]: readonly string[] };

/** The variables of nginx that the short way fills, and those of what it accepted. */
const SHORT = 'approov_short_';
const SAID = 'approov_said_';
const MAC_CHARACTERS = 43;
const EXPIRY_DIGITS = 10;

function varyingOf({ policies, keys }: NjsPolicy): Varying {
  const all = policies.map(({ policy }) => policy);
  const bound = all.flatMap(({ binding }) => (binding === null ? ['unchecked'] : ['verified', 'absent']));
  return {
    pattern: [...new Set(all.map(({ token }) => claimsPattern(token)))],
    mode: [...new Set(all.map(modeOf))],
    key: keys.map(({ id }) => headerText(id)),
    binding: [...new Set(bound)],
  };
}

function modeOf({ modes }: Judged): string {
  return Object.values(modes).includes('enforce') ? 'enforce' : 'observe';
}

/** Whether njs tells it: it differs, or cannot stand in a configuration, where `$` starts a variable. */
function isToldByNjs(name: keyof Varying, { [name]: values }: Varying): boolean {
  return values.length > 1 || (name !== 'pattern' && !/^[\w.[\]-]*$/.test(values[0] ?? ''));
}

/** What is told of an accepted request by variables of their own, and what they say where it is the same for all. */
const TOLD: { readonly [Name in keyof Identity | 'code']?: string } = {
  code: 'accepted',
  verdict: 'accepted',
  mode: `$${SHORT}mode`,
  device: `$${SHORT}did`,
  expires: `$${SHORT}exp`,
  key: `$${SHORT}key`,
  binding: `$${SHORT}binding`,
  signature: 'unchecked',
  digest: 'unchecked',
};

/** The variable that tells this of a request, whichever way it went. */
export function saidBy(name: keyof Identity | 'code'): string {
  return name === 'id' ? '$approov_named' : `$${TOLD[name] === undefined ? 'approov_' : SAID}${name}`;
}

/** What stands in `http`: the variables of the short way, and {@link saidBy} of both. */
export function shortWayVariables(compiled: NjsPolicy): string {
  const varying = varyingOf(compiled);
  const byNjs = VARYING.filter((name) => isToldByNjs(name, varying));
  const maps = Object.entries(TOLD).map(([name, usual]) => {
    // The cast holds: what is not among them is not found.
    const known = name as keyof Varying;
    const value = varying[known] === undefined || byNjs.includes(known) ? usual : varying[known][0];
    return `map $${SHORT}exp $${SAID}${name} {\n  default "${value}";\n  "" $approov_${name};\n}\n`;
  });
  return `js_set $approov_claims approov.claims;\n${byNjs.map((name) => `js_var $${SHORT}${name};\n`).join('')}${maps.join('')}`;
}

/** What stands in `server`, before the whole judgement: sets `$approov_action` to `pass`, or to nothing. */
export function shortWayConditions(compiled: NjsPolicy): string {
  const { pattern } = varyingOf(compiled);
  const many = pattern.length > 1;
  const read = many ? '$approov_read' : '$approov_claims';
  const conditions = pattern.map((one, index) => `  if (${read} ~ '^${one}${many ? ` ${index}` : ''}$') { set $approov_action pass; }\n`);
  const exempt = compiled.rows.some(({ leadsTo }) => leadsTo === 'exempt');
  return `  set $approov_action "";
${many ? `  set $approov_read "$approov_claims $${SHORT}pattern";\n` : ''}${conditions.join('')}${exempt ? '  if ($approov_claims = exempt) { set $approov_action pass; }\n' : ''}`;
}

/** A text of JSON without escapes, and one that can stand in a header. */
const TEXT = '[ !#-\\[\\]-~]*';
const WORD = '[!#-\\[\\]-~]*';
/** Claims with a name of their own that are texts: a claim that is not here may have any flat value, and there may be two. */
const TEXTS = ['ip', 'sub', 'arc', 'mskid', 'ipk', 'pay'];

/**
 * Claims sets as issuers write them: no white space, no escapes, no list, no object in the object, each name once (a name whose group is set fails), each
 * claim of the type that the library demands. `nbf` is not among them.
 */
function claimsPattern({ issuers, audiences, audienceRequired, refuseEmulated }: Judged['token']): string {
  const members: (readonly [name: string, value: string])[] = [
    ['exp', `(?<${SHORT}exp>[1-9]\\d{${EXPIRY_DIGITS - 1}})`],
    ['did', `"(?<${SHORT}did>${WORD})"`],
    ['iat', '(0|-?[1-9]\\d{0,10})'],
    ['iss', `"(${issuers === null ? TEXT : oneOf(issuers)})"`],
    ['aud', `"(${audiences === null ? TEXT : oneOf(audiences)})"`],
    ...TEXTS.map((name) => [name, `"(${TEXT})"`] as const),
  ];
  const once = members.map(([name, value], index) => `(?(${index + 1})(?!)|"${name}":${value})`);
  const taken = [...members.map(([name]) => name), 'nbf', ...(refuseEmulated ? [EMULATOR_CLAIM] : [])].join('|');
  const other = members.length + 1;
  const flat = `([A-Za-z][\\w-]{0,31})":(?:"${TEXT}"|0|-?[1-9]\\d{0,10}|true|false|null)`;
  const others = [
    `(?(${other})(?!)|"(?!(?:${taken})")${flat})`,
    `(?(${other})(?(${other + 1})(?!)|"(?!(?:${taken}|\\${other})")${flat})|(?!))`,
  ];
  const required = [1, ...(issuers === null ? [] : [4]), ...(audienceRequired ? [5] : [])].map((group) => `(?(${group})|(?!))`);
  return `\\{(?:(?:${[...once, ...others].join('|')})(?:,(?=")|(?=\\})))+${required.join('')}\\}`;
}

/** Those of the values that need little quoting; tokens with others are judged by the engine. */
function oneOf(values: readonly string[]): string {
  const plain = values.filter((value) => /^[\w.:/-]+$/.test(value)).map((value) => value.replace(/\./g, '\\.'));
  return plain.length === 0 ? '(?!)' : plain.join('|');
}

/** The functions of the short way. `claims(request)` answers the bytes of the claims set of a token that holds, as far as njs looks; or nothing. */
export function shortWayText(compiled: NjsPolicy): string {
  const { policies, rows } = compiled;
  const functions = policies.map(({ policy }) => accepting(policy, compiled));
  const all = functions.join('');
  return [
    `function claims(request) {
  try {
${rows.length === 0 ? functions[0] : routed(rows)}
  } catch (error) {
    // What is wrong the whole judgement says.
    return '';
  }
}`,
    ...(rows.length === 0 ? [] : functions.map((body, index) => `function claims${index}(request) {\n${body}\n}`)),
    ...(rows.length === 0 ? [] : [exempting(policies[0]?.policy.modes.token ?? '')]),
    SIGNED,
    ...(all.includes('isPlain(') ? [IS_PLAIN] : []),
    ...(all.includes('only(') ? [ONLY] : []),
    SECRET_OF,
  ].join('\n');
}

/** As the library's route table, for paths without escapes; where a row covers one only loosely, or a host is strange, nothing is said. */
function routed(rows: NjsPolicy['rows']): string {
  const covered = rows.map(({ paths, methods, leadsTo }) => {
    const any = (conditions: readonly string[]): string => conditions.join(' || ') || 'false';
    const exactly = any((paths ?? []).map(({ raw, below }) => (below ? `path.startsWith(${text(raw)})` : `path === ${text(raw)}`)));
    const loosely = any((paths ?? []).map(({ loose, below }) => (below ? `below.startsWith(${text(loose)})` : `loose === ${text(loose)}`)));
    const found = leadsTo === 'exempt' ? 'exempt(request)' : `claims${leadsTo}(request)`;
    const steps =
      paths === null ? `return ${found};` : `{\n      if (${exactly}) return ${found};\n      if (${loosely}) return '';\n    }`;
    return methods === null ? `    ${steps}` : `    if (${text(methods)}.indexOf(method) >= 0) ${steps}`;
  });
  return `    var path = request.variables.request_uri.split('?')[0], method = request.method.toUpperCase();
    if (!/^(?=\\/)(?:\\/(?!\\.\\.?(?:\\/|$))[A-Za-z0-9._~-]+)*\\/?$/.test(path) || /[/\\\\?#]/.test(request.variables.http_host || '')) return '';
    var loose = path.toLowerCase().replace(/\\/$/, ''), below = loose + '/';
${covered.join('\n')}
    return claims0(request);`;
}

function exempting(mode: string): string {
  return `function exempt(request) {
  request.variables.approov_verdict = 'exempt';
  request.variables.approov_mode = ${text(mode)};
  return 'exempt';
}`;
}

function accepting(judged: Judged, compiled: NjsPolicy): string {
  const { token, binding } = judged;
  const { keys, at } = compiled;
  const { header, prefix, maxBytes, clockToleranceSeconds, maxLifetimeSeconds } = token;
  const scheme = prefix === null ? '' : `${prefix.charAt(0).toUpperCase()}${prefix.slice(1)} `;
  const varying = varyingOf(compiled);
  const told: { readonly [Name in keyof Varying]: string } = {
    pattern: `'${varying.pattern.indexOf(claimsPattern(token))}'`,
    mode: text(modeOf(judged)),
    key: `${text(varying.key)}[key]`,
    binding: binding === null ? text('unchecked') : 'bound',
  };
  return `  var token = ${oneLine(header)};
  if (typeof token !== 'string' || token.length > ${maxBytes}) return '';
${scheme === '' ? '' : `  if (!token.startsWith(${text(scheme)})) return '';\n  token = token.slice(${scheme.length});\n`}  var start = 0, key = -1, input = token.slice(0, -${MAC_CHARACTERS + 1}), mac = token.slice(-${MAC_CHARACTERS});
  if (token.charAt(input.length) !== '.') return '';
  ${headersOf(keys)
    .map(({ segment, tried }) => {
      // The cast holds: these are places of the list.
      const signed = tried.map((index) => `signed(${secretOf(keys[index] as NjsKey)}, input, mac) ? ${index}`);
      return `if (token.startsWith(${text(`${segment}.`)})) {\n    start = ${segment.length + 1};\n    key = ${[...signed, '-1'].join(' : ')};\n  }`;
    })
    .join(' else ')}
  if (key < 0) return '';
  var payload = input.slice(start), bytes = Buffer.from(payload, 'base64url');
  if (bytes.toString('base64url') !== payload) return '';
  // The pattern takes the name once, and exactly so many digits. Issuers write it first.
  var head = bytes.toString('utf8', 0, ${EXPIRY_DIGITS + 7}), found = head.startsWith('{"exp":') ? 7 : bytes.indexOf('"exp":') + 6;
  var exp = Number(found === 7 ? head.slice(7) : bytes.toString('utf8', found, found + ${EXPIRY_DIGITS})), now = ${at === null ? 'Date.now() / 1000' : String(at / 1000)};
  if (!(now < exp + ${clockToleranceSeconds})${maxLifetimeSeconds === null ? '' : ` || !(exp - now <= ${maxLifetimeSeconds})`}) return '';
${binding === null ? '' : boundBy(binding)}${VARYING.filter((name) => isToldByNjs(name, varying))
  .map((name) => `  request.variables.${SHORT}${name} = ${told[name]};\n`)
  .join('')}  return bytes;`;
}

/** Claim and value are the client's own: how long comparing them takes tells nobody anything. The pattern takes the claim once, and as a text. */
function boundBy({ headers, missing, value }: NonNullable<Judged['binding']>): string {
  const parts = headers.map((name, index) => {
    const isCut = value === 'without-bearer' && /(?:^|-)authorization$/.test(name);
    return `    var value${index} = ${oneLine(name)};
    if (typeof value${index} !== 'string' || !isPlain(value${index})) return '';
${isCut ? `    if (!value${index}.startsWith('Bearer ') || value${index}.charAt(7) === ' ') return '';\n    value${index} = value${index}.slice(7);\n` : ''}`;
  });
  const hashed = headers.map((_, index) => `value${index}`).join(' + ');
  return `  var bound = 'absent';
  ${missing === 'accept' ? `if (bytes.indexOf('"pay":') >= 0) ` : ''}{
${parts.join('')}    if (bytes.indexOf('"pay":"' + crypto.createHash('sha256').update(${hashed}).digest('base64') + '"') < 0) return '';
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

/** The headers that issuers write for these keys, and which keys the library would try for each, in order. */
function headersOf(keys: readonly NjsKey[]): readonly { readonly segment: string; readonly tried: readonly number[] }[] {
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

/**
 * Texts are compared by their hashes: how long that takes tells, at most, how the hash of the right MAC begins, and nobody finds a MAC by its hash. It is
 * the text that is compared, which refuses other spellings of the same bytes.
 */
const SIGNED = `function signed(secret, input, mac) {
  return hashed(crypto.createHmac('sha256', secret).update(input).digest('base64url')) === hashed(mac);
}
function hashed(text) {
  return crypto.createHash('sha256').update(text).digest('hex');
}`;

const ONLY = `function only(lines, name) {
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

/** A pattern, since to njs a text whose bytes are not UTF-8 is as long as its bytes. */
const IS_PLAIN = `// ASCII, with neither white space around it nor a comma in it.
function isPlain(value) {
  return /^[!-+\\--~](?:[ -+\\--~]*[!-+\\--~])?$/.test(value);
}`;

function secretOf({ secret: { encoding, env, file } }: NjsKey): string {
  const written = env === undefined ? `fs.readFileSync(${text(file)}, 'utf8').trim().split('\\n').pop()` : `process.env[${text(env)}]`;
  return `secretOf(${written}, '${encoding}')`;
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
