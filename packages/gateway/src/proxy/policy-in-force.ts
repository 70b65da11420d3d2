/** A policy as the proxy uses it. A change of the policy file makes another one. */

import { dirname } from 'node:path';
import { exemptionHeaderOf } from '@approov-guard/rollout';
import { ConfigurationError } from 'approov-guard';
import type { Policy, ReplayStores } from 'approov-guard/policy-file';
import { compileSettings, type GatewaySettings } from '../settings.ts';
import { type CorsPolicy, compileCors } from './cors.ts';
import { FieldRules } from './fields.ts';
import { trustedPeers } from './forwarded.ts';
import { type IdentityHeaders, identityHeaders } from './identity.ts';

/** Everything that one request's way depends on. */
export interface PolicyInForce {
  readonly policy: Policy;
  readonly settings: GatewaySettings;
  readonly fields: FieldRules;
  readonly identity: IdentityHeaders;
  readonly cors: CorsPolicy | null;
  readonly isTrustedPeer: (peer: string | null) => boolean;
}

/**
 * Compiles what the gateway takes from a policy.
 * @param stores - the replay stores with which the policy was loaded
 * @throws PolicyFileError with the line, where the policy comes from a file
 */
export function policyInForce(policy: Policy, stores: ReplayStores): PolicyInForce {
  return policy.locate(() => {
    const { document, options } = policy;
    const settings = compileSettings(document.gateway, policy.file === null ? '.' : dirname(policy.file));
    if (settings.workers > 1 && stores.kinds.has('memory')) {
      throw new ConfigurationError(
        'options-contradict',
        'gateway.workers',
        'each process would remember replays by itself; give `replay` a Redis or Valkey, or null',
      );
    }
    const origin = typeof options.origin === 'object' ? options.origin : null;
    return {
      policy,
      settings,
      fields: new FieldRules(options, settings.identityPrefix, settings.stripToken, exemptionHeaderOf(document.rollout)),
      identity: identityHeaders(settings.identityPrefix),
      cors: compileCors(document.cors),
      // Where hops are counted instead of known, everybody is one.
      isTrustedPeer: origin?.trustedHops === undefined ? trustedPeers([origin?.trustedProxies ?? []].flat()) : () => true,
    };
  });
}
