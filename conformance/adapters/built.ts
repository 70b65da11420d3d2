/** Adapters whose apps have to be built first, where their framework is there: they take minutes. */
import type { AdapterUnderTest } from './adapter.ts';
import { onEdgeRuntime } from './edge-runtime.ts';
import { onNext } from './next.ts';
import { onSvelteKit } from './sveltekit.ts';

export const builtAdapters: readonly AdapterUnderTest[] = [...onSvelteKit, ...onNext, ...onEdgeRuntime];
