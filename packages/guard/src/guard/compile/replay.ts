/** Checks the replay stores of tokens and of message signatures. */

import { ConfigurationError } from '../../checks/configuration-error.ts';
import type { ReplayStore } from '../../core/ports.ts';

/** Checks a replay store: `null` is in writing, and anything else has the one method. */
export function compileReplay(store: unknown, path: string, fallback: () => ReplayStore | null): ReplayStore | null {
  if (store === undefined) return fallback();
  if (store === null) return null;
  if (typeof store === 'object' && 'setIfAbsent' in store && typeof store.setIfAbsent === 'function') return store as ReplayStore;
  throw new ConfigurationError('option-invalid', path, 'must have a method setIfAbsent, or be null to switch replay protection off');
}
