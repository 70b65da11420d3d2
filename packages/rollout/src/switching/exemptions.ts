/** Reviewed exemptions: for a store's review, a device farm, a partner. Signed by the operator, for some routes, until a day. */
import { createHash, createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { ConfigurationError, type RequestView } from 'approov-guard';
import { knownNames } from '../settings.ts';

/** A key that vouches for exemptions. */
export type ExemptionKey =
  | {
      /** A secret of your own, base64, at least 32 bytes: HMAC-SHA-256. Whoever has it can make exemptions, so never the account's secret. */
      readonly secret: string;
    }
  | {
      /** An Ed25519 public key, PEM (SPKI). The private one stays with whoever reviews. */
      readonly publicKey: string;
    };

/** Which exemptions hold. */
export interface ExemptionOptions {
  /** The header that carries one. Default `approov-exemption`. It never reaches a server behind the gateway. */
  readonly header?: string;
  /** One to 8 keys. */
  readonly keys: readonly ExemptionKey[];
  /** Ids of exemptions that hold no longer, at most 1000. */
  readonly revoked?: readonly string[];
  /** The longest life of an exemption, 1 to 365 days. Default 90. One that was made for longer is none. */
  readonly maxDays?: number;
}

/** What an exemption says. */
export interface Exemption {
  /** Its name in logs, 1 to 64 letters, digits, `.`, `_`, `-`. */
  readonly id: string;
  /** The names of the routes for which it holds; `default` for the guard's own policy. */
  readonly routes: readonly string[];
  /** Since when and until when, seconds since the epoch. */
  readonly from: number;
  readonly until: number;
  /** Who reviewed it. */
  readonly by: string;
}

const VERSION = 'ax1';
const LONGEST = 2048;
const TEXT = /^ax1\.([A-Za-z0-9_-]{1,1800})\.([A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{86})$/;
const ID = /^[A-Za-z0-9._-]{1,64}$/;
const DAY = 86_400;
/** So many are remembered that were found good; and so many others are looked at in a second: checking them costs time. */
const MOST_KNOWN = 256;
const MOST_FAILURES_A_SECOND = 200;

interface CompiledKeys {
  readonly secrets: readonly Uint8Array[];
  readonly publicKeys: readonly KeyObject[];
}

/** Finds the exemption of a request. */
export class Exemptions {
  readonly header: string;
  readonly #keys: CompiledKeys;
  readonly #revoked: ReadonlySet<string>;
  readonly #maxSeconds: number;
  /** By hash, so that finding one tells nothing by the time it takes. */
  readonly #known: Map<string, Exemption> = new Map();
  #second = 0;
  #failures = 0;
  #refused = 0;

  constructor(options: ExemptionOptions, path: string) {
    knownNames(options, path, ['header', 'keys', 'revoked', 'maxDays']);
    const { header = 'approov-exemption', keys, revoked = [], maxDays = 90 } = options;
    if (typeof header !== 'string' || !/^[a-z0-9-]{1,64}$/i.test(header))
      throw new ConfigurationError('option-invalid', `${path}.header`, 'must be the name of a header');
    if (!Array.isArray(keys) || keys.length < 1 || keys.length > 8)
      throw new ConfigurationError('option-missing', `${path}.keys`, 'must list 1 to 8 keys: { secret } or { publicKey }');
    if (!Array.isArray(revoked) || revoked.length > 1000 || !revoked.every((id) => typeof id === 'string'))
      throw new ConfigurationError('option-invalid', `${path}.revoked`, 'must be a list of at most 1000 ids');
    if (typeof maxDays !== 'number' || !(maxDays >= 1 && maxDays <= 365))
      throw new ConfigurationError('option-invalid', `${path}.maxDays`, 'must be a number from 1 to 365');
    this.header = header.toLowerCase();
    this.#keys = compileKeys(keys, path);
    this.#revoked = new Set(revoked);
    this.#maxSeconds = maxDays * DAY;
  }

  /** How many were none: forged, expired, revoked, or for another route. */
  get refused(): number {
    return this.#refused;
  }

  /** The exemption that a request carries for a route, if it holds now. What is wrong with one changes nothing, and is counted. */
  of(request: RequestView, route: string, at: number): Exemption | null {
    const lines = request.lines(this.header);
    if (lines.length === 0) return null;
    const found = lines.length === 1 ? this.#verified((lines[0] ?? '').trim(), at) : null;
    const now = at / 1000;
    // From one to another machine, clocks differ by a minute.
    if (found !== null && now < found.until && now > found.from - 60 && found.routes.includes(route) && !this.#revoked.has(found.id))
      return found;
    this.#refused++;
    return null;
  }

  #verified(text: string, at: number): Exemption | null {
    const [, payload, signature] = text.length > LONGEST ? [] : (TEXT.exec(text) ?? []);
    if (payload === undefined || signature === undefined) return null;
    const name = createHash('sha256').update(text).digest('base64');
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (!this.#mayLook(at)) return null;
    const exemption = this.#holds(payload, Buffer.from(signature, 'base64url')) ? exemptionOf(payload, this.#maxSeconds) : null;
    if (exemption === null) {
      this.#failures++;
      return null;
    }
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(name, exemption);
    return exemption;
  }

  #mayLook(at: number): boolean {
    const second = Math.floor(at / 1000);
    if (second !== this.#second) this.#failures = 0;
    this.#second = second;
    return this.#failures < MOST_FAILURES_A_SECOND;
  }

  #holds(payload: string, signature: Buffer): boolean {
    const signed = Buffer.from(`${VERSION}.${payload}`, 'latin1');
    const { secrets, publicKeys } = this.#keys;
    if (signature.length === 64) return publicKeys.some((key) => verify(null, signed, key, signature));
    return secrets.some((secret) => timingSafeEqual(createHmac('sha256', secret).update(signed).digest(), signature));
  }
}

function compileKeys(keys: readonly ExemptionKey[], path: string): CompiledKeys {
  const secrets: Uint8Array[] = [];
  const publicKeys: KeyObject[] = [];
  for (const [index, key] of keys.entries()) {
    knownNames(key, `${path}.keys[${index}]`, ['secret', 'publicKey']);
    if ('secret' in key && !('publicKey' in key)) secrets.push(secretOf(key.secret, `${path}.keys[${index}].secret`));
    else if ('publicKey' in key && !('secret' in key)) publicKeys.push(publicKeyOf(key.publicKey, `${path}.keys[${index}].publicKey`));
    else throw new ConfigurationError('options-contradict', `${path}.keys[${index}]`, 'must be either { secret } or { publicKey }');
  }
  return { secrets, publicKeys };
}

/** The bytes of a secret. */
export function secretOf(text: unknown, path: string): Uint8Array {
  const plain = typeof text === 'string' ? text.trim() : '';
  const bytes = /^[A-Za-z0-9+/_-]+={0,2}$/.test(plain) ? Buffer.from(plain, 'base64') : Buffer.alloc(0);
  if (bytes.length >= 32) return bytes;
  throw new ConfigurationError('secret-encoding', path, 'must be base64 of at least 32 bytes, such as `openssl rand -base64 32` makes');
}

function publicKeyOf(text: unknown, path: string): KeyObject {
  try {
    const key = createPublicKey(String(text));
    // A private key would be taken, too; it does not belong here.
    if (key.asymmetricKeyType === 'ed25519' && String(text).includes('BEGIN PUBLIC KEY')) return key;
  } catch {
    // Said below, without the text.
  }
  throw new ConfigurationError('option-invalid', path, 'must be an Ed25519 public key, PEM (`openssl pkey -in key.pem -pubout`)');
}

/** What a payload says, if it is whole. It is read after its signature held. */
function exemptionOf(payload: string, maxSeconds: number): Exemption | null {
  try {
    const { id, routes, from, until, by }: Partial<Record<keyof Exemption, unknown>> = JSON.parse(
      Buffer.from(payload, 'base64url').toString('utf8'),
    );
    if (typeof id !== 'string' || !ID.test(id) || typeof by !== 'string' || by.length > 128) return null;
    if (typeof from !== 'number' || typeof until !== 'number' || !(until > from) || until - from > maxSeconds) return null;
    if (!Array.isArray(routes) || !routes.every((route): route is string => typeof route === 'string')) return null;
    return { id, routes, from, until, by };
  } catch {
    return null;
  }
}
