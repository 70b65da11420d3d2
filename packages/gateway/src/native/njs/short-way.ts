/**
 * The short way through nginx, made of one policy: it accepts ordinary requests, and nothing that the whole engine would not accept. Of everything
 * else it says nothing, and the engine judges. It says no reason and refuses nobody.
 *
 * njs is an interpreter that starts anew for each request: each step costs, each loop, each function in the file, and each text that is read as UTF-8;
 * nginx's own patterns are nearly free. So a pattern takes the token apart, njs verifies the signature, the expiry and the binding, and another pattern
 * reads the claims, of which it takes only one spelling.
 */
import { EMULATOR_CLAIM } from 'approov-guard';
import { headerText } from '../../proxy/identity.ts';
import type { NjsPolicy } from './njs-policy.ts';
import { headersOf, MAC_CHARACTERS, SHORT, text, triedLists, verifiedBy } from './short-way-mac.ts';

type Judged = NjsPolicy['policies'][number]['policy'];

/** What differs between the policies or keys by which a request can be accepted; njs tells nginx those that do differ. */
const VARYING = ['pattern', 'mode', 'key', 'binding'] as const;
type Varying = { readonly [Name in (typeof VARYING)[number]]: readonly string[] };

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

/** Which header carries the token, and what stands before it. */
interface Form {
  readonly header: string;
  readonly scheme: string;
}

function formOf({ token: { header, prefix } }: Judged): Form {
  return { header, scheme: prefix === null ? '' : `${prefix.charAt(0).toUpperCase()}${prefix.slice(1)} ` };
}

function formsOf({ policies }: NjsPolicy): readonly Form[] {
  const forms = policies.map(({ policy }) => formOf(policy));
  return forms.filter((form, at) => forms.findIndex((one) => isSame(one, form)) === at);
}

function isSame(one: Form, other: Form): boolean {
  return one.header === other.header && one.scheme === other.scheme;
}

/** What stands in `http`: the variables of the short way. */
export function shortWayVariables(compiled: NjsPolicy): string {
  const byNjs = VARYING.filter((name) => isToldByNjs(name, varyingOf(compiled)));
  return `js_set $approov_claims approov.claims;\n${byNjs.map((name) => `js_var $${SHORT}${name};\n`).join('')}`;
}

/** What stands in `server`, before the whole judgement: sets `$approov_action` to `pass` and tells what is known, or sets it to nothing. */
export function shortWayConditions(compiled: NjsPolicy): string {
  const varying = varyingOf(compiled);
  const { pattern } = varying;
  const many = pattern.length > 1;
  const read = many ? '$approov_read' : '$approov_claims';
  const known = (name: 'mode' | 'key' | 'binding'): string => (isToldByNjs(name, varying) ? `$${SHORT}${name}` : (varying[name][0] ?? ''));
  const accepted = {
    code: 'accepted',
    verdict: 'accepted',
    mode: known('mode'),
    key: known('key'),
    binding: known('binding'),
    signature: 'unchecked',
    digest: 'unchecked',
  };
  const passes = (told: { readonly [name: string]: string }): string =>
    `{\n${Object.entries({ action: 'pass', ...told, id: ID })
      .map(([name, value]) => `    set $approov_${name} "${value}";\n`)
      .join('')}  }\n`;
  const conditions = pattern.map((one, index) => `  if (${read} ~ '^${one}${many ? ` ${index}` : ''}$') ${passes(accepted)}`);
  const exempt = compiled.rows.some(({ leadsTo }) => leadsTo === 'exempt');
  // The cast holds: there is a policy, or nothing was compiled.
  const { modes } = (compiled.policies[0] as NjsPolicy['policies'][number]).policy;
  return `  set $approov_action "";
${formsOf(compiled).map(taken(compiled)).join('')}${many ? `  set $approov_read "$approov_claims $${SHORT}pattern";\n` : ''}${conditions.join('')}${exempt ? `  if ($approov_claims = exempt) ${passes({ verdict: 'exempt', mode: modes.token })}` : ''}`;
}

/** Whoever is refused is told an id that nobody can guess; nobody is told that of another request, and making one costs more than its check. */
const ID = '$connection-$connection_requests-$msec';

/** base64url without padding and without bits that mean nothing: of any length, and of 32 bytes. */
const BASE64URL = '(?:[\\w-]{4})*+(?:[\\w-][AQgw]|[\\w-]{2}[AEIMQUYcgkosw048])?';
const MAC = `[\\w-]{${MAC_CHARACTERS - 1}}[AEIMQUYcgkosw048]`;

