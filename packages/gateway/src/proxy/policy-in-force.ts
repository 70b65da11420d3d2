/** A policy as the proxy uses it. A change of the policy file makes another one. */
import { dirname } from 'node:path';
import type { Policy } from 'approov-guard/policy-file';
import { compileSettings, type GatewaySettings } from '../settings.ts';
import { type CorsPolicy, compileCors } from './cors.ts';
import { FieldRules } from './fields.ts';
import { trustedPeers } from './forwarded.ts';

/** Everything that one request's way depends on. */
export interface PolicyInForce {
  readonly policy: Policy;
  readonly settings: GatewaySettings;
  readonly fields: FieldRules;
  readonly cors: CorsPolicy | null;
  readonly isTrustedPeer: (peer: string | null) => boolean;
}

/**
 * Compiles what the gateway takes from a policy.
 * @throws PolicyFileError with the line, where the policy comes from a file
 */
export function policyInForce(policy: Policy): PolicyInForce {
  return policy.locate(() => {
    const { document, options } = policy;
    const settings = compileSettings(document.gateway, policy.file === null ? '.' : dirname(policy.file));
    const origin = typeof options.origin === 'object' ? options.origin : null;
    return {
      policy,
      settings,
      fields: new FieldRules(options, settings.identityPrefix, settings.stripToken),
      cors: compileCors(document.cors),
      isTrustedPeer: trustedPeers([origin?.trustedProxies ?? []].flat()),
    };
  });
}
