/** Runs an authoriser until a signal ends it, and prints the configuration of the proxy that asks: what the commands do. */
import { exemptionHeaderOf } from '@approov-guard/rollout';
import { type Policy, type PolicyDocument, policyFrom, ReplayStores } from 'approov-guard/policy-file';
import { loadGatewayPolicy } from '../service/gateway.ts';
import { checkedRollout } from '../service/rollout.ts';
import { type RunSurroundings, untilSignal } from '../service/run.ts';
import { askingPolicy } from './asking-policy.ts';
import { type AuthorizerOptions, startAuthorizer } from './authorizer.ts';
import type { CompiledFile, DialectName } from './dialects/dialect.ts';
import { authorizerInForce } from './in-force.ts';

/**
 * Starts an authoriser, says where it is and what to do next, and runs it: SIGTERM and SIGINT drain it, SIGHUP reads the policy again.
 *
 * @param policy - a policy file, or what would be in one
 * @param settings - settings that win over its section `authorizer`
 * @param surroundings - environment and streams
 * @throws ConfigurationError for any mistake in the policy
 */
export async function runAuthorizer(
  policy: string | PolicyDocument,
  settings: NonNullable<AuthorizerOptions['settings']>,
  { env, stdout, stderr }: RunSurroundings,
): Promise<void> {
  const note = (text: string): void => void stderr.write(`note: ${text}\n`);
  const authorizer = await startAuthorizer({ policy, settings, env, output: stdout, onNote: note });
  const { settings: inForce } = authorizerInForce(authorizer.policy, settings);
  const source = typeof policy === 'string' ? ` --policy ${policy}` : '';
  stderr.write(`approov-guard authorizer: ${authorizer.url} for ${inForce.for}
${authorizer.adminUrl === null ? '' : `admin: ${authorizer.adminUrl}/ready /metrics /policy\n`}The proxy's configuration:
  approov-guard compile ${inForce.for}${source} --to 127.0.0.1:5000

`);
  await untilSignal({ drain: () => authorizer.drain(), reload: () => void authorizer.reload(), note });
}

/** Where the proxy listens, and what is behind it: hosts and ports. */
export interface ProxyPlaces {
  readonly listen: string;
  readonly to: string;
}

/** Loads a policy for a compiler, which starts nothing: files or literals, in production unless they say otherwise. */
export function policyToCompile(policy: string | PolicyDocument, env: RunSurroundings['env']): Policy {
  const settings = { env, stores: ReplayStores.unasked(), rollout: checkedRollout(env), guard: { environment: 'production' } } as const;
  return typeof policy === 'string' ? loadGatewayPolicy(policy, settings) : policyFrom(policy, settings);
}

/**
 * The configuration of a proxy that asks the authoriser, with every header that the policy needs.
 *
 * @param name - the proxy
 * @param policy - a policy that was loaded
 * @param places - where the proxy listens, and what is behind it
 * @throws ConfigurationError for what the proxy cannot send along
 */
export function compileAsking(name: DialectName, policy: Policy, places: ProxyPlaces): readonly CompiledFile[] {
  const { settings, dialect } = authorizerInForce(policy, { for: name });
  const { listen, identityPrefix: prefix, stripToken, bodies } = settings;
  const asks = 'path' in listen.where ? `unix:${listen.where.path}` : listen.shown.replace(/^https?:\/\//, '');
  return dialect.configuration(
    askingPolicy(policy.options, {
      ...places,
      asks,
      asksOverTls: listen.tls !== null,
      prefix,
      stripToken,
      exemptionHeader: exemptionHeaderOf(policy.document.rollout),
      forwardsBodies: bodies === 'forwarded',
    }),
  );
}
