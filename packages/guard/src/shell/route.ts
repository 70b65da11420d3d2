/** What a guard judges requests by. */
import type { Policy } from '../core/route-policy.ts';
import type { KeyRing } from './keys/key-ring.ts';

/** A route's compiled demands: made by `Guard.route`, once, at start. */
export interface Route {
  /** As in the option `routes`; `null` for the guard as a whole and for routes made in code. */
  readonly name: string | null;
  readonly policy: Policy;
  readonly keys: KeyRing;
}
