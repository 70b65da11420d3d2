/** Mistakes in the configuration: found at start, never while requests are served. */

/** What kind of mistake it is. */
export type ConfigurationCode =
  | 'option-unknown'
  | 'option-missing'
  | 'option-invalid'
  | 'options-contradict'
  | 'option-unavailable'
  | 'secret-missing'
  | 'secret-placeholder'
  | 'secret-encoding'
  | 'secret-too-short'
  | 'secret-weak'
  | 'secret-public'
  | 'key-invalid'
  | 'key-not-public'
  | 'key-algorithm'
  | 'keys-missing'
  | 'secret-in-file'
  | 'file-unreadable'
  | 'file-malformed'
  | 'guard-missing';

/**
 * A mistake in the options of {@link createGuard}. The message names the option and says how to fix it; it never holds a secret or a key.
 *
 * @example
 * ```ts
 * import { ConfigurationError, createGuard } from 'approov-guard';
 * try {
 *   createGuard({ keys: { secret: { base64: '' } } });
 * } catch (error) {
 *   if (error instanceof ConfigurationError) console.log(error.code, error.path); // secret-missing keys.secret.base64
 * }
 * ```
 */
export class ConfigurationError extends Error {
  /** What kind of mistake it is. Stable. */
  readonly code: ConfigurationCode;
  /** The option, such as `keys.secret.base64`. */
  readonly path: string;
  /** What to do about it. */
  readonly remedy: string;

  constructor(code: ConfigurationCode, path: string, remedy: string) {
    const shown = showCallers();
    super(`${path}: ${remedy} [${code}]`);
    if (shown !== null) Error.stackTraceLimit = shown;
    this.name = 'ConfigurationError';
    this.code = code;
    this.path = path;
    this.remedy = remedy;
  }
}

/** Options are checked deeper than the ten calls that engines show: the line of the caller who gave them would be cut off. */
const CALLS_SHOWN = 40;

/** Has the next error show more calls, and answers how many it was before; `null` where that stays as it is. */
function showCallers(): number | null {
  const { stackTraceLimit } = Error;
  if (typeof stackTraceLimit !== 'number' || stackTraceLimit <= 0 || stackTraceLimit >= CALLS_SHOWN) return null;
  try {
    Error.stackTraceLimit = CALLS_SHOWN;
    return stackTraceLimit;
  } catch {
    // Frozen intrinsics.
    return null;
  }
}
