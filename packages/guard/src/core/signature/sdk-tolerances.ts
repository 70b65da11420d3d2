/**
 * Where the client SDKs deviate from RFC 9421 and RFC 9530, and we accept it. Each deviation is named, dated, sourced, switchable and
 * tested; nothing else is tolerated. Read in the SDKs' public sources in November 2026.
 */

/** Which deviations a policy accepts. */
export interface Tolerances {
  /**
   * `Signature: install="BASE64"`: a String instead of a Byte Sequence (RFC 9421 §4.2).
   * approov-service-okhttp 3.5.2 to 3.5.7, since 2025-10-20 (commit 04b1930), on purpose; 3.5.8 returned to bytes.
   */
  readonly stringSignature: boolean;
  /**
   * `Content-Digest: sha-256="BASE64"`: a String instead of a Byte Sequence (RFC 9530 §2).
   * The message-signing script of approov/quickstart-asp.net-token-check, 2025-11-23.
   */
  readonly stringDigest: boolean;
  /**
   * ECDSA signatures as DER (X9.62) instead of r‖s (RFC 9421 §3.3.4).
   * What the SDK primitive getInstallMessageSignature gives; React Native service before 3.5.11 sent it.
   */
  readonly derSignature: boolean;
  /**
   * `@authority` without a port that is not the default (RFC 9421 §2.2.3).
   * approov-service-okhttp up to 3.5.7, retrofit 3.5.8, urlsession 3.5.5, alamofire.
   */
  readonly authorityWithoutPort: boolean;
  /**
   * `@query` without its question mark, and empty where there is no query (RFC 9421 §2.2.7).
   * approov-service-okhttp up to 3.5.7, retrofit, urlsession, alamofire, flutter 3.5.6.
   */
  readonly queryWithoutMark: boolean;
  /**
   * The root path left out in `@target-uri`, and on Apple platforms in `@path` (RFC 9421 §2.2.6).
   * urlsession 3.5.5 and alamofire: URL.absoluteString and URL.path keep an empty path empty; flutter 3.5.6: Uri.toString(); httpsurlconn
   * (a04cf05, 2025-12-30): the URL's text.
   */
  readonly rootPathEmpty: boolean;
  /**
   * `@path` percent-decoded (RFC 9421 §2.2.6). urlsession 3.5.5 and alamofire: URL.path.
   * Not where decoding would make another path of it: escapes of what needs none in a path (letters, dots, slashes …), of backslashes, percent
   * signs and control characters.
   */
  readonly decodedPath: boolean;
  /**
   * The value of `@query-param` decoded, not encoded again (RFC 9421 §2.2.8): it differs where it holds a space or anything beyond ASCII.
   * All SDKs (`getQueryParam`), November 2026. Not where it holds control characters.
   */
  readonly decodedQueryParam: boolean;
  /**
   * In `@target-uri`, brackets of the path and backslash, caret, backtick, braces and bar of the query percent-encoded although they were sent bare
   * (RFC 9421 §2.2.2). okhttp up to 3.5.7 and retrofit 3.5.8: HttpUrl.uri(), which satisfies java.net.URI.
   */
  readonly reescapedTarget: boolean;
}

/** The names of the tolerances. */
export const TOLERANCE_NAMES: readonly (keyof Tolerances)[] = [
  'stringSignature',
  'stringDigest',
  'derSignature',
  'authorityWithoutPort',
  'queryWithoutMark',
  'rootPathEmpty',
  'decodedPath',
  'decodedQueryParam',
  'reescapedTarget',
];

/** The deviations that change the signature base. */
export interface Deviations {
  readonly authorityWithoutPort: boolean;
  readonly queryWithoutMark: boolean;
  /** The root path is empty in `@target-uri`. */
  readonly emptyRootTarget: boolean;
  /** The root path is empty in `@path`. */
  readonly emptyRootPath: boolean;
  readonly decodedPath: boolean;
  /** `form`: a plus sign means a space. */
  readonly queryParam: 'encoded' | 'form-decoded' | 'percent-decoded';
  readonly reescapedTarget: boolean;
}

/** The base as RFC 9421 has it. */
export const STRICT: Deviations = {
  authorityWithoutPort: false,
  queryWithoutMark: false,
  emptyRootTarget: false,
  emptyRootPath: false,
  decodedPath: false,
  queryParam: 'encoded',
  reescapedTarget: false,
};

/** A client and what it deviates in. */
interface Client {
  readonly deviations: Deviations;
  /** What `User-Agent` says where the app leaves it to the platform. It proves nothing, and chooses only what is tried first. */
  readonly agent: RegExp | null;
}

/**
 * What occurs together in the field, by client: a mixture that no client sends is never tried. Most requests cover nothing in which these
 * differ, and then there is one base.
 */
const CLIENTS: readonly Client[] = [
  { deviations: STRICT, agent: null },
  // okhttp from 3.7, unity, react-native.
  { deviations: { ...STRICT, queryParam: 'form-decoded' }, agent: /okhttp\/|UnityPlayer\// },
  // okhttp up to 3.5.7, retrofit.
  {
    deviations: { ...STRICT, authorityWithoutPort: true, queryWithoutMark: true, queryParam: 'form-decoded', reescapedTarget: true },
    agent: /okhttp\//,
  },
  // urlsession, alamofire.
  {
    deviations: {
      ...STRICT,
      authorityWithoutPort: true,
      queryWithoutMark: true,
      emptyRootTarget: true,
      emptyRootPath: true,
      decodedPath: true,
      queryParam: 'percent-decoded',
    },
    agent: /CFNetwork\/|Darwin\/|iOS|Alamofire\//,
  },
  // flutter.
  { deviations: { ...STRICT, queryWithoutMark: true, emptyRootTarget: true, queryParam: 'form-decoded' }, agent: /Dart\// },
  // httpsurlconn.
  { deviations: { ...STRICT, emptyRootTarget: true, queryParam: 'form-decoded' }, agent: /Dalvik\// },
];

/** The places of the combinations in the order in which they are tried: that of the habit, the RFC's, those of the agent, the others. */
export function* orderOfGuesses(last: number, agentOf: () => string): Generator<number> {
  yield last;
  yield 0;
  const agent = agentOf();
  for (const [place, client] of CLIENTS.entries()) if (client.agent?.test(agent) === true) yield place;
  yield* CLIENTS.keys();
}

/** How many signature bases are tried for one request where it is not known which. */
export const MAX_BASES = 4;

/** What the clients send, without the deviations that the policy does not accept. */
export function acceptedCombinations(tolerances: Tolerances): readonly Deviations[] {
  return CLIENTS.map(({ deviations }) => (deviations === STRICT ? STRICT : accepted(deviations, tolerances)));
}

function accepted(client: Deviations, tolerances: Tolerances): Deviations {
  return {
    authorityWithoutPort: client.authorityWithoutPort && tolerances.authorityWithoutPort,
    queryWithoutMark: client.queryWithoutMark && tolerances.queryWithoutMark,
    emptyRootTarget: client.emptyRootTarget && tolerances.rootPathEmpty,
    emptyRootPath: client.emptyRootPath && tolerances.rootPathEmpty,
    decodedPath: client.decodedPath && tolerances.decodedPath,
    queryParam: tolerances.decodedQueryParam ? client.queryParam : 'encoded',
    reescapedTarget: client.reescapedTarget && tolerances.reescapedTarget,
  };
}
