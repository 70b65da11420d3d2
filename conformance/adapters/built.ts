/** Adapters whose apps have to be built first, where their framework is there: they take minutes. */
import type { AdapterUnderTest } from './adapter.ts';
import { onEdgeRuntime } from './built/edge-runtime.ts';
import { onNext } from './built/next.ts';
import { onSvelteKit } from './built/sveltekit.ts';

export const builtAdapters: readonly AdapterUnderTest[] = [...onSvelteKit, ...onNext, ...onEdgeRuntime];
