/** A token whose signature held: its claims (RFC 7519 §4; Approov's own), and the table of those that came lately. */
import { parseJsonObject } from '../bytes.ts';
import type { VerificationKey } from '../jws/jws.ts';

/**
 * A verified token's claims, frozen. Only `exp` is always there. Claims not listed here (annotations from the account's policy)
 * are kept as they came, with type `unknown`.
 */
export interface Claims {
  /** When the token dies, NumericDate; fractions occur. */
  readonly exp: number;
  /** When the token was issued, NumericDate. Not judged. */
  readonly iat?: number;
  /** Not valid before, NumericDate. */
  readonly nbf?: number;
  /** The issuing account (`approov policy -setIssuer on`). */
  readonly iss?: string;
  /** The API domain for which the token was fetched (`approov policy -setAudience on`). */
  readonly aud?: string | readonly string[];
  /** The subject (`approov policy -setSubject on`). */
  readonly sub?: string;
  /** The app installation's id, base64 of 16 bytes; a new one after reinstallation. */
  readonly did?: string;
  /** The client's address as the issuing cloud saw it. */
  readonly ip?: string;
  /** The token binding: base64(SHA-256(bound value)). */
  readonly pay?: unknown;
  /** The attestation response code, opaque; support or the vendor's command line expands it. */
  readonly arc?: string;
  /** The installation's public key for message signing, base64 of DER SubjectPublicKeyInfo. */
  readonly ipk?: unknown;
  /** The id of the account's message-signing key. */
  readonly mskid?: string;
  readonly [claim: string]: unknown;
}

/**
 * The claim by which a stand-in for the issuing cloud marks each token that it makes, whatever the value. A guard in production refuses the token
 * (`token-from-emulator`). The issuing cloud has no such claim.
 */
export const EMULATOR_CLAIM = 'approov-guard-emulator';

/** Deeper nesting than any genuine claim has (`embed` nests three levels). */
const CLAIMS_MAX_DEPTH = 32;

/**
 * Parses a claims set and freezes it. Does not check any claim, not even `exp`.
 * @param text - the decoded payload
 * @returns the claims, or `null` if it is not a JSON object
 */
export function parseClaims(text: string): Claims | null {
  const object = parseJsonObject(text, CLAIMS_MAX_DEPTH);
  // The cast holds for each member only after the checks of the claims, which every judgement makes before it hands them on.
  return object === null ? null : (freezeDeep(object) as Claims);
}

/** Claims are shared between requests: nobody may change them. The depth is bounded by the parser. */
function freezeDeep(value: object): object {
  for (const name in value) {
    // The cast holds: the value came out of a JSON parser, so its members are its own and have text names.
    const member = (value as { readonly [name: string]: unknown })[name];
    if (typeof member === 'object' && member !== null) freezeDeep(member);
  }
  return Object.freeze(value);
}

// The tokens that verified lately, and those that no key had signed, so that the next request with the same token costs no cryptography.

/** A token whose signature held. Its times and its other claims are to be checked at each use. */
export interface VerifiedToken {
  readonly token: string;
  readonly claims: Claims;
  readonly key: VerificationKey;
}

/**
 * A bounded table of verified tokens for one key set. It holds verified tokens only, so that a flood of others cannot fill it, and it hits
 * only if the whole token is the same.
 *
 * A token with a MAC is held from its second request on: verifying it again costs less than holding a token that never returns. One with an
 * asymmetric signature is held from its first.
 */
export class VerifiedTokens {
  readonly #maxLength: number;
  readonly #held: RecentTable<number, VerifiedToken>;
  readonly #slots: number;
  /** Made for the first token with a MAC : key sets without such keys need none. */
  #seenOnce: Int32Array | null = null;
  #turn: number = 0;
  /** Those of which it is known that none of the keys signed them; `null` until the first is. */
  refused: RefusedTokens | null = null;
  /** How often a token was found. */
  hits = 0;
  /** How often one was not. */
  misses = 0;

  /**
   * @param maxTokens - how many tokens are held at most, a whole number, 1 and more
   * @param maxLength - longer tokens are not held; with `maxTokens` it bounds the memory
   */
  constructor(maxTokens: number, maxLength: number) {
    this.#maxLength = maxLength;
    this.#held = new RecentTable(maxTokens);
    this.#slots = powerOfTwoFrom(maxTokens * SLOTS_PER_TOKEN);
  }

  /** How many tokens are held. */
  get size(): number {
    return this.#held.size;
  }

  /** The entry of exactly this token, if it is held. */
  get(token: string): VerifiedToken | undefined {
    const held = token.length > this.#maxLength ? undefined : this.#held.get(nameOf(token));
    if (held !== undefined && held.token === token) {
      this.hits++;
      return held;
    }
    this.misses++;
    return undefined;
  }

  /** Takes note of a token that none of the keys signed. For this key set that is final, whatever the clock says. */
  refuse(token: string): void {
    if (token.length > LONGEST_REFUSED) return;
    this.refused ??= new RefusedTokens();
    this.refused.add(token);
  }

