/**
 * How each client library signs. Read in the libraries' public sources and change logs in November 2026; where a version is named, the row
 * holds for it and its neighbours.
 */

/** What is peculiar to a client. */
export interface ClientRow {
  /** Where it was read. */
  readonly source: string;
  /** The value of `Signature`: a Byte Sequence, or a String that holds base64. */
  readonly value: 'bytes' | 'string';
  /** ECDSA as DER, as the SDK's primitive gives it. */
  readonly der: boolean;
  /** Whether headers are added (so that a request that is signed twice carries them twice) or replaced. */
  readonly headers: 'add' | 'replace';
  /** Whether one request may carry both labels. */
  readonly labels: 'one' | 'several';
  readonly parameterOrder: readonly ('alg' | 'created' | 'expires')[];
  readonly method: 'as-is' | 'upper';
  readonly targetUri: 'exact' | 'java-uri' | 'written' | 'written-with-root';
  readonly authority: 'with-port' | 'host-only';
  readonly path: 'exact' | 'decoded';
  readonly query: 'marked' | 'bare' | 'bare-or-refused';
  readonly queryParam: 'encoded' | 'form-decoded' | 'percent-decoded';
  readonly coversTraceId: boolean;
  readonly coversStatus: boolean;
  /** `after-signing`: the HTTP library adds them later. `as-sent`: added before signing. Else covered if the app set them. */
  readonly contentHeaders: 'after-signing' | 'as-sent' | 'if-set' | 'if-set-and-not-zero';
  /** Which bodies get a digest: none unless it is required, those with content, or all there are. */
  readonly digest: 'if-required' | 'non-empty' | 'any';
  /** The header `Signature-Base-Digest`: not sent, one digest under `sha-256`, or one a label. */
  readonly debug: 'none' | 'plain' | 'by-label';
}

/** What most rows share. */
const COMMON = {
  value: 'bytes',
  der: false,
  headers: 'replace',
  labels: 'one',
  parameterOrder: ['alg', 'created', 'expires'],
  method: 'as-is',
  targetUri: 'exact',
  authority: 'with-port',
  path: 'exact',
  query: 'marked',
  queryParam: 'form-decoded',
  coversTraceId: true,
  coversStatus: false,
  contentHeaders: 'if-set',
  digest: 'any',
  debug: 'none',
} as const;

const OKHTTP_3_5: ClientRow = {
  ...COMMON,
  source: 'approov/approov-service-okhttp 3.5.2 to 3.5.7 (commit 04b1930, 2025-10-20): ApproovDefaultMessageSigning.java',
  value: 'string',
  headers: 'add',
  targetUri: 'java-uri',
  authority: 'host-only',
  query: 'bare-or-refused',
  contentHeaders: 'after-signing',
  digest: 'non-empty',
};

const URLSESSION: ClientRow = {
  ...COMMON,
  source: 'approov/approov-service-urlsession 3.5.5 (d6829ef): ApproovDefaultMessageSigning.swift',
  headers: 'add',
  targetUri: 'written',
  authority: 'host-only',
  path: 'decoded',
  query: 'bare',
  queryParam: 'percent-decoded',
  digest: 'if-required',
};

const REACT_NATIVE: ClientRow = {
  ...COMMON,
  source: 'approov/approov-service-react-native 3.5.11: change log',
  targetUri: 'written-with-root',
};

/** The name of a client. */
export type ClientName =
  | 'okhttp-3.5.1'
  | 'okhttp-3.5'
  | 'okhttp-3.8'
  | 'retrofit'
  | 'urlsession'
  | 'alamofire'
  | 'flutter'
  | 'unity'
  | 'react-native'
  | 'react-native-3.5.10'
  | 'httpsurlconn';

/** The clients, by name and version. */
export const CLIENTS: { readonly [Name in ClientName]: ClientRow } = {
  /** OkHttp up to 3.5.1: as 3.5.2, with a Byte Sequence. */
  'okhttp-3.5.1': { ...OKHTTP_3_5, source: 'approov/approov-service-okhttp up to 3.5.1', value: 'bytes' },
  'okhttp-3.5': OKHTTP_3_5,
  'okhttp-3.8': {
    ...COMMON,
    source: 'approov/approov-service-okhttp 3.8.0: REFERENCE.md, CHANGELOG.md',
    labels: 'several',
    parameterOrder: ['created', 'expires', 'alg'],
    coversStatus: true,
    contentHeaders: 'as-sent',
    debug: 'by-label',
  },
  retrofit: {
    ...OKHTTP_3_5,
    source: 'approov/approov-service-retrofit 3.5.8 (d346e3f)',
    value: 'bytes',
    headers: 'replace',
  },
  urlsession: URLSESSION,
  alamofire: { ...URLSESSION, source: 'approov/approov-service-alamofire (d02dc8d, 2026-06-12)' },
  flutter: {
    ...COMMON,
    source: 'approov/approov-service-flutter-httpclient 3.5.6 (49e0654): lib/src/message_signing.dart',
    method: 'upper',
    targetUri: 'written',
    query: 'bare',
    coversTraceId: false,
    contentHeaders: 'if-set-and-not-zero',
    debug: 'plain',
  },
  unity: {
    ...COMMON,
    source: 'approov/approov-service-unity 1.0.0 (a08783a): ApproovDefaultMessageSigning.cs',
    targetUri: 'written-with-root',
  },
  'react-native': REACT_NATIVE,
  /** Before 3.5.11: DER signatures. */
  'react-native-3.5.10': { ...REACT_NATIVE, source: 'approov/approov-service-react-native before 3.5.11: change log', der: true },
  httpsurlconn: {
    ...COMMON,
    source: 'approov/approov-service-httpsurlconn (a04cf05, 2025-12-30), signing branch',
    targetUri: 'written',
    digest: 'non-empty',
  },
};

/** The clients' names. */
export const CLIENT_NAMES: readonly ClientName[] = Object.freeze(Object.keys(CLIENTS) as ClientName[]);
