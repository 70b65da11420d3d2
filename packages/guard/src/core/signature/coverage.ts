/** Which components a signature must cover (RFC 9421 §3.2.1: an application's requirements). */
import { type Rejected, rejected } from '../verdict.ts';
import { type Component, isPlain } from './components.ts';

/** What must be covered. */
export interface CoveragePolicy {
  /** Component names, lower case; each must be covered without parameters. */
  readonly required: readonly string[];
  /** Whether the digest of a body must be there and covered. */
  readonly digest: 'if-present' | 'required' | 'delegated';
}

/** `@target-uri` is as good as these three together. */
const TARGET_PARTS = ['@authority', '@path', '@query'] as const;

/** Checks that the signature covers what the policy demands. A component with parameters covers only part of a value and does not count. */
export function checkCoverage(components: readonly Component[], policy: CoveragePolicy, hasDigest: boolean): Rejected | null {
  const covers = (name: string): boolean => components.some((component) => component.name === name && isPlain(component));
  const missing = policy.required.find((name) => !covers(name) && !(name === '@target-uri' && TARGET_PARTS.every(covers)));
  if (missing !== undefined) return rejected('signature-component-not-covered', missing);
  if (policy.digest !== 'if-present' && hasDigest && !covers('content-digest'))
    return rejected('signature-component-not-covered', 'content-digest');
  return null;
}
