/** All kinds that are judged with one account secret. */
import { payloadKinds, timeKinds, typeKinds } from './claims.ts';
import { formKinds, statusKinds } from './form.ts';
import { algorithmKinds, headerKinds } from './header.ts';
import { issuedKinds } from './issued.ts';
import type { KindTable } from './kind.ts';

/**
 * Every kind of token header value, by name: how to mint it and what a guard with the same secret finds. Loop over it in your own tests.
 * @example
 * ```ts
 * import { createGuard } from 'approov-guard';
 * import { devSecret, tokenKinds } from '@approov-guard/testkit';
 *
 * const now = Date.now();
 * const guard = createGuard({ keys: { secret: devSecret }, now: () => now });
 * const verdict = await guard.verifyToken(tokenKinds['expired']?.mint({ secret: devSecret, now }) ?? '');
 * console.log(verdict.outcome === 'rejected' && verdict.reason); // token-expired
 * ```
 */
export const tokenKinds: KindTable = Object.freeze({
  ...issuedKinds,
  ...formKinds,
  ...statusKinds,
  ...algorithmKinds,
  ...headerKinds,
  ...timeKinds,
  ...typeKinds,
  ...payloadKinds,
});
