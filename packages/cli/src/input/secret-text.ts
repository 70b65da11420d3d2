/** Secrets as texts: what the vendor's command line prints, which encoding it is, and whether it may be used. */
import { ConfigurationError, createGuard } from 'approov-guard';
import { secretText } from 'approov-guard/keys-file';
import { UsageError } from '../terminal/usage-error.ts';

/** A secret that was found and not yet looked at. */
export interface FoundSecret {
  /** The text in the one encoding it is in. */
  readonly secret: { readonly base64: string } | { readonly base64url: string };
  /** Where it was found, for messages. */
  readonly from: string;
}

/** A secret that the guard takes. */
export interface UsableSecret extends FoundSecret {
  readonly bytes: Uint8Array;
  /** Whether it is published in samples, so that anybody can sign with it. */
  readonly published: boolean;
}

/**
 * The key in a file or in piped text: what the vendor's command line prints, bare, quoted, or wrapped.
 * @returns an empty text where there is none
 * @throws UsageError if there are several
 */
export function secretOf(output: string, from: string): string {
  try {
    return secretText(output, from);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    // Of an empty secret the guard says where to get one.
    if (error.code === 'secret-missing') return '';
    throw new UsageError(`${from} ${error.remedy}`);
  }
}

/** The key in a variable: bare, or with the vendor's note. What surrounds it otherwise is a mistake that the guard names. */
export function keyLine(output: string, from: string): string {
  return /[\r\n]/.test(output.trim()) ? secretOf(output, from) : output.trim();
}

/** The encoding of a text that does not say. Without any of `- _ + /` both encodings mean the same bytes. */
export function inferredEncoding(text: string): FoundSecret['secret'] {
  return /[-_]/.test(text) ? { base64url: text } : { base64: text };
}

/**
 * Asks the guard whether it would take the secret.
 * @throws UsageError with the guard's advice, naming where the secret was found
 */
export function usableSecret(found: FoundSecret): UsableSecret {
  const refusal = refusalOf(found, 'development');
  if (refusal !== null) throw new UsageError(`the secret from ${found.from} ${refusal.advice}${renaming(found, refusal.code)}`);
  const { secret } = found;
  const bytes = 'base64' in secret ? Buffer.from(secret.base64, 'base64') : Buffer.from(secret.base64url, 'base64url');
  return { ...found, bytes, published: refusalOf(found, 'production')?.code === 'secret-public' };
}

function renaming({ secret, from }: FoundSecret, code: string): string {
  if (code !== 'secret-encoding' || !from.startsWith('APPROOV_')) return '';
  const text = 'base64' in secret ? secret.base64 : secret.base64url;
  if (!/^[\w+/-]+=*$/.test(text.trim())) return '';
  return `; ${'base64' in secret ? 'base64url belongs into APPROOV_BASE64URL_SECRET' : 'base64 belongs into APPROOV_BASE64_SECRET'}`;
}

function refusalOf(
  { secret }: FoundSecret,
  environment: 'development' | 'production',
): { readonly code: string; readonly advice: string } | null {
  try {
    createGuard({ keys: { secret }, environment });
    return null;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { code: error.code, advice: withoutPath(error) };
  }
}

/** The guard's message names its own option and code; a reader of the command line knows neither. */
export function withoutPath({ message, path, code }: ConfigurationError): string {
  return message.replace(`${path}: `, '').replace(` [${code}]`, '');
}
