/** The section `rollout` of a policy file: who makes it, and what it does to the guard's modes. */
import { ConfigurationError } from '../checks/configuration-error.ts';
import { isPlainObject, type UncheckedOptions } from '../checks/option-checks.ts';
import { compileModes, ENFORCE } from '../guard/compile/options.ts';
import type { ModeOptions, ModeSource } from '../guard/options.ts';
import type { OnVerdict } from '../guard/report.ts';

/** What a roll-out does to the guard of a policy. */
export interface PolicyRolloutParts {
  /**
   * The source of modes of the guard, or of one of its routes.
   * @param given - what the file says there: what is enforced for those for whom it is
   * @param route - the name of the route; `null` for the guard's own policy
   */
  readonly mode: (given: ModeOptions, route: string | null) => ModeSource;
  readonly onVerdict: OnVerdict;
}

type MakeRollout = (section: unknown, folder: string) => PolicyRolloutParts;

/** The parts of the section, if there is one that counts. */
export function rolloutOf(section: unknown, folder: string, make: MakeRollout | null | undefined): PolicyRolloutParts | null {
  if (section === undefined || make === null) return null;
  if (make !== undefined) return make(section, folder);
  throw new ConfigurationError(
    'option-unavailable',
    'rollout',
    'needs `PolicyRollout` of @approov-guard/rollout: give its `read` as `rollout` to the function that loads the policy',
  );
}

/** The guard's own mode and that of each route become sources: a switch and a breaker hold for routes that say their own mode, too. */
export function withModes(plain: UncheckedOptions, { mode }: PolicyRolloutParts): UncheckedOptions {
  const whole = compileModes(plain.mode ?? 'enforce', 'mode', ENFORCE);
  const { routes } = plain;
  if (!Array.isArray(routes)) return { ...plain, mode: mode(whole, null) };
  const rows = routes.map((row: unknown, index) => {
    if (!isPlainObject(row) || 'exempt' in row) return row;
    const name = typeof row.name === 'string' ? row.name : `routes[${index}]`;
    return { ...row, mode: mode(row.mode === undefined ? whole : compileModes(row.mode, `routes[${index}].mode`, whole), name) };
  });
  return { ...plain, mode: mode(whole, null), routes: rows };
}
