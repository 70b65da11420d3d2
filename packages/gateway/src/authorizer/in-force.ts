/** What a policy means for the authoriser. */
import { dirname } from 'node:path';
import { exemptionHeaderOf } from '@approov-guard/rollout';
import { ConfigurationError } from 'approov-guard';
import type { Policy } from 'approov-guard/policy-file';
import { type CorsPolicy, compileCors } from '../proxy/cors.ts';
import { FieldRules } from '../proxy/fields.ts';
import { trustedPeers } from '../proxy/forwarded.ts';
import { IDENTITY_NAMES, type IdentityHeaders, identityHeaders } from '../proxy/identity.ts';
import { askingPolicy } from './asking-policy.ts';
import type { Dialect } from './dialects/dialect.ts';
import { dialectOf } from './dialects/dialects.ts';
import { type AuthorizerSettings, compileAuthorizer } from './settings.ts';

/** What one question's way depends on. A change of the policy file makes another one. */
export interface InForce {
  readonly policy: Policy;
  readonly settings: AuthorizerSettings;
  readonly dialect: Dialect;
  readonly cors: CorsPolicy | null;
  readonly mayAsk: (peer: string | null) => boolean;
  readonly identity: IdentityHeaders;
  /** The longest body that is sent along, bytes. */
  readonly maxBodyBytes: number;
  /** Whether a header of the client's goes no further, by its name in lower case. */
  readonly mayNotPass: (name: string) => boolean;
}

/** Compiles what the authoriser takes from a policy. */
export function authorizerInForce(policy: Policy, over: { readonly [name: string]: unknown } = {}): InForce {
  return policy.locate(() => {
    const { authorizer } = policy.document;
    const section = typeof authorizer === 'object' && authorizer !== null ? { ...authorizer, ...over } : (authorizer ?? over);
    const settings = compileAuthorizer(section, policy.file === null ? '.' : dirname(policy.file));
    const dialect = dialectOf(settings.for);
    refuseUnheld(policy, settings, dialect);
    const isPeer = trustedPeers(settings.peers);
    const mayAsk = (peer: string | null): boolean => peer === null || isPeer(peer);
    const identity = identityHeaders(settings.identityPrefix);
    return { policy, settings, dialect, cors: compileCors(policy.document.cors), mayAsk, identity, ...onwards(policy, settings) };
  });
}

/** What goes on to the server behind, where the answer itself says so. */
function onwards({ options, document }: Policy, settings: AuthorizerSettings): Pick<InForce, 'maxBodyBytes' | 'mayNotPass'> {
  const { identityPrefix: prefix, stripToken, bodies } = settings;
  const exemptionHeader = exemptionHeaderOf(document.rollout);
  const places = {
    asks: '',
    asksOverTls: false,
    listen: '',
    to: '',
    prefix,
    stripToken,
    exemptionHeader,
    forwardsBodies: bodies === 'forwarded',
  };
  const { stripped, maxBodyBytes } = askingPolicy(options, places);
  const rules = new FieldRules(options, prefix, stripToken, exemptionHeader);
  const identity = new Set(IDENTITY_NAMES.map((name) => prefix + name));
  const mayNotPass = (name: string): boolean =>
    // Names with dashes alone are the proxy's business, except ours; every other spelling of a name that means something goes.
    /^[a-z0-9-]+$/.test(name)
      ? stripped.includes(name) || (name.startsWith(prefix) && !identity.has(name))
      : rules.rowOf(name).fate !== 'pass';
  return { maxBodyBytes, mayNotPass };
}

/** What no answer of ours could be right about stops the start. */
function refuseUnheld({ guard, options }: Policy, { bodies }: AuthorizerSettings, { name, mayForwardBodies }: Dialect): void {
  if (bodies === 'forwarded' && !mayForwardBodies)
    throw new ConfigurationError(
      'option-unavailable',
      'authorizer.bodies',
      `${name} sends no bodies along; say 'delegated', or put the gateway there`,
    );
  if (typeof options.origin === 'object' && options.origin?.trustedHops !== undefined)
    throw new ConfigurationError(
      'option-unavailable',
      'origin.trustedHops',
      'the proxy that asks states the origin; write the origin itself, or leave it out',
    );
  if (bodies !== null) return;
  const comparing = guard.demands().find(({ signed, digest }) => signed && digest !== 'delegated');
  if (comparing === undefined) return;
  const how = `${name} shows the authoriser no body; ${mayForwardBodies ? "say `authorizer: { bodies: 'forwarded' }` and have it send bodies along, or " : ''}say \`digest: 'delegated'\` or \`authorizer: { bodies: 'delegated' }\` if the server behind compares digests`;
  throw new ConfigurationError('option-unavailable', `${comparing.path}signature.digest`, `cannot be compared here: ${how}`);
}