/** Takes a token apart: what is signed, the claims, and the MAC. */
function taken({ keys }: NjsPolicy): (form: Form, index: number) => string {
  const segments = headersOf(keys).map(({ segment }) => segment);
  const head = (index: number): string => (triedLists(keys).length === 1 ? '(?:' : `(?<${SHORT}head${index}>`);
  return ({ header, scheme }, index) => {
    // nginx drops headers with other names, and has no variables for them.
    if (!/^[a-z0-9-]+$/.test(header) || segments.length === 0) return '';
    const input = `(?<${SHORT}input${index}>${head(index)}${segments.join('|')})\\.(?<${SHORT}payload${index}>${BASE64URL}))`;
    return `  if ($http_${header.replace(/-/g, '_')} ~ '^${scheme}${input}\\.(?<${SHORT}mac${index}>${MAC})$') {\n  }\n`;
  };
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
    ['exp', `(?<approov_expires>[1-9]\\d{${EXPIRY_DIGITS - 1}})`],
    ['did', `"(?<approov_device>${WORD})"`],
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
    ...(all.includes('isPlain(') ? [IS_PLAIN] : []),
    ...(all.includes('only(') ? [ONLY] : []),
  ].join('\n');
}

/** As the library's route table, for paths without escapes; where a row covers one only loosely, or a host is strange, nothing is said. */
function routed(rows: NjsPolicy['rows']): string {
  const covered = rows.map(({ paths, methods, leadsTo }) => {
    const any = (conditions: readonly string[]): string => conditions.join(' || ') || 'false';
    const exactly = any((paths ?? []).map(({ raw, below }) => (below ? `path.startsWith(${text(raw)})` : `path === ${text(raw)}`)));
    const loosely = any((paths ?? []).map(({ loose, below }) => (below ? `below.startsWith(${text(loose)})` : `loose === ${text(loose)}`)));
    const found = leadsTo === 'exempt' ? "'exempt'" : `claims${leadsTo}(request)`;
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

function accepting(judged: Judged, compiled: NjsPolicy): string {
  const { token, binding } = judged;
  const { keys, at } = compiled;
  const { header, maxBytes, clockToleranceSeconds, maxLifetimeSeconds } = token;
  const form = formsOf(compiled).findIndex((one) => isSame(one, formOf(judged)));
  const varying = varyingOf(compiled);
  const told: { readonly [Name in keyof Varying]: string } = {
    pattern: `'${varying.pattern.indexOf(claimsPattern(token))}'`,
    mode: text(modeOf(judged)),
    key: `${text(varying.key)}[key]`,
    binding: binding === null ? text('unchecked') : 'bound',
  };
  const before = formOf(judged).scheme.length;
  return `  var input = request.rawVariables.${SHORT}input${form}, token = ${oneLine(header)};
  // nginx took the first line of that name: one that is longer is several.
  if (!input || typeof token !== 'string' || token.length !== input.length + ${before + MAC_CHARACTERS + 1} || token.length > ${before + maxBytes}) return '';
${verifiedBy(keys, form)}  var payload = request.variables.${SHORT}payload${form};
  // Where njs has texts of bytes, they are what costs least. What is not ASCII the pattern refuses.
  var claims = String.bytesFrom ? String.bytesFrom(payload, 'base64url') : Buffer.from(payload, 'base64url').toString();
  // The pattern takes the name once, and exactly so many digits. Issuers write it first.
  var found = claims.startsWith('{"exp":') ? 7 : claims.indexOf('"exp":') + 6;
  var exp = Number(claims.slice(found, found + ${EXPIRY_DIGITS})), now = ${at === null ? 'Date.now() / 1000' : String(at / 1000)};
  if (!(now < exp + ${clockToleranceSeconds})${maxLifetimeSeconds === null ? '' : ` || !(exp - now <= ${maxLifetimeSeconds})`}) return '';
${binding === null ? '' : boundBy(binding)}${VARYING.filter((name) => isToldByNjs(name, varying))
  .map((name) => `  request.variables.${SHORT}${name} = ${told[name]};\n`)
  .join('')}  return claims;`;
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
  ${missing === 'accept' ? `if (claims.indexOf('"pay":') >= 0) ` : ''}{
${parts.join('')}    if (claims.indexOf('"pay":"' + crypto.createHash('sha256').update(${hashed}).digest('base64') + '"') < 0) return '';
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
