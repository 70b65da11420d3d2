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
 * A mistake in the options of {@link createGuard}. The message names the option and says how to mend it; it never holds a secret or a key.
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
    super(`${path}: ${remedy} [${code}]`);
    this.name = 'ConfigurationError';
    this.code = code;
    this.path = path;
    this.remedy = remedy;
  }
}
