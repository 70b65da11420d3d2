/** Header fields on their way to the upstream: what concerns one hop is dropped, and what only this hop may say. */
import type { GuardOptions } from 'approov-guard';

/** RFC 9110 §7.6.1: what concerns one hop, whether or not `Connection` names it. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);
/** What this hop writes itself. */
const REWRITTEN: ReadonlySet<string> = new Set(['host', 'content-length', 'expect', 'via', 'trailer']);
/** What says who the client is and how it came: believed from trusted proxies only, as is all that begins with `X-Forwarded-`. */
const FORWARDING: ReadonlySet<string> = new Set([
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'x-scheme',
  'x-url-scheme',
  'front-end-https',
]);
const FORWARDED = 'x-forwarded-';

/**
 * What tells a server that it was asked for another path than the one that was judged: gunicorn takes `SCRIPT_NAME` off its path, IIS and
 * frameworks for it go by `X-Original-URL` and `X-Rewrite-URL`, snippets for WSGI by `X-Script-Name`. Nobody may say this; a trusted proxy
 * says `X-Forwarded-Prefix`.
 */
export const OTHER_PATH: readonly string[] = [
  'script-name',
  'path-info',
  'x-script-name',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'x-envoy-original-path',
];

/**
 * A name as the servers behind may read it: CGI and WSGI join names that differ in case and in `_` or `-`, and some in any other character
 * that is not a letter or a digit.
 */
export function foldedName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

const PLAIN_NAME = /^[a-z0-9-]+$/;

/** What becomes of a field: it is passed on, dropped, dropped unless the peer is a trusted proxy, or read because it frames the message. */
export type FieldFate = 'pass' | 'drop' | 'forwarding' | 'read';

/** What is read of a request, beside its body. */
const READ: ReadonlySet<string> = new Set([
  ...['host', 'content-length', 'transfer-encoding', 'connection', 'upgrade', 'expect', 'te', 'trailer'],
]);

/** More names than any clients send; whoever sends more only makes them be looked up again. */
const MOST_NAMES = 512;
const LONGEST_NAME = 64;

/** What is known of names, found once for each spelling. */
export class NameTable<Known> {
  readonly #find: (name: string) => Known;
  readonly #known: Map<string, Known> = new Map();

  /** @param find - what is known of a name in lower case */
  constructor(find: (name: string) => Known) {
    this.#find = find;
  }

  of(written: string): Known {
    const known = this.#known.get(written);
    if (known !== undefined) return known;
    const found = this.#find(written.toLowerCase());
    if (this.#known.size >= MOST_NAMES) this.#known.clear();
    if (written.length <= LONGEST_NAME) this.#known.set(written, found);
    return found;
  }
}

/**
 * RFC 9110 §6.5.1: what frames, routes, authenticates or changes a message, or says how its content is to be read, must not come after it. The
 * clause names kinds; these are their fields.
 */
const NEVER_TRAILING: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...REWRITTEN,
  ...['authorization', 'cookie', 'set-cookie', 'www-authenticate', 'authentication-info'],
  ...['cache-control', 'max-forwards', 'pragma', 'range', 'prefer', 'priority', 'origin', 'referer', 'forwarded', 'x-http-method'],
  ...['age', 'date', 'expires', 'location', 'retry-after', 'vary', 'warning', 'allow', 'etag', 'last-modified', 'link', 'refresh'],
]);
const NEVER_TRAILING_KINDS = /^(?:content-|if-|proxy-|accept|access-control-|sec-|x-forwarded-|x-http-method-|x-method-)/;

/** Whether a field may come after the content, as far as its definition goes. @param name - lower case */
export function mayTrail(name: string): boolean {
  return !NEVER_TRAILING.has(name) && !NEVER_TRAILING_KINDS.test(name);
}

/** A field's name in lower case, and its fate. */
export interface FieldRow {
  readonly name: string;
  readonly fate: FieldFate;
  /** Whether the field goes on where it comes after the content: nobody behind may take it for what was judged, or for ours. */
  readonly trails: boolean;
}

/** Knows the fate of each field, for one policy. */
export class FieldRules {
  /** The identity headers begin so, lower case. */
  readonly prefix: string;
  readonly #dropped: ReadonlySet<string>;
  /** Names that something behind relies on: a name that is only read like one of them never gets there. */
  readonly #guarded: ReadonlySet<string>;
  readonly #rows: NameTable<FieldRow> = new NameTable((name) => {
    const fate = this.#fateOf(name);
    return { name, fate, trails: fate === 'pass' && mayTrail(foldedName(name)) && !this.#guarded.has(foldedName(name)) };
  });

  /**
   * @param options - the guard's options: which headers carry the token and what it is bound to
   * @param prefix - how the identity headers begin, lower case
   * @param stripToken - whether the token goes no further
   * @param exemptionHeader - the header that carries exemptions, lower case: it goes no further
   */
  constructor(options: GuardOptions, prefix: string, stripToken: boolean, exemptionHeader: string) {
    const demands = [options, ...(options.routes ?? []).filter((route) => !('exempt' in route))] as readonly GuardOptions[];
    const tokens = ['approov-token', ...demands.flatMap(({ token }) => token?.header ?? [])].map((name) => name.toLowerCase());
    const bound = demands.flatMap(({ binding }) => binding?.headers ?? []).map((name) => name.toLowerCase());
    this.prefix = prefix;
    this.#dropped = new Set([...HOP_BY_HOP, ...REWRITTEN, ...OTHER_PATH, ...(stripToken ? tokens : []), exemptionHeader]);
    const signed = ['signature', 'signature-input', 'content-digest', 'authorization', 'cookie', 'content-type', 'content-encoding'];
    this.#guarded = new Set([...this.#dropped, ...FORWARDING, ...tokens, ...bound, ...signed].map(foldedName));
  }

  /** What is known of a field by its name as it was sent. */
  rowOf(written: string): FieldRow {
    return this.#rows.of(written);
  }

  #fateOf(name: string): FieldFate {
    if (READ.has(name)) return 'read';
    if (this.#dropped.has(name) || name.startsWith(this.prefix)) return 'drop';
    if (FORWARDING.has(name) || name.startsWith(FORWARDED)) return 'forwarding';
    if (PLAIN_NAME.test(name)) return 'pass';
    const folded = foldedName(name);
    return this.#guarded.has(folded) || folded.startsWith(this.prefix) || folded.startsWith(FORWARDED) ? 'drop' : 'pass';
  }
}

/** The names that a `Connection` field lists, lower case. */
export function connectionOptions(value: string): readonly string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** RFC 9110 §6.4.1: whether answers of this status have no content, whatever their fields say. Those to `HEAD` have none either. */
export function hasNoContent(status: number): boolean {
  return status === 204 || status === 304;
}
