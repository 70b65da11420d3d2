/** A policy as the engine inside nginx reads it: data, without secrets. */
import type { AlgorithmRow, RefusalPolicy } from 'approov-guard/engine';
import type { Part, Policy } from 'approov-guard/order';
import type { SecretSource } from '../native-keys.ts';
import type { Row } from '../rows.ts';

/** A key with a secret. */
export interface NjsKey {
  readonly id: string;
  readonly kid: string | null;
  readonly algorithm: AlgorithmRow;
  readonly secret: SecretSource;
}

/** What was compiled. */
export interface NjsPolicy {
  readonly policies: readonly {
    readonly policy: Pick<Policy, 'token' | 'binding' | 'modes'>;
    readonly order: readonly { readonly name: string; readonly part: Part }[];
  }[];
  readonly rows: readonly { readonly paths: Row['patterns']; readonly methods: Row['methods']; readonly leadsTo: number | 'exempt' }[];
  readonly keys: readonly NjsKey[];
  /** Header segments as issuers write them, and which keys may have signed such tokens: nobody has to read them again. */
  readonly usualHeaders: { readonly [segment: string]: readonly number[] };
  readonly refusal: Omit<RefusalPolicy, 'render'>;
  /** For tests: the moment at which the clock stands still, milliseconds since 1970. */
  readonly at: number | null;
}
