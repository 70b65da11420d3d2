/** Signature parameters (RFC 9421 §2.3) and their policy. */

import type { BareItem, Parameters } from '../sfv/parse.ts';
import type { Seconds } from '../time.ts';
import { type Rejected, rejected } from '../verdict.ts';

/** The parameters that we know. Unknown ones are ignored (but signed). */
export interface SignatureParameters {
  readonly created: Seconds;
  readonly expires: Seconds | null;
  readonly alg: string | null;
  readonly nonce: string | null;
  readonly tag: string | null;
}

/** How fresh a signature must be, and what its parameters must say. */
export interface FreshnessPolicy {
  readonly maxAgeSeconds: Seconds;
  readonly clockToleranceSeconds: Seconds;
  readonly nonce: 'optional' | 'required';
  readonly tag: string | null;
}

/** Reads the parameters: `created` must be there, and each known one must have its type. */
export function parseParameters(parameters: Parameters): SignatureParameters | Rejected {
  if (!parameters.has('created')) return rejected('signature-parameter-missing', 'created');
  const wrong = wrongParameter(parameters);
  if (wrong !== null) return rejected('signature-parameter-invalid', wrong);
  const created = numberOf(parameters.get('created')) ?? 0;
  const expires = numberOf(parameters.get('expires'));
  if (expires !== null && expires < created) return rejected('signature-parameter-invalid', 'expires lies before created');
  const text = (name: string): string | null => textOf(parameters.get(name));
  return { created, expires, alg: text('alg'), nonce: text('nonce'), tag: text('tag') };
}

const INTEGERS = ['created', 'expires'] as const;
const TEXTS = ['alg', 'keyid', 'nonce', 'tag'] as const;

function wrongParameter(parameters: Parameters): string | null {
  for (const name of INTEGERS) {
    if (parameters.has(name) && numberOf(parameters.get(name)) === null) return name;
  }
  return TEXTS.find((name) => parameters.has(name) && textOf(parameters.get(name)) === null) ?? null;
}

function numberOf(value: BareItem | undefined): number | null {
  return value?.type === 'integer' ? value.value : null;
}

function textOf(value: BareItem | undefined): string | null {
  return value?.type === 'string' ? value.value : null;
}

/** Until when a signature is acceptable: what the client said, but no longer than our policy. */
export function acceptableUntil(parameters: SignatureParameters, policy: FreshnessPolicy): Seconds {
  const oldest = parameters.created + policy.maxAgeSeconds;
  return parameters.expires === null ? oldest : Math.min(oldest, parameters.expires + policy.clockToleranceSeconds);
}

/** Checks time, nonce and tag. Comparisons are written so that NaN fails them. */
export function checkParameters(parameters: SignatureParameters, policy: FreshnessPolicy, at: Seconds): Rejected | null {
  const { created, expires } = parameters;
  if (!(created <= at + policy.clockToleranceSeconds)) return rejected('signature-created-in-future');
  if (!(at - created <= policy.maxAgeSeconds)) return rejected('signature-too-old');
  if (expires !== null && !(at < expires + policy.clockToleranceSeconds)) return rejected('signature-expired');
  if (policy.nonce === 'required' && !parameters.nonce) return rejected('signature-parameter-missing', 'nonce');
  if (policy.tag !== null && parameters.tag !== policy.tag) return rejected('signature-parameter-invalid', 'tag');
  return null;
}
