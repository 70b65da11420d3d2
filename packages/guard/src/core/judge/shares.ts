/** What one installation may take of the guard: how many proven requests, and how many entries of the replay store. */
import type { Seconds } from '../time.ts';
import type { VerifiedToken } from '../token/verified.ts';

/** The share of each signing key. */
export interface ShareLimits {
  /** How many requests a second, for as long as it likes. */
  readonly perSecond: number;
  /** How many at once, after a pause. */
  readonly burst: number;
  /** How many entries of the replay store at a time. */
  readonly entries: number;
  /** Of how many keys it is remembered what they took. */
  readonly keys: number;
}

/** Something that one key takes. */
export interface Taking {
  readonly key: string;
  readonly at: Seconds;
  /** When its entry is forgotten. */
  readonly until: Seconds;
  /** The platform's own request: what takes a share twice for the same message takes it once. */
  readonly message: object | undefined;
}

interface Share {
  /** When the burst is whole again: each request moves it by `1 / perSecond`. */
  wholeAt: Seconds;
  live: number;
  /** Live entries by when they are forgotten, earliest first. */
  runs: { until: Seconds; count: number }[];
}

/** Entries that end within so long are counted together, until the last of them has ended; more, where there are too many runs. */
const RUN_SECONDS: Seconds = 1;
const MAX_RUNS = 32;
/** How many keys a newcomer looks at for one to take the place of. */
const LOOKS = 8;

/**
 * A bounded table of what each signing key took. Each call costs the same few steps whatever is in it; there is no timer. A newcomer to a
 * full table takes the place of a key that holds little, so that no crowd makes the guard forget whoever is at its limit.
 */
export class Shares {
  readonly #limits: ShareLimits;
  readonly #shares: Map<string, Share> = new Map();
  /** What each message took, by key: its request, and its entry unless that was given back. */
  readonly #takenFor: WeakMap<object, Map<string, 'entry' | 'request'>> = new WeakMap();
  #exceeded = 0;

  constructor(limits: ShareLimits) {
    this.#limits = limits;
  }

  /** How many keys are remembered, and how often one was refused. */
  get gauge(): { readonly keys: number; readonly exceeded: number } {
    return { keys: this.#shares.size, exceeded: this.#exceeded };
  }

  /** Whether the key has used up its share. Takes nothing of it. */
  isOver({ key, at, message }: Omit<Taking, 'until'>): boolean {
    const share = this.#shares.get(key);
    if (share === undefined || this.#takenBy(message, key) !== undefined || this.#hasRoom(share, at)) return false;
    this.#exceeded++;
    return true;
  }

  /** Takes one request and one entry. `before`: they were taken for this message; `over`: the share is used up. */
  take(taking: Taking): 'now' | 'before' | 'over' {
    const { key, at, until, message } = taking;
    const taken = this.#takenBy(message, key);
    if (taken === 'entry') return 'before';
    const share = this.#shareOf(key, at);
    if (!this.#hasRoom(share, at) && !(taken === 'request' && share.live < this.#limits.entries)) {
      this.#exceeded++;
      return 'over';
    }
    if (taken === undefined) share.wholeAt = Math.max(share.wholeAt, at) + 1 / this.#limits.perSecond;
    share.live++;
    addRun(share.runs, until);
    if (message !== undefined) this.#takenFor.set(message, (this.#takenFor.get(message) ?? new Map()).set(key, 'entry'));
    return 'now';
  }

  /** Gives the entry back, since none was made, and the request, too, if it cost nothing. */
  giveBack({ key, until, message }: Taking, request: boolean): void {
    const taken = message === undefined ? undefined : this.#takenFor.get(message);
    if (request) taken?.delete(key);
    else taken?.set(key, 'request');
    const share = this.#shares.get(key);
    const run = share?.runs.find((one) => one.until >= until && one.count > 0);
    if (share === undefined || run === undefined) return;
    run.count--;
    share.live--;
    if (request) share.wholeAt -= 1 / this.#limits.perSecond;
  }

  #takenBy(message: object | undefined, key: string): 'entry' | 'request' | undefined {
    return message === undefined ? undefined : this.#takenFor.get(message)?.get(key);
  }

  #hasRoom(share: Share, at: Seconds): boolean {
    const { perSecond, burst, entries } = this.#limits;
    forgetEnded(share, at);
    const used = (share.wholeAt - at) * perSecond;
    // More than was ever given: the clock was set back.
    if (used > burst + 1) share.wholeAt = at;
    // Half a request is left for what the numbers cannot hold.
    return !(share.wholeAt - at > (burst - 0.5) / perSecond) && share.live < entries;
  }

  #shareOf(key: string, at: Seconds): Share {
    let share = this.#shares.get(key);
    if (share === undefined) {
      if (this.#shares.size >= this.#limits.keys) this.#makeRoom(at);
      share = { wholeAt: at, live: 0, runs: [] };
      this.#shares.set(key, share);
    }
    return share;
  }

  /** The lightest of the few that were looked at longest ago goes; the others move to the back. */
  #makeRoom(at: Seconds): void {
    const looked: { readonly key: string; readonly share: Share; readonly weight: number }[] = [];
    for (const [key, share] of this.#shares) {
      if (looked.push({ key, share, weight: this.#weightOf(share, at) }) === LOOKS) break;
    }
    const lightest = looked.reduce((least, one) => (one.weight < least.weight ? one : least));
    for (const { key, share } of looked) {
      this.#shares.delete(key);
      if (key !== lightest.key) this.#shares.set(key, share);
    }
  }

  #weightOf(share: Share, at: Seconds): number {
    const { perSecond, burst, entries } = this.#limits;
    forgetEnded(share, at);
    return Math.max(share.live / entries, ((share.wholeAt - at) * perSecond) / burst);
  }
}

function forgetEnded(share: Share, at: Seconds): void {
  while (share.runs[0] !== undefined && share.runs[0].until <= at) share.live -= share.runs.shift()?.count ?? 0;
}

/** Counts an entry with one that ends a little later, never with one that ends earlier. */
function addRun(runs: Share['runs'], until: Seconds): void {
  const place = runs.findIndex((run) => run.until >= until);
  const next = runs[place];
  if (next !== undefined && next.until - until <= RUN_SECONDS) {
    next.count++;
    return;
  }
  runs.splice(next === undefined ? runs.length : place, 0, { until, count: 1 });
  if (runs.length > MAX_RUNS) joinClosest(runs);
}

function joinClosest(runs: Share['runs']): void {
  let closest = 1;
  // The casts hold: the indexes are below the length of an array without holes.
  const gap = (index: number): number => (runs[index] as Share['runs'][number]).until - (runs[index - 1] as Share['runs'][number]).until;
  for (let index = 2; index < runs.length; index++) if (gap(index) < gap(closest)) closest = index;
  const [earlier] = runs.splice(closest - 1, 1);
  (runs[closest - 1] as Share['runs'][number]).count += earlier?.count ?? 0;
}

/**
 * Whose share it is: the installation's key; where the account's key signs for all, and for one-time tokens, the device, or the token where it
 * names none.
 */
export function ownerOf({ claims, token }: VerifiedToken, by: 'install' | 'account' | 'token'): string {
  if (by === 'install') return String(claims.ipk);
  return claims.did === undefined ? `token ${token.slice(token.lastIndexOf('.') + 1)}` : `device ${claims.did}`;
}
