/** Which key a message signature is verified with: the installation's, from the token, or the account's. */
import { decodeBase64 } from '../bytes.ts';
import { ALGORITHMS, type AlgorithmRow } from '../jws/algorithms.ts';
import type { PreparedKey } from '../jws/jws.ts';
import type { CryptoPort } from '../ports.ts';
import { chain, type MaybePromise } from '../result.ts';
import type { Seconds } from '../time.ts';
import { type Claims, RecentTable } from '../token/verified.ts';
import { type Rejected, rejected } from '../verdict.ts';
import { MAX_BASES } from './sdk-tolerances.ts';

/** Reads and opens an installation's key, or says why it cannot be used. Implementations remember what they opened by its text. */
export type OpenInstallationKey = (ipk: string) => MaybePromise<PreparedKey | Rejected>;

/** RFC 5480 §2.1.1, RFC 5480 §2.2: the SubjectPublicKeyInfo of an uncompressed P-256 point begins with these bytes and has 91. */
const P256_SPKI_PREFIX = [
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
  0x03, 0x42, 0x00, 0x04,
] as const;
const P256_SPKI_BYTES = 91;
const LONGEST_IPK = 256;

/** The one algorithm of installation keys. The cast holds: the table has the row. */
export const INSTALLATION_ALGORITHM: AlgorithmRow = ALGORITHMS.get('ES256') as AlgorithmRow;

/** The key that the claim `ipk` names; `null` if the claim is absent; `signature-key-invalid` if it is there and unusable, which is not absent. */
export function installationKey(claims: Claims, open: OpenInstallationKey): MaybePromise<PreparedKey | Rejected> | null {
  const { ipk } = claims;
  if (ipk === undefined) return null;
  if (typeof ipk !== 'string' || ipk.length > LONGEST_IPK) return rejected('signature-key-invalid', 'ipk is not the text of a key');
  return open(ipk);
}

/** Reads base64 or base64url of a DER SubjectPublicKeyInfo on P-256, nothing before or after it. Does not check that the point lies on it. */
export function parseInstallationKey(ipk: string): Uint8Array<ArrayBuffer> | Rejected {
  const der = decodeBase64(ipk, /[-_]/.test(ipk) ? 'base64url' : 'base64');
  const fits = der !== null && der.length === P256_SPKI_BYTES && P256_SPKI_PREFIX.every((byte, index) => der[index] === byte);
  return fits ? der : rejected('signature-key-invalid', 'ipk is not a P-256 SubjectPublicKeyInfo');
}

/** An account key (HMAC-SHA-256), prepared. */
export interface AccountKey {
  /** The id that tokens name in `mskid`; `null` for a key that is used where no other fits. */
  readonly id: string | null;
  readonly key: PreparedKey;
}

/** The account key that a token names by `mskid`; a token that names none, or one unknown to us, gets the key without id. */
export function accountKey(claims: Claims, keys: readonly AccountKey[]): AccountKey | null {
  const { mskid } = claims;
  const named = mskid === undefined ? undefined : keys.find((key) => key.id === mskid);
  if (named !== undefined) return named;
  const unnamed = keys.find((key) => key.id === null) ?? null;
  return unnamed ?? (mskid === undefined && keys.length === 1 ? (keys[0] ?? null) : null);
}

// Opened installation keys: opening one costs more than parsing a signature, and a device sends the same one with each request.

/** Opens keys and remembers those that were used lately. Only keys from verified tokens come here, so that no flood can fill it. */
export class InstallationKeys {
  readonly #crypto: CryptoPort;
  readonly #capacity: number;
  readonly #opened: RecentTable<string, PreparedKey>;
  #hits = 0;
  #misses = 0;

  /** @param maxKeys - how many are remembered, 1 and more */
  constructor(crypto: CryptoPort, maxKeys: number) {
    this.#crypto = crypto;
    this.#capacity = maxKeys;
    this.#opened = new RecentTable(maxKeys);
  }

  /** What is remembered, and how often a key was found there or not. */
  get gauge(): { readonly keys: number; readonly capacity: number; readonly hits: number; readonly misses: number } {
    return { keys: this.#opened.size, capacity: this.#capacity, hits: this.#hits, misses: this.#misses };
  }

  /** Opens a key, or finds it among those that were. */
  open(ipk: string): MaybePromise<PreparedKey | Rejected> {
    const known = this.#opened.get(ipk);
    if (known !== undefined) {
      this.#hits++;
      return known;
    }
    this.#misses++;
    const der = parseInstallationKey(ipk);
    if ('outcome' in der) return der;
    return chain(this.#crypto.openPublicKey(INSTALLATION_ALGORITHM, { form: 'spki', der }), (key) => {
      if (key === null) return rejected('signature-key-invalid', 'ipk is not a point of P-256');
      this.#opened.set(ipk, key);
      return key;
    });
  }
}

// How the clients of signing keys sign: each base that is tried costs a verification, and a client signs the same way each time.

/** What is known of how the holder of a signing key signs. */
export interface Habit {
  /** The place of the combination that held last. */
  readonly last: number;
  /** When as many guesses may be made at once as ever: each that finds nothing moves it. */
  readonly calmAt: Seconds;
}

/**
 * For so many requests of which nothing held, and one a second, other bases are tried than that of the habit: who sends what was not signed pays
 * for no more.
 */
const MOST_GUESSES = 64;
const USUAL: Habit = { last: 0, calmAt: 0 };

/** Remembers habits that are not the usual one, and keys of which nothing held lately. */
export class Habits {
  readonly #habits: RecentTable<string, Habit>;

  /** @param maxKeys - of how many keys */
  constructor(maxKeys: number) {
    this.#habits = new RecentTable(maxKeys);
  }

  /** The place of the combination that the key's holder uses, and how many bases may be tried now. */
  of(owner: string, at: Seconds): { readonly last: number; readonly most: number } {
    const habit = this.#habits.get(owner) ?? USUAL;
    return { last: habit.last, most: isBusy(habit, at) ? 1 : MAX_BASES };
  }

  /** @param held - the place of the combination that held, or `null` */
  note(owner: string, held: number | null, at: Seconds): void {
    const habit = this.#habits.get(owner) ?? USUAL;
    if (held === null && !isBusy(habit, at)) this.#habits.set(owner, { ...habit, calmAt: Math.max(habit.calmAt, at) + 1 });
    if (held !== null && held !== habit.last) this.#habits.set(owner, { ...habit, last: held });
  }
}

function isBusy({ calmAt }: Habit, at: Seconds): boolean {
  // Further ahead than it is ever moved: the clock was set back.
  return calmAt - at > MOST_GUESSES - 1 && calmAt - at <= MOST_GUESSES;
}
