/** Tells what decisions were by the shape of all of them together. `docs/rollout.md` has the table. */
import type { DecisionKind } from '../log/line.ts';
import { type ClassName, isKeyFailure } from './classes.ts';
import type { Group, Tallied } from './tally.ts';

/** What the shape of all decisions says. */
export class Shapes {
  /** Shares of requests without a token by route and by route and hour, of those with one by version, and of tokens that no key verified by hour. */
  readonly #routes: Shares = new Shares();
  readonly #versions: Shares = new Shares();
  readonly #hours: Shares = new Shares();
  readonly #networks: Shares = new Shares();
  readonly #misbound: Shares = new Shares();
  readonly #signed: Shares = new Shares();

  constructor({ groups, networks }: Pick<Tallied, 'groups' | 'networks'>) {
    for (const [hour, { all, failed }] of networks) {
      this.#networks.add(String(hour), true, failed);
      this.#networks.add(String(hour), false, Math.max(0, all - failed));
    }
    for (const { kind, hour, count } of groups) {
      if (kind.again) continue;
      const { code, version, route } = kind;
      const tokenHeld = kind.outcome === 'accepted' || /^(binding|signature|digest)-/.test(code);
      this.#versions.add(appOf(kind), tokenHeld, count);
      if (version !== '') {
        this.#routes.add(route, isWithoutToken(code), count);
        this.#routes.add(`${hour} ${route}`, isWithoutToken(code), count);
      }
      if (tokenHeld || isKeyFailure(code)) this.#hours.add(String(hour), isKeyFailure(code), count);
      if (tokenHeld) this.#misbound.add(appOf(kind), code === 'binding-mismatch', count);
      if (tokenHeld) this.#signed.add(route, code === 'signature-invalid', count);
    }
  }

  /** What the decisions of a group were. */
  classOf({ kind, hour }: Pick<Group, 'kind' | 'hour'>): ClassName {
    const { outcome, code, version, route } = kind;
    if (outcome === 'accepted') return 'verified';
    if (outcome === 'unavailable') return 'our-outage';
    if (isWithoutToken(code)) return this.#withoutToken(kind, hour);
    if (isKeyFailure(code)) {
      if (version !== '' && this.#isKeyWrong(String(hour))) return 'wrong-key';
      return version === '' || code !== 'token-signature-invalid' ? 'forged' : 'attestation-failed';
    }
    if (code === 'binding-mismatch') return this.#misbound.of(appOf(kind)) >= ALL_FAIL ? 'app-binds-otherwise' : 'misused';
    if (code === 'signature-invalid') return this.#signed.of(route) >= ALL_FAIL ? 'origin' : 'misused';
    return BY_CODE[code] ?? (/^(binding|signature|digest)-/.test(code) ? 'misused' : 'policy');
  }

  /**
   * A wrong key hits everyone: nearly all tokens of an hour, or, where it came and went within the hour, far more than in others. Of networks, where
   * they are known: devices that fail attestation, and who forges, are many requests from few of them.
   */
  #isKeyWrong(hour: string): boolean {
    if (this.#hours.of(hour) >= ALL_FAIL) return true;
    const seen = this.#networks.size > 0 ? this.#networks : this.#hours;
    return seen.count(hour) >= MANY && seen.of(hour) >= Math.max(SOME_FAIL, 3 * seen.usual);
  }

  #withoutToken(kind: DecisionKind, hour: number): ClassName {
    if (kind.version === '') return kind.code === 'token-missing' ? 'unknown' : 'forged';
    // Apps that send tokens elsewhere, and none of them here.
    const dropped = Math.max(this.#routes.of(kind.route), this.#routes.of(`${hour} ${kind.route}`)) >= ALL_FAIL;
    if (dropped && this.#versions.of(appOf(kind)) >= SENDS_TOKENS) return 'proxy';
    return kind.code === 'token-missing' && this.#versions.of(appOf(kind)) < SENDS_TOKENS ? 'old-app' : 'forged';
  }
}

/** Of everyone, or nearly: a wrong setting hits all of a kind. */
const ALL_FAIL = 0.9;
/** Of so many it is said that most of them have one cause. */
const SOME_FAIL = 0.1;
const MANY = 20;
/** A version of which fewer requests carry a token does not send any: it is old. */
const SENDS_TOKENS = 0.3;

const BY_CODE: { readonly [code: string]: ClassName } = {
  'token-expired': 'clock',
  'token-not-yet-valid': 'clock',
  'signature-created-in-future': 'clock',
  'signature-too-old': 'clock',
  'signature-expired': 'clock',
  'token-sdk-status': 'no-token',
  'binding-claim-missing': 'fail-over',
  'signature-key-missing': 'fail-over',
  'token-replayed': 'replayed',
  'signature-replayed': 'replayed',
  'token-share-exceeded': 'replayed',
  'signature-share-exceeded': 'replayed',
  'token-duplicated': 'forged',
  'token-too-large': 'forged',
  'request-headers-cut': 'forged',
};

function isWithoutToken(code: string): boolean {
  return code === 'token-missing' || code === 'token-malformed';
}

function appOf({ version, platform }: DecisionKind): string {
  return `${platform} ${version}`;
}

/** Of how many there were how many so. */
class Shares {
  readonly #counts: Map<string, { so: number; all: number }> = new Map();
  #usual: number | null = null;

  add(name: string, so: boolean, count: number): void {
    const entry = this.#counts.get(name) ?? { so: 0, all: 0 };
    this.#counts.set(name, entry);
    entry.all += count;
    if (so) entry.so += count;
  }

  of(name: string): number {
    const { so = 0, all = 0 } = this.#counts.get(name) ?? {};
    return all === 0 ? 0 : so / all;
  }

  /** How many were so. */
  count(name: string): number {
    return this.#counts.get(name)?.so ?? 0;
  }

  get size(): number {
    return this.#counts.size;
  }

  /** The share in the middle of all names. */
  get usual(): number {
    this.#usual ??=
      [...this.#counts.values()].map(({ so, all }) => (all === 0 ? 0 : so / all)).sort((one, other) => one - other)[
        this.#counts.size >> 1
      ] ?? 0;
    return this.#usual;
  }
}
