/** PowerShell, as browsers ("Copy as PowerShell"), Postman and people write a request in it: `Invoke-WebRequest` and `Invoke-RestMethod`. */
import type { HeaderLine } from 'approov-guard/views';
import { UsageError } from '../terminal/usage-error.ts';
import { asBytes, type Captured, urlParts } from './captured.ts';
import { PowerShellText, put, type Table, type Value } from './powershell-values.ts';

const COMMAND = String.raw`(?:Invoke-(?:WebRequest|RestMethod)|iwr|irm|curl|wget)(?![\w.-])`;
/** What begins a text of PowerShell, and what only its parameters look like, since `curl` is a name of its command, too. */
const FORMS: readonly RegExp[] = [
  /^(?:\$\w+(?:\.\w+)*\s*[=.([]|\[[\w.]+\]\$|Invoke-(?:WebRequest|RestMethod)\b|i(?:wr|rm)\s|New-Object\s)/i,
  /^(?:curl|wget)\s[\s\S]*(?:\s-(?:Uri|Headers|Method|Body|WebSession|ContentType|UseBasicParsing)\b|@\{)/,
];

/** Parameters that shape the request, and those that do not: with a value and without. */
const SHAPING = ['uri', 'method', 'custommethod', 'headers', 'body', 'contenttype', 'useragent', 'websession'] as const;
const VALUED = [
  ...['outfile', 'timeoutsec', 'maximumredirection', 'sessionvariable', 'proxy', 'sslprotocol', 'maximumretrycount', 'retryintervalsec'],
  ...['connectiontimeoutseconds', 'operationtimeoutseconds', 'erroraction', 'errorvariable', 'outvariable', 'outbuffer', 'httpversion'],
  ...['responseheadersvariable', 'statuscodevariable', 'certificatethumbprint', 'warningaction', 'informationaction'],
];
const SWITCHES = [
  ...['usebasicparsing', 'skipcertificatecheck', 'skipheadervalidation', 'skiphttperrorcheck', 'passthru', 'disablekeepalive', 'noproxy'],
  ...['verbose', 'debug', 'allowunencryptedauthentication', 'preserveauthorizationonredirect', 'followrellink', 'allowinsecureredirect'],
];

type Shaping = (typeof SHAPING)[number];

/** Whether a text is PowerShell. */
export function isPowerShell(text: string): boolean {
  return FORMS.some((form) => form.test(text));
}

/** Reads the one request of a PowerShell text. */
export function powerShellRequest(text: string): Captured {
  const script = new PowerShellText(text);
  for (script.skip(true); !script.ended; script.skip(true)) {
    if (script.take(new RegExp(String.raw`(?:\$\w+\s*=\s*)?${COMMAND}`, 'iy')) === null) assign(script);
    else {
      const parameters = parametersOf(script);
      if (new RegExp(`(?:^|[\\s;|(=])${COMMAND}`, 'i').test(script.rest))
        throw new UsageError('PowerShell: the text holds several requests; keep one');
      return requestOf(parameters);
    }
  }
  throw new UsageError('PowerShell: the text holds no request: neither Invoke-WebRequest nor Invoke-RestMethod');
}

/** `$name = …`, `$name.Member = …`, `$name["Member"] = …` and `$name.Add(…)`. */
function assign(script: PowerShellText): void {
  const [, name] = script.take(/\$(\w+)/y) ?? [];
  if (name === undefined) script.refuse();
  const path = membersOf(script);
  const last = path.pop();
  if (last === undefined) {
    if (script.take(/\s*=\s*/y) === null) script.refuse();
    script.variables.set(name.toLowerCase(), script.expression());
  } else {
    const table = path.reduce<Value | undefined>((value, member) => memberOf(value, member), script.variables.get(name.toLowerCase()));
    if (!(table instanceof Map)) script.refuse();
    setMember(script, table, last);
  }
  if (!script.endsStatement || script.rest.startsWith('|')) script.refuse();
}

function membersOf(script: PowerShellText): string[] {
  const path: string[] = [];
  for (;;) {
    const [, plain, , quoted] = script.take(/\.(\w+)|\[(["'])([^"'`$]+)\2\]/y) ?? [];
    const member = plain ?? quoted;
    if (member === undefined) return path;
    path.push(member);
  }
}

/** A web session has headers and cookies without anybody having made them. */
function memberOf(value: Value | undefined, member: string): Value | undefined {
  if (!(value instanceof Map)) return undefined;
  if (!value.has(member.toLowerCase())) put(value, member, new Map());
  return value.get(member.toLowerCase())?.value;
}

function setMember(script: PowerShellText, table: Table, member: string): void {
  if (script.take(/\s*=\s*/y) !== null) {
    table.delete(member.toLowerCase());
    put(table, member, script.expression());
    return;
  }
  if (member.toLowerCase() !== 'add') script.refuse();
  const given = script.parameters();
  const [name, value] = given;
  const cookie = given.at(-1);
  if (Array.isArray(cookie)) put(table, String(table.size), cookie);
  else if (typeof name === 'string' && typeof value === 'string') put(table, name, value);
  else script.refuse();
}

function parametersOf(script: PowerShellText): ReadonlyMap<Shaping, Value> {
  const found = new Map<Shaping, Value>();
  const set = (name: Shaping, value: Value): void => {
    if (found.has(name)) throw new UsageError(`PowerShell: -${name} is there twice`);
    found.set(name, value);
  };
  while (!script.endsStatement) {
    const [, written] = script.take(/-([A-Za-z]+):?/y) ?? [];
    const [, splat] = written === undefined ? (script.take(/@(\w+)/y) ?? []) : [];
    if (splat !== undefined) {
      const table = script.variables.get(splat.toLowerCase());
      if (!(table instanceof Map)) script.refuse();
      for (const [, member] of table) setNamed(member.name, () => member.value, set);
    } else if (written === undefined) set('uri', wordOf(script));
    else setNamed(written, () => wordOf(script), set);
  }
  return found;
}

/** A parameter by its name, or by the beginning of it if no other begins so. */
function setNamed(written: string, value: () => Value, set: (name: Shaping, value: Value) => void): void {
  const word = written.toLowerCase();
  const all = [...SHAPING, ...VALUED, ...SWITCHES];
  const known = all.filter((name) => name === word || name.startsWith(word));
  const name = known.find((one) => one === word) ?? (known.length === 1 ? known[0] : undefined);
  if (name === undefined)
    throw new UsageError(`PowerShell: -${written} is not read here, since it might make another request; choose "Copy as cURL"`);
  const shaping = SHAPING.find((one) => one === name);
  if (shaping !== undefined) set(shaping, value());
  else if (VALUED.includes(name)) value();
}

/** The value of a parameter: an expression, or a word without quotation marks. */
function wordOf(script: PowerShellText): Value {
  script.skip(false);
  const [word] = script.take(/[A-Za-z0-9_/*.][^\s'"`$@(){}[\];|&,<>]*(?=[\s;|]|$)/y) ?? [];
  return word ?? script.expression();
}

function requestOf(given: ReadonlyMap<Shaping, Value>): Captured {
  const text = (name: Shaping): string | null => {
    const value = given.get(name) ?? null;
    if (value === null || typeof value === 'string') return value;
    throw new UsageError(`PowerShell: -${name} is not a text`);
  };
  const url = text('uri');
  if (url === null) throw new UsageError('PowerShell: the request has no -Uri');
  const session = given.get('websession');
  const fromSession = session instanceof Map ? session : new Map<string, never>();
  const headers = withoutPseudo(linesOf(fromSession.get('headers')?.value), linesOf(given.get('headers')));
  const add = (name: string, value: string | null): void => {
    if (value !== null && !headers.some(([known]) => known.toLowerCase() === name.toLowerCase())) headers.push([name, asBytes(value)]);
  };
  const agent: unknown = text('useragent') ?? fromSession.get('useragent')?.value;
  add('User-Agent', typeof agent === 'string' ? agent : null);
  add('Cookie', cookiesOf(fromSession.get('cookies')?.value));
  const method = (text('custommethod') ?? text('method'))?.toUpperCase() ?? null;
  const type = text('contenttype');
  const body = bodyOf(given.get('body') ?? null, `${type}${headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]}`);
  if (body !== null && method === null) throw new UsageError('PowerShell: the request has a body and no -Method; say which it was');
  add('Content-Type', type ?? (body !== null && method === 'POST' ? 'application/x-www-form-urlencoded' : null));
  add('Content-Length', body === null ? null : String(body.length));
  return { method: method ?? 'GET', ...urlParts(url), headers, body };
}

/** Browsers copy the pseudo-headers of HTTP/2 (RFC 9113 §8.3.1) as headers, without their colon. */
function withoutPseudo(...lists: readonly (readonly HeaderLine[])[]): HeaderLine[] {
  const headers = lists.flat();
  const pseudo = ['authority', 'method', 'path', 'scheme'];
  const isCopied = pseudo.every((name) => headers.some(([known]) => known === name));
  return headers.filter(([name]) => !(isCopied && pseudo.includes(name)));
}

function linesOf(table: Value | undefined): HeaderLine[] {
  if (table === undefined || table === null) return [];
  if (!(table instanceof Map)) throw new UsageError('PowerShell: the headers are not a table');
  return Array.from(table.values(), ({ name, value }) => {
    if (typeof value !== 'string') throw new UsageError('PowerShell: a header is not a text');
    return [name, asBytes(value)];
  });
}

function cookiesOf(cookies: Value | undefined): string | null {
  if (!(cookies instanceof Map)) return null;
  return Array.from(cookies.values(), ({ value }) => (Array.isArray(value) ? value.join('') : '')).join('; ');
}

function bodyOf(body: Value, type: string): Uint8Array | null {
  if (body === null || body instanceof Uint8Array) return body;
  if (typeof body !== 'string') throw new UsageError('PowerShell makes the body of this itself; give its text');
  // Windows PowerShell sends Latin-1, PowerShell 7.4 UTF-8.
  if (/[^\0-\x7f]/.test(body) && !/charset=["']?utf-8/i.test(type))
    throw new UsageError(
      'PowerShell: versions send the letters of this body as different bytes; write ([System.Text.Encoding]::UTF8.GetBytes("…"))',
    );
  return Buffer.from(body, 'utf8');
}
