/** One decision as a line of JSON: in ASCII, with its members in one order. */
import { createHmac } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import type { Claims, RequestView, Verdict, VerdictFacts } from 'approov-guard';

/** Where the app says its version and platform. Nothing of it is proven. */
export interface AppHeaders {
  /** Default `x-app-version`. */
  readonly version?: string;
  /** Default `x-app-platform`. */
  readonly platform?: string;
}

/** What every decision of the same kind has in common. */
export interface DecisionKind {
  readonly route: string;
  readonly mode: string;
  readonly action: string;
  readonly outcome: string;
  readonly code: string;
  readonly version: string;
  readonly platform: string;
  readonly key: string;
  readonly again: boolean;
}

/** What a line says of a decision beside its verdict. */
export type ToldFacts = Pick<VerdictFacts, 'at' | 'route' | 'mode' | 'action' | 'again' | 'request'>;

/** Makes lines. */
export class LineWriter {
  readonly #key: string;
  readonly #headers: Required<AppHeaders>;
  readonly #address: (request: RequestView) => string | null;
  /** The claims of a remembered token are the same object: its device is hashed once. */
  readonly #devices: WeakMap<Claims, string> = new WeakMap();

  constructor(
    key: string,
    { version = 'x-app-version', platform = 'x-app-platform' }: AppHeaders,
    address: (request: RequestView) => string | null,
  ) {
    this.#key = key;
    this.#headers = { version: version.toLowerCase(), platform: platform.toLowerCase() };
    this.#address = address;
  }

  /** One decision, with its line feed. */
  line(verdict: Verdict, facts: ToldFacts): string {
    const claims = verdict.outcome === 'accepted' ? verdict.attestation.claims : verdict.proven;
    const device = claims === null ? '' : this.#deviceOf(claims);
    return `{"time":${Math.trunc(facts.at)},"device":"${device}","address":"${this.#networkOf(facts.request())}",${this.kind(verdict, facts)}}\n`;
  }

  /** What decisions of the same kind have in common, as members of JSON. */
  kind(verdict: Verdict, { route, mode, action, request, again }: ToldFacts): string {
    const seen = request();
    const app = `"version":${quotedWord(wordOf(seen, this.#headers.version))},"platform":${quotedWord(wordOf(seen, this.#headers.platform))}`;
    const key = verdict.outcome === 'accepted' ? verdict.attestation.keyId : '';
    return (
      `"route":${quotedWord(route ?? 'default')},"mode":"${mode}","action":"${action}","outcome":"${verdict.outcome}","code":"${verdict.code}",` +
      `${app},"key":${quotedWord(key)},"again":${again}`
    );
  }

  #networkOf(request: RequestView): string {
    const address = this.#address(request);
    return address === null ? '' : networkOfKnown(address);
  }

  #deviceOf(claims: Claims): string {
    const { did } = claims;
    if (typeof did !== 'string' || did === '') return '';
    let device = this.#devices.get(claims);
    if (device === undefined) {
      device = createHmac('sha256', this.#key).update(did).digest('hex').slice(0, 16);
      this.#devices.set(claims, device);
    }
    return device;
  }
}

const LONGEST_WORD = 32;

/** The one value of a header, cut short; empty if there is none, or are several. */
function wordOf(request: RequestView, header: string): string {
  const lines = request.lines(header);
  return lines.length === 1 ? (lines[0] ?? '').trim().slice(0, LONGEST_WORD) : '';
}

const PLAIN = /^[\w .:/+=@-]*$/;

const MOST_REMEMBERED = 4096;

/** Remembers what was made of the texts that come again and again; forgets all of it when strangers fill it. */
function remembered(make: (text: string) => string): (text: string) => string {
  const known: Map<string, string> = new Map();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size >= MOST_REMEMBERED) known.clear();
    const made = make(text);
    known.set(text, made);
    return made;
  };
}

const quotedWord: (text: string) => string = remembered(quoted);
const networkOfKnown: (address: string) => string = remembered(networkOf);

/** A text as JSON, in printable ASCII: nothing in it ends a line, a text or a terminal's patience. */
function quoted(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return JSON.stringify(text.slice(0, 128)).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The network of an address: /24 of IPv4, /48 of IPv6; empty for what is not an address. */
export function networkOf(address: string): string {
  const plain = address.startsWith('::ffff:') && isIPv4(address.slice(7)) ? address.slice(7) : address;
  if (isIPv4(plain)) return `${plain.slice(0, plain.lastIndexOf('.'))}.0/24`;
  if (!isIPv6(plain)) return '';
  const [head = ''] = plain.toLowerCase().split('%')[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const first = [0, 1, 2].map((index) => Number.parseInt(groups[index] ?? '0', 16).toString(16));
  return `${first.join(':')}::/48`;
}
