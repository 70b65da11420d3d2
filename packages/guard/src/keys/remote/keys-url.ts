/** `keysFromUrl`: checks the settings of a remote key set. */
import { crypto as platformCrypto } from '#crypto';
import { ConfigurationError } from '../../checks/configuration-error.ts';
import { checkedFunction, checkedHeader, checkedNumber, checkedObject, isPlainObject } from '../../checks/option-checks.ts';
import { type NumberRow, REMOTE_KEYS } from '../../checks/option-table.ts';
import type { AlgorithmName } from '../../core/jws/algorithms.ts';
import type { CryptoPort, KeySource } from '../../core/ports.ts';
import type { Bytes, Seconds } from '../../core/time.ts';
import { type OnKeyEvent, reporter } from '../key-events.ts';
import { publicAlgorithm } from '../public-keys.ts';
import type { FetchKeys } from './fetch-key-set.ts';
import { RemoteKeys } from './keys-remote.ts';

/** How a remote key set is fetched and how long it is used. */
export interface RemoteKeysSettings {
  /** The algorithm of RSA keys that carry no `alg`. No default: such keys are skipped without it. */
  readonly algorithm?: AlgorithmName;
  /** How long one fetch may take, headers and body together, 0.1 to 60 s. Default 5. Requests without a usable set wait so long. */
  readonly timeoutSeconds?: Seconds;
  /** The longest set that is read, 1024 to 10 MiB. Default 262144 bytes, several hundred keys. */
  readonly maxBytes?: Bytes;
  /** How old a set may become, 10 s to 7 days. Default 600. `Cache-Control: max-age` can shorten it, down to the cool-down, not lengthen it. */
  readonly refreshSeconds?: Seconds;
  /**
   * The shortest time between two fetches, successful or not, 1 to 3600 s. Default 10. A key that was published a moment ago is refused
   * for as long; a shorter time lets made-up key ids cause more fetches.
   */
  readonly cooldownSeconds?: Seconds;
  /**
   * For how long a set is still used when it is over age and cannot be fetched, 0 to 30 days. Default 86400. Meanwhile a key that was
   * withdrawn is still accepted; a shorter time turns an outage of the key server sooner into your own.
   */
  readonly maxStaleSeconds?: Seconds;
  /** Headers of the request. They are sent to the URL's own origin only. Default: `accept`. */
  readonly headers?: { readonly [name: string]: string };
  /** The `fetch` that is used. Default: the platform's. */
  readonly fetch?: FetchKeys;
  /** The source's name in events and errors. Default `jwks`. */
  readonly name?: string;
  /** Called for each event of the source. Default: none. */
  readonly onEvent?: OnKeyEvent;
}

/** Options of {@link keysFromUrl}. */
export interface KeysFromUrlOptions extends RemoteKeysSettings {
  /** Where the JWK set is: `https`, or `http` on this machine. Credentials belong into `headers`. */
  readonly url: string;
}

/**
 * A key source over a JWK set at a URL (RFC 7517 §5). The set is fetched when it is needed first, in the background before it is over age,
 * and when a token names an unknown key. One fetch serves all who wait; redirects are followed on the same origin only.
 *
 * It does not check who runs the server: whoever can answer at the URL can make tokens that are accepted.
 *
 * @throws ConfigurationError for any mistake in the options
 *
 * @example
 * ```ts
 * import { createGuard, keysFromUrl } from 'approov-guard';
 * const keys = keysFromUrl({
 *   url: 'https://keys.example.com/jwks.json',
 *   onEvent: (event) => console.warn(event.type),
 * });
 * const guard = createGuard({ keys });
 * // await guard.warmUp(); // before traffic: rejects if the set cannot be fetched
 * guard.close();
 * ```
 */
export function keysFromUrl(options: KeysFromUrlOptions): KeySource {
  return remoteKeySource(options, 'url', '', platformCrypto);
}

/**
 * Compiles the settings.
 * @param member - the member that holds the address
 * @param path - where the options stand; empty for `keysFromUrl`
 */
export function remoteKeySource(options: unknown, member: 'url' | 'jwksUrl', path: string, crypto: CryptoPort): KeySource {
  const given = checkedObject(options, path === '' ? 'options' : path, [member, ...Object.keys(REMOTE_KEYS)]);
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  type Number = {
    [Name in keyof typeof REMOTE_KEYS]: (typeof REMOTE_KEYS)[Name] extends NumberRow ? Name : never;
  }[keyof typeof REMOTE_KEYS];
  const number = (name: Number): number => checkedNumber(given[name], at(name), REMOTE_KEYS[name]);
  const cooldownSeconds = number('cooldownSeconds');
  const refreshSeconds = number('refreshSeconds');
  if (refreshSeconds < cooldownSeconds) {
    throw new ConfigurationError('options-contradict', at('refreshSeconds'), 'must not be shorter than cooldownSeconds');
  }
  return new RemoteKeys({
    url: checkedUrl(given[member], at(member)),
    headers: checkedHeaders(given.headers, at('headers')),
    timeoutSeconds: number('timeoutSeconds'),
    maxBytes: number('maxBytes'),
    fetch: checkedFunction<FetchKeys>(given.fetch, at('fetch')) ?? ((url, init) => globalThis.fetch(url, init)),
    name: checkedSourceName(given.name, at('name'), 'jwks'),
    algorithm: given.algorithm === undefined ? null : publicAlgorithm(given.algorithm, at('algorithm')).name,
    refreshSeconds,
    cooldownSeconds,
    maxStaleSeconds: number('maxStaleSeconds'),
    report: reporter(checkedFunction<OnKeyEvent>(given.onEvent, at('onEvent'))),
    crypto,
  });
}

/** A name for events: short and printable, since it stands in logs. */
export function checkedSourceName(name: unknown, path: string, fallback: string): string {
  if (name === undefined) return fallback;
  if (typeof name === 'string' && /^[\x20-\x7e]{1,64}$/.test(name)) return name;
  throw new ConfigurationError('option-invalid', path, 'must be a text of 1 to 64 printable ASCII characters');
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

function checkedUrl(value: unknown, path: string): URL {
  if (typeof value !== 'string' || !URL.canParse(value)) {
    throw new ConfigurationError(value === undefined ? 'option-missing' : 'option-invalid', path, 'must be the absolute URL of a JWK set');
  }
  const url = new URL(value);
  const allowed = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (!allowed) throw new ConfigurationError('option-invalid', path, 'must be https; http is allowed on this machine only');
  if (url.username !== '' || url.password !== '') {
    throw new ConfigurationError('option-invalid', path, 'must not hold credentials; give them in `headers`');
  }
  return url;
}

/** RFC 9110 §5.5. `fetch` would refuse anything else at each request, and no key be had. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function checkedHeaders(value: unknown, path: string): { readonly [name: string]: string } {
  const accept = ['accept', 'application/jwk-set+json, application/json'] as const;
  if (value === undefined) return Object.fromEntries([accept]);
  if (!isPlainObject(value)) throw new ConfigurationError('option-invalid', path, 'must be an object of texts');
  const given = Object.entries(value).map(([name, text]) => {
    const header = checkedHeader(name, path);
    if (typeof text === 'string' && FIELD_VALUE.test(text.trim())) return [header, text.trim()] as const;
    throw new ConfigurationError('option-invalid', path, `must be an object of texts of one line each; ${header} is none`);
  });
  return Object.fromEntries([accept, ...given]);
}
