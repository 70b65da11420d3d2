/** The configurations that a policy can be compiled to. */
import { ConfigurationError } from 'approov-guard';
import type { Policy, PolicyDocument } from 'approov-guard/policy-file';
import { type CompiledFile, DIALECTS, type DialectName } from '../authorizer/dialects/dialect.ts';
import { compileAsking, type ProxyPlaces, policyToCompile } from '../authorizer/run.ts';
import { checkedFlag } from '../checks.ts';
import { compilePrefix } from '../settings.ts';
import { compileHaproxy, type NativeSettings } from './haproxy.ts';
import { compileNginxNjs } from './nginx-njs.ts';

/** Engines that enforce a policy by themselves. */
const NATIVE: ReadonlyMap<string, (policy: Policy, settings: NativeSettings) => readonly CompiledFile[]> = new Map([
  ['haproxy', compileHaproxy],
  ['nginx-njs', compileNginxNjs],
]);
/** Proxies that ask the authoriser. HAProxy does both. */
const ASKING: ReadonlyMap<string, DialectName> = new Map(
  DIALECTS.map((name) => [name === 'haproxy' ? 'haproxy-asks' : name, name] as const),
);

/** The names of all targets. */
export const TARGETS: readonly string[] = [...NATIVE.keys(), ...ASKING.keys()];

/**
 * Compiles a policy to the configuration of a proxy: `haproxy` and `nginx-njs` enforce it by themselves, all others ask the authoriser.
 *
 * What the target cannot hold stops with the check's name and who can make it; nothing is weakened in silence. Secrets are not in what is made: it
 * names environment variables, or files. It does **not** follow the policy: compile it again when that changes.
 *
 * @param target - one of {@link TARGETS}
 * @param policy - a policy file, or what would be in one
 * @param places - where the proxy listens, and what is behind it: host and port each
 * @param env - where secrets are looked up, to check them
 * @param at - for tests: the moment at which the proxy's clock stands still, seconds since 1970
 * @throws ConfigurationError for any mistake, and for what the target cannot hold
 *
 * @example
 * ```ts
 * import { compileFor } from '@approov-guard/gateway';
 * const keys = { secret: { base64: { env: 'APPROOV_BASE64_SECRET' } } };
 * const [file] = compileFor('haproxy', { keys }, { to: '127.0.0.1:5000', listen: '127.0.0.1:8002' }, process.env);
 * console.log(file?.name); // haproxy.cfg
 * ```
 */
export function compileFor(
  target: string,
  policy: string | PolicyDocument,
  places: ProxyPlaces,
  env: { readonly [name: string]: string | undefined },
  at: number | null = null,
): readonly CompiledFile[] {
  const native = NATIVE.get(target);
  const asking = ASKING.get(target);
  if (native === undefined && asking === undefined)
    throw new ConfigurationError('option-invalid', 'target', `must be one of ${TARGETS.join(', ')}`);
  for (const [name, place] of Object.entries(places)) checkPlace(name, place);
  const loaded = policyToCompile(policy, env);
  try {
    return loaded.locate(() => {
      if (native === undefined) return compileAsking(asking as DialectName, loaded, places);
      const section = loaded.document.authorizer ?? loaded.document.gateway;
      const { identityPrefix, stripToken } = (typeof section === 'object' && section !== null ? section : {}) as {
        readonly [name: string]: unknown;
      };
      const prefix = compilePrefix(identityPrefix, 'identityPrefix');
      return native(loaded, { ...places, prefix, stripToken: checkedFlag(stripToken, 'stripToken', false), at });
    });
  } finally {
    loaded.guard.close();
  }
}

const PLACE = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]|\*):\d{1,5}$/;

function checkPlace(name: string, place: string): void {
  if (!PLACE.test(place)) throw new ConfigurationError('option-invalid', name, 'must be host and port, such as 127.0.0.1:5000');
}
