/** The signature base (RFC 9421 §2.5). */
import { type Component, resolveComponent, type SignedMessage } from './components.ts';
import { type Deviations, MAX_BASES, STRICT } from './sdk-tolerances.ts';

/** A signature base, or the component that has no value. */
export type BaseOutcome = { readonly base: string } | { readonly unresolvable: string };

/**
 * Builds the base: a line for each component, then the signature parameters.
 * @param parametersText - the inner list of the label's member, re-serialised with its parameters in received order
 */
export function signatureBase(
  components: readonly Component[],
  parametersText: string,
  message: SignedMessage,
  deviations: Deviations = STRICT,
): BaseOutcome {
  let base = '';
  for (const component of components) {
    const value = resolveComponent(component, message, deviations);
    if (value === null) return { unresolvable: component.identifier };
    base += `${component.identifier}: ${value}\n`;
  }
  return { base: `${base}"@signature-params": ${parametersText}` };
}

/** The distinct bases to try: the RFC's first, then those of the accepted deviations that make a difference here. */
export function signatureBases(
  components: readonly Component[],
  parametersText: string,
  message: SignedMessage,
  combinations: readonly Deviations[],
): readonly string[] {
  const bases: string[] = [];
  for (const deviations of combinations) {
    const outcome = signatureBase(components, parametersText, message, deviations);
    if ('base' in outcome && !bases.includes(outcome.base)) bases.push(outcome.base);
    if (bases.length === MAX_BASES) break;
  }
  return bases;
}
