/** The signature base (RFC 9421 §2.5). */
import type { Component, SignedMessage } from './components.ts';
import { CoveredValues } from './covered-values.ts';
import { type Deviations, MAX_BASES, STRICT } from './sdk-tolerances.ts';

/** A signature base, the component that has no value, or what is covered too much of. */
export type BaseOutcome = { readonly base: string } | { readonly unresolvable: string } | { readonly exceeded: string };

/** Of each component whose value deviations change: the ones that do. */
const DEVIATING: ReadonlyMap<string, readonly (keyof Deviations)[]> = new Map([
  ['@authority', ['authorityWithoutPort']],
  ['@query', ['queryWithoutMark']],
  ['@path', ['emptyRootPath', 'decodedPath']],
  ['@query-param', ['queryParam']],
  ['@target-uri', ['emptyRootTarget', 'reescapedTarget']],
]);

/** The signature bases of one message. What deviations do not change is found once, and a base that they leave as it is is not built again. */
export class SignatureBases {
  readonly #components: readonly Component[];
  readonly #parametersText: string;
  readonly #values: CoveredValues;
  readonly #strict: (string | null | undefined)[] = [];

  /** @param parametersText - the inner list of the label's member, re-serialised with its parameters in received order */
  constructor(components: readonly Component[], parametersText: string, message: SignedMessage) {
    this.#components = components;
    this.#parametersText = parametersText;
    this.#values = new CoveredValues(message);
  }

  /** The base: a line for each component, then the signature parameters. */
  with(deviations: Deviations): BaseOutcome {
    let base = '';
    for (const [index, component] of this.#components.entries()) {
      const value = this.#valueOf(component, index, deviations);
      if (this.#values.exceeded !== null) return { exceeded: this.#values.exceeded };
      if (value === null) return { unresolvable: component.identifier };
      base += `${component.identifier}: ${value}\n`;
    }
    return { base: `${base}"@signature-params": ${this.#parametersText}` };
  }

  /** The distinct bases to try: the RFC's first, then those of the accepted deviations that make a difference here. */
  distinct(combinations: readonly Deviations[]): readonly string[] {
    const relevant = new Set(this.#components.flatMap(({ name }) => DEVIATING.get(name) ?? []));
    const tried = new Set<string>();
    const bases = new Set<string>();
    for (const deviations of combinations) {
      const difference = Array.from(relevant, (name) => deviations[name]).join();
      if (tried.has(difference)) continue;
      tried.add(difference);
      const outcome = this.with(deviations);
      if ('base' in outcome) bases.add(outcome.base);
      if (bases.size === MAX_BASES) break;
    }
    return [...bases];
  }

  #valueOf(component: Component, index: number, deviations: Deviations): string | null {
    if (deviations !== STRICT && DEVIATING.get(component.name)?.some((name) => deviations[name] !== STRICT[name]) === true)
      return this.#values.valueOf(component, deviations);
    let value = this.#strict[index];
    if (value === undefined) {
      value = this.#values.valueOf(component, STRICT);
      this.#strict[index] = value;
    }
    return value;
  }
}
