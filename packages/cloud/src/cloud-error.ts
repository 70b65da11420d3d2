/** What goes wrong with the cloud, in words that say what to do. */

/** What went wrong. Stable: scripts may compare it. */
export type CloudErrorCode =
  | 'account-unknown'
  | 'arc-unknown'
  | 'attestation-outage'
  | 'body-malformed'
  | 'body-too-large'
  | 'device-unknown'
  | 'domain-malformed'
  | 'domain-unknown'
  | 'file-unreadable'
  | 'host-refused'
  | 'input-malformed'
  | 'key-malformed'
  | 'key-unknown'
  | 'listen-failed'
  | 'not-running'
  | 'origin-refused'
  | 'peer-refused'
  | 'pin-malformed'
  | 'role-needed'
  | 'route-unknown'
  | 'state-damaged'
  | 'state-in-use'
  | 'state-newer'
  | 'state-unwritable'
  | 'verb-unknown';

/** The HTTP status of each code. */
const STATUS: { readonly [Code in CloudErrorCode]: number } = {
  'account-unknown': 404,
  'arc-unknown': 404,
  'attestation-outage': 503,
  'body-malformed': 400,
  'body-too-large': 413,
  'device-unknown': 404,
  'domain-malformed': 400,
  'domain-unknown': 404,
  'file-unreadable': 400,
  'host-refused': 403,
  'input-malformed': 400,
  'key-malformed': 400,
  'key-unknown': 404,
  'listen-failed': 500,
  'not-running': 409,
  'origin-refused': 403,
  'peer-refused': 403,
  'pin-malformed': 400,
  'role-needed': 403,
  'route-unknown': 404,
  'state-damaged': 500,
  'state-in-use': 409,
  'state-newer': 500,
  'state-unwritable': 500,
  'verb-unknown': 400,
};

/** A mistake, or a fault that somebody switched on. The message says what is wrong and what to do; it holds no secret and no token. */
export class CloudError extends Error {
  readonly code: CloudErrorCode;

  constructor(code: CloudErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CloudError';
    this.code = code;
  }

  /** The HTTP status that goes with the code. */
  get status(): number {
    return STATUS[this.code];
  }
}