  /** Takes note of a token that verified. */
  add(entry: VerifiedToken): void {
    const { token, key } = entry;
    if (token.length > this.#maxLength) return;
    const name = nameOf(token);
    if (key.algorithm.family !== 'hmac' || this.#wasSeen(name)) this.#held.set(name, entry);
  }

  /**
   * Tells whether this name came before, as far as two slots of a small table remember. Names of other tokens push it out, not always the older
   * of the two: three that come in turn would all be forgotten for ever.
   */
  #wasSeen(name: number): boolean {
    this.#seenOnce ??= new Int32Array(this.#slots);
    const seen = this.#seenOnce;
    const slot = (name << 1) & (seen.length - 1);
    if (seen[slot] === name || seen[slot + 1] === name) return true;
    this.#turn = (Math.imul(this.#turn, 1_664_525) + 1_013_904_223) | 0;
    seen[slot + (this.#turn >>> 31)] = name;
    return false;
  }
}

const SLOTS_PER_TOKEN = 4;

function powerOfTwoFrom(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

/** The place after this one would be a power of two. The longest tokens take 4 MiB in all, usual ones 1.2 MiB. */
const LAST_REFUSED = 4095;
/** Longer tokens are verified each time. */
const LONGEST_REFUSED = 1024;

/**
 * Tokens that no key had signed: a tampered app sends the same one for minutes. Each has one place, which the next one of that place takes. A token
 * is held from its second request on.
 */
export class RefusedTokens {
  readonly #held: (string | null)[] = new Array<string | null>(LAST_REFUSED + 1).fill(null);
  /**
   * For each place the name of the token that came there last, and that of the one that is held: a flood of ever new tokens costs a look at a
   * number, and pushes out nothing.
   */
  readonly #names: Int32Array = new Int32Array(2 * (LAST_REFUSED + 1));

  /** Tells whether exactly this token is held. */
  has(token: string): boolean {
    const name = nameOf(token);
    const place = name & LAST_REFUSED;
    return this.#names[2 * place + 1] === name && this.#held[place] === token;
  }

  /** Takes note of a token. */
  add(token: string): void {
    const name = nameOf(token);
    const place = name & LAST_REFUSED;
    if (this.#names[2 * place] === name) {
      // A copy: a piece of a text keeps the whole text alive, such as a header section.
      this.#held[place] = ` ${token}`.slice(1);
      this.#names[2 * place + 1] = name;
    } else this.#names[2 * place] = name;
  }
}

/** This many characters of a signature name a token; the last one is left out, since it carries fewer bits. */
const NAME_CHARACTERS = 7;

/** A number of 30 bits. Any two tokens may share it: it finds a token, and never tells that it is the right one. */
function nameOf(token: string): number {
  const end = token.length - 1;
  let name = 0;
  for (let at = end < NAME_CHARACTERS ? 0 : end - NAME_CHARACTERS; at < end; at++) {
    name = (Math.imul(name, 61) + token.charCodeAt(at)) | 0;
  }
  return name & 0x3fffffff;
}

// The table beneath: bounded, it forgets what was not asked for lately.

interface Place<Name, Entry> {
  name: Name;
  entry: Entry;
  /** Whether it was asked for since it was last considered for removal. */
  used: boolean;
}

/** So many places are considered for one removal: in a table where all are in use, looking further finds nothing better. */
const CONSIDERED = 8;

/**
 * Holds as many entries as it says. When it is full, a new entry takes the place of one that was not asked for lately: a hand goes round over the
 * places, lets those stay that were used since it last came by, and stops at the first that was not.
 */
export class RecentTable<Name, Entry> {
  readonly #maxEntries: number;
  readonly #places: Place<Name, Entry>[] = [];
  readonly #placeOf: Map<Name, Place<Name, Entry>> = new Map();
  #hand: number = 0;

  /** @param maxEntries - a whole number, 1 and more */
  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** How many entries are held. */
  get size(): number {
    return this.#places.length;
  }

  /** All entries. */
  get entries(): readonly Entry[] {
    return this.#places.map(({ entry }) => entry);
  }

  /** The entry of this name, if it is held. */
  get(name: Name): Entry | undefined {
    const place = this.#placeOf.get(name);
    if (place === undefined) return undefined;
    if (!place.used) place.used = true;
    return place.entry;
  }

  /** Puts an entry under a name. */
  set(name: Name, entry: Entry): void {
    let place = this.#placeOf.get(name);
    if (place === undefined) {
      place = this.#places.length < this.#maxEntries ? this.#newPlace(name, entry) : this.#takePlace(name);
      this.#placeOf.set(name, place);
    }
    place.entry = entry;
  }

  #newPlace(name: Name, entry: Entry): Place<Name, Entry> {
    const place = { name, entry, used: false };
    this.#places.push(place);
    return place;
  }

  #takePlace(name: Name): Place<Name, Entry> {
    let place = this.#nextPlace();
    for (let considered = 1; considered < CONSIDERED && place.used; considered++) {
      place.used = false;
      place = this.#nextPlace();
    }
    this.#placeOf.delete(place.name);
    place.name = name;
    place.used = false;
    return place;
  }

  #nextPlace(): Place<Name, Entry> {
    // The cast holds: the hand stays below the length of a list without holes.
    const place = this.#places[this.#hand] as Place<Name, Entry>;
    this.#hand = (this.#hand + 1) % this.#places.length;
    return place;
  }
}
