/** What another engine can hold of a policy. What it cannot is an error that names the check: nothing is weakened in silence. */
import { ConfigurationError } from 'approov-guard';
import { type Check, orderOf, type Policy } from 'approov-guard/order';
import type { Policy as PolicyFile } from 'approov-guard/policy-file';

/** An engine for which policies are compiled. */
export interface Engine {
  readonly name: string;
  /** The checks that it makes, by their names in the order of judgement. A check that is added to the order is none of these. */
  readonly makes: ReadonlySet<string>;
}

/** The checks of a request without a body and without a memory: every engine of ours makes these. */
export const TOKEN_CHECKS: ReadonlySet<string> = new Set([
  'request-headers',
  'token-header',
  'token-form',
  'token-key',
  'token-signature',
  'token-times',
  'token-claims',
  'binding',
]);

/** A policy and where it stands in the options. */
export interface Placed {
  /** Empty, or `routes[0].`. */
  readonly path: string;
  readonly policy: Policy;
}

/** The option that asks for a check. */
const ASKED_BY: { readonly [check: string]: string } = { 'token-rules': 'rules', 'token-replay': 'token.replay' };

function optionOf({ name, part }: Check): string {
  return ASKED_BY[name] ?? part;
}

/**
 * The policies of a guard, each known to be expressible.
 * @throws ConfigurationError that names the check, and who can make it
 */
export function expressible(file: PolicyFile, engine: Engine): readonly Placed[] {
  const { options, document } = file;
  if (document.cors !== undefined) {
    throw new ConfigurationError(
      'option-unavailable',
      'cors',
      `is answered by the gateway; ${engine.name} has directives of its own for it`,
    );
  }
  if (document.rollout !== undefined) refuseOption('rollout', engine);
  const policies = policiesOf(file);
  for (const { path, policy } of policies) {
    const check = orderOf(policy).find(({ name }) => !engine.makes.has(name));
    if (check === undefined) continue;
    const others =
      check.remembers === true || check.part === 'signature'
        ? 'the gateway and the authoriser can'
        : 'the gateway, the authoriser and the library can';
    throw new ConfigurationError(
      'option-unavailable',
      `${path}${optionOf(check)}`,
      `asks for the check ${check.name}, which ${engine.name} cannot make by itself; ${others}`,
    );
  }
  for (const [index, route] of (options.routes ?? []).entries()) {
    if ('keys' in route && route.keys !== undefined) refuseOption(`routes[${index}].keys`, engine);
    const { match } = route;
    if (match.host !== undefined) refuseOption(`routes[${index}].match.host`, engine);
  }
  return policies;
}

/** What the guard demands as a whole, then what each row of the option `routes` does, compiled. */
function policiesOf({ guard, options }: PolicyFile): readonly Placed[] {
  const rows = (options.routes ?? []).flatMap((row, index): readonly Placed[] => {
    if ('exempt' in row) return [];
    const { match: _match, name: _name, keys: _keys, ...demands } = row;
    return [{ path: `routes[${index}].`, policy: guard.route(demands).policy }];
  });
  return [{ path: '', policy: guard.route({}).policy }, ...rows];
}

function refuseOption(path: string, { name }: Engine): never {
  throw new ConfigurationError('option-unavailable', path, `cannot be held by ${name} alone; the gateway and the authoriser can`);
}
