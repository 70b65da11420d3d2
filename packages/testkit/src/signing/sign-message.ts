/** Signs by the letter of RFC 9421, with every text under the test's control. */
import type { HeaderLine } from '../request-view.ts';
import { type AppRequest, componentValue, EXACT, identifierText, type ValueForm } from './component-values.ts';
import { type SignatureKey, type SignatureLabel, signBase } from './signature-key.ts';

/** What is covered, and how it is said. */
export interface CoveredContent {
  /** Component identifiers in order, unquoted: `@method`, `@query-param;name="a"`, `x-list;bs`. */
  readonly covered: readonly string[];
  /** The signature parameters' text, without the first semicolon: `created=1;alg="hmac-sha256"`. */
  readonly parameters: string;
  readonly request: AppRequest;
  /** Values by identifier, instead of those of the request: for components that the kit does not resolve, and for lies. */
  readonly values?: { readonly [identifier: string]: string };
}

/** The signature base (RFC 9421 §2.5), one byte a character. Repeated and malformed identifiers are taken as they are. */
export function signatureBaseOf(content: CoveredContent, form: ValueForm = EXACT): string {
  const { covered, request, values = {} } = content;
  const lines = covered.map(
    (identifier) => `${identifierText(identifier)}: ${values[identifier] ?? componentValue(identifier, request, form)}\n`,
  );
  return `${lines.join('')}"@signature-params": ${signatureParams(content)}`;
}

/** The value of `@signature-params`: the inner list and its parameters. */
export function signatureParams({ covered, parameters }: Pick<CoveredContent, 'covered' | 'parameters'>): string {
  return `(${covered.map(identifierText).join(' ')})${parameters === '' ? '' : `;${parameters}`}`;
}

/** What {@link signMessage} takes. */
export interface MessageOptions extends CoveredContent {
  readonly key: SignatureKey;
  /** Default: the label that the platform has for such a key. */
  readonly label?: string;
  /** How the signature is written: a Byte Sequence (default), a String, DER in a Byte Sequence, or as the function says. */
  readonly value?: 'bytes' | 'string' | 'der' | ((signature: Buffer) => string);
  /** Signs this base instead of the request's. */
  readonly base?: string;
}

/** A signature in its two fields. */
export interface SignedMessageText {
  /** `Signature-Input` and `Signature`. */
  readonly headers: readonly [input: HeaderLine, signature: HeaderLine];
  /** What was signed. It holds the token if that is covered. */
  readonly base: string;
  readonly signature: Buffer;
}

/**
 * Signs a request by the letter of RFC 9421. It checks nothing: neither that the parameters are sensible nor that the key fits the label.
 * @example
 * ```ts
 * import { freshInstallationKey, signMessage } from '@approov-guard/testkit';
 *
 * const install = freshInstallationKey();
 * const { headers } = signMessage({
 *   key: { install },
 *   covered: ['@method', '@target-uri'],
 *   parameters: 'created=1700000000;alg="ecdsa-p256-sha256"',
 *   request: { method: 'GET', url: 'https://api.example.com/' },
 * });
 * console.log(headers[0][1]); // install=("@method" "@target-uri");created=1700000000;alg="ecdsa-p256-sha256"
 * ```
 */
export function signMessage(options: MessageOptions): SignedMessageText {
  const { key, value = 'bytes' } = options;
  const label = options.label ?? labelOf(key);
  const base = options.base ?? signatureBaseOf(options);
  const signature = signBase(base, key, value === 'der');
  const spell = typeof value === 'function' ? value : VALUE[value];
  return {
    base,
    signature,
    headers: [
      ['Signature-Input', `${label}=${signatureParams(options)}`],
      ['Signature', `${label}=${spell(signature)}`],
    ],
  };
}

/** How a signature is written in a dictionary. */
export const VALUE: { readonly [Form in 'bytes' | 'string' | 'der']: (signature: Buffer) => string } = {
  bytes: (signature) => `:${signature.toString('base64')}:`,
  string: (signature) => `"${signature.toString('base64')}"`,
  der: (signature) => `:${signature.toString('base64')}:`,
};

/** The platform's label for a key. */
function labelOf(key: SignatureKey): SignatureLabel {
  return 'install' in key ? 'install' : 'account';
}
